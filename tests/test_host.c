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
	{"a:99999", "a", "99999"}, /* five digits pass, whatever their value */
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

static const struct {
	const char *value;
	bool valid;
	const char *host, *port;
} listening[] = {
	{"0.0.0.0:8080", true, "0.0.0.0", "8080"},
	{"localhost:0", true, "localhost", "0"},
	{"my-host.example:65535", true, "my-host.example", "65535"},
	{":8080", true, "", "8080"},
	{"[::1]:80", true, "::1", "80"},
	{"[fe80::1%eth0]:80", true, "fe80::1%eth0", "80"},
	{"", false, NULL, NULL},
	{"8080", false, NULL, NULL},
	{"host:", false, NULL, NULL},
	{"host:65536", false, NULL, NULL},
	{"host:99999999999999999999999", false, NULL, NULL},
	{"host:0000080", true, "host", "0000080"},
	{"host:+80", false, NULL, NULL},
	{"host: 80", false, NULL, NULL},
	{"host:80 ", false, NULL, NULL},
	{"host:99999x", false, NULL, NULL},
	{"a_b:80", true, "a_b", "80"},
	{"a%b:80", false, NULL, NULL},
	{"[a_b]:80", false, NULL, NULL},
	{"host:http", false, NULL, NULL},
	{"ho st:80", false, NULL, NULL},
	{"::1:80", false, NULL, NULL},
	{"[]:80", false, NULL, NULL},
	{"[::1]", false, NULL, NULL},
	{"[::1]80", false, NULL, NULL},
	{"[::1:80", false, NULL, NULL},
	{"http://x:80", false, NULL, NULL},
};

START_TEST(a_place_to_listen_at_is_split_or_refused_whole)
{
	struct slice host = SLICE("untouched"), port = SLICE("untouched");
	bool valid = host_split_listening(slice_of(listening[_i].value), &host, &port);

	ck_assert_msg(valid == listening[_i].valid, "\"%s\"", listening[_i].value);
	ck_assert_slice_eq(host, slice_of(valid ? listening[_i].host : "untouched"));
	ck_assert_slice_eq(port, slice_of(valid ? listening[_i].port : "untouched"));
}
END_TEST

static const struct {
	const char *value;
	bool valid;
	const char *host, *port;
} servers[] = {
	{"broker.example:61613", true, "broker.example", "61613"},
	{"192.0.2.1:1", true, "192.0.2.1", "1"},
	{"[::1]:65535", true, "::1", "65535"},
	{"[fe80::1%eth0]:80", true, "fe80::1%eth0", "80"},
	{":61613", false, NULL, NULL},
	{"broker.example:0", false, NULL, NULL},
	{"broker.example:000", false, NULL, NULL},
	{"broker.example:65536", false, NULL, NULL},
	{"broker.example", false, NULL, NULL},
	{"tcp://broker.example:61613", false, NULL, NULL},
};

START_TEST(a_server_to_connect_to_is_split_or_refused_whole)
{
	struct slice host = SLICE("untouched"), port = SLICE("untouched");
	bool valid = host_split_server(slice_of(servers[_i].value), &host, &port);

	ck_assert_msg(valid == servers[_i].valid, "\"%s\"", servers[_i].value);
	ck_assert_slice_eq(host, slice_of(valid ? servers[_i].host : "untouched"));
	ck_assert_slice_eq(port, slice_of(valid ? servers[_i].port : "untouched"));
}
END_TEST

START_TEST(a_server_has_a_name_of_at_most_255_bytes)
{
	char text[300];
	struct slice host, port;

	memset(text, 'a', sizeof(text));
	memcpy(text + 255, ":80", 4);
	ck_assert(host_split_server(slice_of(text), &host, &port));
	ck_assert_uint_eq(host.len, 255);
	memcpy(text + 255, "a:80", 5);
	ck_assert(!host_split_server(slice_of(text), &host, &port));
}
END_TEST

static const struct {
	const char *host, *pattern;
	bool matches;
} patterns[] = {
	{"shop.example", "shop.example", true},
	{"SHOP.example", "shop.EXAMPLE", true},
	{"shop.example:8080", "shop.example", true}, /* every port */
	{"shop.example:8080", "shop.example:8080", true},
	{"shop.example:8081", "shop.example:8080", false},
	{"shop.example", "shop.example:8080", false},
	{"shop.example", "shop.example:443", true},
	{"shop.example", "shop.example:80", true},
	{"shop.example:80", "shop.example:443", false},
	{"a.shop.example", "shop.example", false},
	{"shop.example.evil", "shop.example", false},
	{"evilshop.example", "shop.example", false},
	{"a.shop.example", "*.shop.example", true},
	{"a.b.shop.example:1", "*.shop.example", true},
	{"shop.example", "*.shop.example", false},
	{".shop.example", "*.shop.example", false},
	{"evilshop.example", "*.shop.example", false},
	{"a.shop.example:8080", "*.shop.example:8080", true},
	{"a.shop.example", "*.shop.example:8080", false},
	{"[::1]:80", "[::1]", true},
	{"[::1]", "[::2]", false},
	{"192.0.2.1", "192.0.2.1", true},
	{"", "shop.example", false},
	{"shop.example/", "shop.example", false},
	{"shop.example@evil", "shop.example", false},
};

START_TEST(a_host_matches_a_pattern)
{
	const struct slice pattern = slice_of(patterns[_i].pattern);

	ck_assert(host_is_pattern(pattern));
	ck_assert(host_matches(slice_of(patterns[_i].host), pattern) ==
		  patterns[_i].matches);
}
END_TEST

static const char *const no_patterns[] = {"", "*", "*.", ".shop.example",
	"shop..example", "shop.example.", "https://shop.example", "shop.example/",
	"shop.example:", "shop.example:*", "shop.example:0", "shop.example:080",
	"shop.example:65536", "a.*.example", "**.example", "*.[::1]", "[x]", "[:::]",
	"::1"};

START_TEST(what_no_host_matches_is_no_pattern)
{
	ck_assert(!host_is_pattern(slice_of(no_patterns[_i])));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = unit_case(suite, "hosts");

	unit_add_table(tcase, a_host_is_cut_or_refused_whole, hosts);
	unit_add_table(
		tcase, a_place_to_listen_at_is_split_or_refused_whole, listening);
	unit_add_table(
		tcase, a_server_to_connect_to_is_split_or_refused_whole, servers);
	tcase_add_test(tcase, a_server_has_a_name_of_at_most_255_bytes);
	unit_add_table(tcase, this_machine_is_known_by_its_names, homes);
	unit_add_table(tcase, a_host_matches_a_pattern, patterns);
	unit_add_table(tcase, what_no_host_matches_is_no_pattern, no_patterns);
	return unit_run(suite);
}
