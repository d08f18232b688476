#include "protocol/origin.h"
#include "tests/support/unit.h"

static const struct {
	const char *origin, *scheme, *host;
	bool same;
} hosts[] = {
	{"https://shop.example", "https", "shop.example", true},
	{"https://shop.example:8443", "https", "shop.example:8443", true},
	{"HTTPS://Shop.Example", "https", "sHOP.eXAMPLE", true},
	{"http://shop.example:80", "http", "shop.example", true},
	{"http://shop.example", "http", "shop.example:80", true},
	{"https://shop.example", "https", "shop.example:443", true},
	{"http://[::1]:8080", "http", "[::1]:8080", true},
	{"http://[::1]", "http", "[::1]:80", true},
	{"http://localhost:3000", "http", "localhost:3000", true},
	{"ws://shop.example", "http", "shop.example", true}, /* apps on Starscream */
	{"wss://shop.example", "https", "shop.example", true},
	{"WSS://shop.example", "https", "shop.example:443", true},
	{"ws://shop.example:8080", "http", "shop.example:8080", true},
	{"wss://shop.example", "http", "shop.example", false},
	{"ws://shop.example", "https", "shop.example", false},
	{"ws://evil.example", "http", "shop.example", false},
	{"wsss://shop.example", "https", "shop.example", false},
	{"file://", "http", "shop.example", false},
	{"http://shop.example", "https", "shop.example", false},
	{"http://shop.example:443", "http", "shop.example", false},
	{"https://shop.example:8443", "https", "shop.example", false},
	{"https://shop.example", "https", "shop.example.evil", false},
	{"https://evil.shop.example", "https", "shop.example", false},
	{"http://[::1]", "http", "[::2]", false},
	{"null", "https", "null", false},
	{"", "https", "", false},
	{"https://", "https", "", false},
	{"shop.example", "https", "shop.example", false},
	{"https:shop.example", "https", "shop.example", false},
	{"https://shop.example/", "https", "shop.example/", false},
	{"https://a@shop.example", "https", "a@shop.example", false},
	{"https://shop.example:x", "https", "shop.example:x", false},
	{"https://shop.example:123456", "https", "shop.example:123456", false},
	{"http://::1", "http", "::1", false},
};

START_TEST(the_same_origin_has_scheme_host_and_port_alike)
{
	ck_assert(origin_is_same(slice_of(hosts[_i].origin), slice_of(hosts[_i].scheme),
			  slice_of(hosts[_i].host)) == hosts[_i].same);
}
END_TEST

static const struct {
	const char *origin, *pattern;
	bool matches;
} patterns[] = {
	{"https://shop.example", "*", true},
	{"null", "*", true},
	{"https://shop.example", "https://shop.example", true},
	{"https://SHOP.example", "https://shop.example:443", true},
	{"null", "null", true},
	{"app://shop", "APP://shop", true}, /* no default port, none needed */
	{"https://shop.example", "https://shop example", false},
	{"null", "https://shop.example", false},
	{"https://shop.example", "http://shop.example", false},
	{"https://shop.example:81", "https://shop.example", false},
	{"https://shop.example", "shop.example", false},
	{"https://a.shop.example", "https://*.shop.example", true},
	{"https://a.b.SHOP.example", "https://*.shop.example", true},
	{"https://a.shop.example:8443", "https://*.shop.example:8443", true},
	{"https://a.shop.example:8443", "https://*.shop.example", false},
	{"http://a.shop.example", "https://*.shop.example", false},
	{"https://shop.example", "https://*.shop.example", false},
	{"https://.shop.example", "https://*.shop.example", false},
	{"https://evilshop.example", "https://*.shop.example", false},
	{"https://evil.example/.shop.example", "https://*.shop.example", false},
	{"https://evil.example?.shop.example", "https://*.shop.example", false},
	{"https://evil.example\\.shop.example", "https://*.shop.example", false},
	{"https://evil.example:80:.shop.example", "https://*.shop.example", false},
	{"https://*.shop.example", "https://a.shop.example", false},
	{"", "https://shop.example", false},
	{"wss://shop.example", "https://shop.example", true},
	{"ws://a.shop.example", "http://*.shop.example", true},
	{"https://shop.example", "wss://shop.example", true},
	{"wss://shop.example", "http://shop.example", false},

	/* any port */
	{"http://localhost:5173", "http://localhost:*", true},
	{"http://localhost", "http://localhost:*", true},
	{"http://[::1]:3000", "http://[::1]:*", true},
	{"https://a.shop.example:8443", "https://*.shop.example:*", true},
	{"https://localhost:5173", "http://localhost:*", false},
	{"http://localhost.evil.example:80", "http://localhost:*", false},
	{"http://localhost:", "http://localhost:*", false},
	{"http://localhost:x", "http://localhost:*", false},
	{"http://localhost:80", "http://localhost:80:*", false},
	{"http://localhost:*", "http://localhost:80", false},

	/* no host: files, as WebViews see them */
	{"file://", "file://", true},
	{"FILE://", "file://", true},
	{"file://evil.example", "file://", false},
	{"file:///", "file://", false},
	{"file:", "file://", false},
	{"null", "file://", false},
	{"app://", "file://", false},
	{"file://", "file://*", false},
};

START_TEST(an_origin_matches_its_pattern_and_no_other)
{
	ck_assert(origin_matches(slice_of(patterns[_i].origin),
			  slice_of(patterns[_i].pattern)) == patterns[_i].matches);
}
END_TEST

static const struct {
	const char *text;
	bool possible;
} possible[] = {
	{"*", true},
	{"null", true},
	{"https://shop.example", true},
	{"HTTPS://Shop.Example:443", true},
	{"wss://shop.example", true},
	{"http://localhost:*", true},
	{"https://*.shop.example", true},
	{"https://*.shop.example:*", true},
	{"http://127.0.0.1:8080", true},
	{"http://[::1]:8080", true},
	{"http://[2001:db8::1]", true},
	{"capacitor://localhost", true},
	{"app://.", true}, /* Electron */
	{"chrome-extension://abcdefghijklmnop", true},
	{"ionic+v1.0://localhost", true},
	{"file://", true},
	{"app://", true},

	{"", false},
	{"shop.example", false},
	{"https:shop.example", false},
	{"://shop.example", false},
	{"1s://shop.example", false},
	{"a_b://shop.example", false},
	{"https://shop.example/", false},
	{"https://shop.example/chat", false},
	{"https://a@shop.example", false},
	{"https://shop.example?", false},
	{"https://shop example", false},
	{"https://b\xc3\xbc"
	 "cher.example",
		false},
	{"https://", false}, /* such a page has a host */
	{"http://", false},
	{"wss://", false},
	{"https://*", false},
	{"https://*.", false},
	{"https://*:8443", false},
	{"https://*.*.example", false},
	{"https://*.sh*p.example", false},
	{"https://shop.*", false},
	{"https://*shop.example", false},
	{"https://.shop.example", false},
	{"https://*..example", false},
	{"https://shop..example", false},
	{"https://*.[::1]", false},
	{"https://[::1", false},
	{"https://::1", false},
	{"http://[0:0:0:0:0:0:0:1]", false}, /* browsers write [::1] */
	{"https://shop.example:", false},
	{"https://shop.example:0x50", false},
	{"https://shop.example:65536", false},
	{"https://shop.example:65535", true},
	{"https://shop.example:0", false},
	{"https://shop.example:080", false},
	{"https://shop.example:80*", false},
	{"file://*", false},
	{"file:///", false},
	{"file://:*", false},
	{"http://localhost:80:*", false}, /* a port and any port */
	{"**", false},
	{"NULL", false},
};

START_TEST(a_pattern_that_no_origin_can_match_is_none)
{
	ck_assert(origin_is_pattern(slice_of(possible[_i].text)) ==
		  possible[_i].possible);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("origin");
	TCase *tcase = unit_case(suite, "origins");

	unit_add_table(tcase, the_same_origin_has_scheme_host_and_port_alike, hosts);
	unit_add_table(tcase, an_origin_matches_its_pattern_and_no_other, patterns);
	unit_add_table(tcase, a_pattern_that_no_origin_can_match_is_none, possible);
	return unit_run(suite);
}
