#include "protocol/host.h"
#include "tests/support/unit.h"

static const struct {
	const char *text;
	const char *host, *port; /* NULL when it is refused */
} hosts[] = {
	{"shop.example", "shop.example", ""},
	{"shop.example:8443", "shop.example", "8443"},
	{"a-b_c.1:0", "a-b_c.1", "0"},
	{"127.0.0.1:80", "127.0.0.1", "80"},
	{"[::1]", "[::1]", ""},
	{"[::ffff:1.2.3.4]:65535", "[::ffff:1.2.3.4]", "65535"},
	{"", NULL, NULL},
	{":80", NULL, NULL},
	{"a:", NULL, NULL},
	{"a:b", NULL, NULL},
	{"a:1:2", NULL, NULL},
	{"a:123456", NULL, NULL},
	{"a:99999", "a", "99999"}, /* five digits are looked at, not their number */
	{"a:00080", "a", "00080"},
	{"a:000080", NULL, NULL},
	{"a:+80", NULL, NULL},
	{"a: 80", NULL, NULL},
	{"a b", NULL, NULL},
	{"a@b", NULL, NULL},
	{"a/b", NULL, NULL},
	{"a,b", NULL, NULL},
	{"a%41", NULL, NULL},
	{"*.a", NULL, NULL},
	{"\xc3\xa4", NULL, NULL},
	{"::1", NULL, NULL},
	{"[", NULL, NULL},
	{"[]", NULL, NULL},
	{"[::1", NULL, NULL},
	{"[::1]80", NULL, NULL},
	{"[::1]:", NULL, NULL},
	{"[x]", NULL, NULL},
	{"a[::1]", NULL, NULL},
};

START_TEST(a_host_is_cut_or_refused_whole)
{
	struct slice host = SLICE("untouched"), port = SLICE("untouched");
	bool valid = host_split(slice_of(hosts[_i].text), &host, &port);

	ck_assert(valid == (hosts[_i].host != NULL));
	ck_assert_slice_eq(host, slice_of(valid ? hosts[_i].host : "untouched"));
	ck_assert_slice_eq(port, slice_of(valid ? hosts[_i].port : "untouched"));
}
END_TEST

static const struct {
	const char *host;
	bool loopback;
} homes[] = {
	{"localhost", true},
	{"127.0.0.1", true},
	{"127.1.2.3", true},
	{"::1", true},
	{"[::1]", true},
	{"::ffff:127.0.0.1", true},
	{"", false},
	{"[]", false},
	{"localhost.example", false},
	{"127.0.0.1.example", false},
	{"128.0.0.1", false},
	{"0.0.0.0", false},
	{"::", false},
	{"[::2]", false},
};

START_TEST(this_machine_is_known_by_its_names)
{
	ck_assert(host_is_loopback(slice_of(homes[_i].host)) == homes[_i].loopback);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = unit_case(suite, "hosts");

	unit_add_table(tcase, a_host_is_cut_or_refused_whole, hosts);
	unit_add_table(tcase, this_machine_is_known_by_its_names, homes);
	return unit_run(suite);
}
