#include "protocol/address.h"
#include "tests/support/unit.h"

static const struct {
	const char *text, *written; /* NULL when it is refused */
} addresses[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"1.10.100.101", "1.10.100.101"},
	{"9.99.200.0", "9.99.200.0"},
	{"2001:DB8:0:0::1", "2001:db8::1"},
	{"::1", "::1"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"::", "unknown"},
	{"", NULL},
	{"192.0.2", NULL},
	{"192.0.2.1.5", NULL},
	{"192.0.2.256", NULL},
	{"192.0.2.01", NULL}, /* octal to some */
	{"0x7f.1", NULL},
	{"2130706433", NULL},
	{"192.0.2.1:80", NULL},
	{" 192.0.2.1", NULL},
	{"192.0.2.1 ", NULL},
	{"[::1]", NULL},
	{"::1%lo", NULL},
	{":::1", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"1111:2222:3333:4444:5555:6666:255.255.255.2555", NULL},
	{"localhost", NULL},
};

START_TEST(an_address_is_read_whole_and_written_in_one_form)
{
	struct address address = {{0}};
	char text[ADDRESS_TEXT_MAX];
	bool valid = address_parse(slice_of(addresses[_i].text), &address);

	ck_assert_msg(
		valid == (addresses[_i].written != NULL), "\"%s\"", addresses[_i].text);
	if (valid)
		ck_assert_slice_eq(
			address_write(&address, text), slice_of(addresses[_i].written));
}
END_TEST

START_TEST(an_address_does_not_end_at_a_nul)
{
	struct address address;

	ck_assert(!address_parse(SLICE("::1\0"), &address));
	ck_assert(!address_parse(SLICE("::1\0evil"), &address));
}
END_TEST

START_TEST(an_address_is_the_same_whatever_bytes_it_came_in)
{
	const unsigned char four[] = {192, 0, 2, 1};
	const unsigned char six[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
	struct address a = address_of_v4(four), b = address_of_v6(six), c;

	ck_assert(address_parse(SLICE("192.0.2.1"), &c));
	ck_assert_mem_eq(&a, &b, sizeof(a));
	ck_assert_mem_eq(&a, &c, sizeof(a));
	ck_assert(address_is_v4(&b));
}
END_TEST

static const struct {
	const char *network, *address;
	bool has; /* if the network is valid; a NULL address: it is not */
} networks[] = {
	{"127.0.0.1", "127.0.0.1", true},
	{"127.0.0.1", "127.0.0.2", false},
	{"127.0.0.1", "::ffff:127.0.0.1", true},
	{"127.0.0.1/32", "127.0.0.1", true},
	{"10.0.0.0/8", "10.255.0.1", true},
	{"10.0.0.0/8", "11.0.0.0", false},
	{"10.0.0.0/8", "a00::", false},
	{"172.16.0.0/12", "172.31.255.255", true},
	{"172.16.0.0/12", "172.32.0.0", false},
	{"192.0.2.0/31", "192.0.2.1", true},
	{"192.0.2.0/31", "192.0.2.2", false},
	{"0.0.0.0/0", "203.0.113.9", true},
	{"0.0.0.0/0", "2001:db8::1", false},
	{"2001:db8::/32", "2001:db8:ffff::1", true},
	{"2001:db8::/32", "2001:db9::", false},
	{"fd00::/8", "fdff::1", true},
	{"::1", "::1", true},
	{"::1/128", "::2", false},
	{"::/0", "2001:db8::1", true},
	{"::ffff:0.0.0.0/96", "192.0.2.1", true},
	{"", NULL, false},
	{"/8", NULL, false},
	{"10.0.0.0/", NULL, false},
	{"10.0.0.0/33", NULL, false},
	{"10.0.0.0/08", NULL, false},
	{"0.0.0.0/00", NULL, false},
	{"10.0.0.0/ 8", NULL, false},
	{"::/999", NULL, false},
	{"::/4294967297", NULL, false},
	{"10.0.0.0/+8", NULL, false},
	{"10.0.0.0/8/8", NULL, false},
	{"10.0.0.0/-1", NULL, false},
	{"10.0.0.1/8", NULL, false}, /* one of the two was not meant */
	{"2001:db8::/129", NULL, false},
	{"2001:db8::/28", NULL, false},
	{"10.0.0.0/255.0.0.0", NULL, false},
	{"10.*", NULL, false},
	{"proxy.example", NULL, false},
};

START_TEST(a_network_has_the_addresses_that_begin_alike)
{
	struct network network;
	const struct networks list = {&network, 1};
	struct address address;
	bool valid = network_parse(slice_of(networks[_i].network), &network);

	ck_assert_msg(valid == (networks[_i].address != NULL), "\"%s\"",
		networks[_i].network);
	if (!valid)
		return;
	ck_assert(address_parse(slice_of(networks[_i].address), &address));
	ck_assert_msg(networks_have(&list, &address) == networks[_i].has,
		"\"%s\" and %s", networks[_i].network, networks[_i].address);
}
END_TEST

START_TEST(no_networks_have_no_address)
{
	const struct networks none = {NULL, 0};
	struct address address;

	ck_assert(address_parse(SLICE("127.0.0.1"), &address));
	ck_assert(!networks_have(&none, &address));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = unit_case(suite, "addresses");

	unit_add_table(
		tcase, an_address_is_read_whole_and_written_in_one_form, addresses);
	tcase_add_test(tcase, an_address_does_not_end_at_a_nul);
	tcase_add_test(tcase, an_address_is_the_same_whatever_bytes_it_came_in);
	unit_add_table(tcase, a_network_has_the_addresses_that_begin_alike, networks);
	tcase_add_test(tcase, no_networks_have_no_address);
	return unit_run(suite);
}
