#include "protocol/origin.h"
#include "tests/unit.h"

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
};

START_TEST(an_origin_matches_its_pattern_and_no_other)
{
	ck_assert(origin_matches(slice_of(patterns[_i].origin),
			  slice_of(patterns[_i].pattern)) == patterns[_i].matches);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("origin");
	TCase *tcase = unit_case(suite, "origins");

	unit_add_table(tcase, the_same_origin_has_scheme_host_and_port_alike, hosts);
	unit_add_table(tcase, an_origin_matches_its_pattern_and_no_other, patterns);
	return unit_run(suite);
}
