#include "protocol/forwarded.h"
#include "tests/support/unit.h"

/* 10.0.0.0/8 and ::1 are proxies, all others are not. */
static struct network proxies[2];
static const struct networks trusted = {proxies, COUNT(proxies)};

static void setup(void)
{
	ck_assert(network_parse(SLICE("10.0.0.0/8"), &proxies[0]));
	ck_assert(network_parse(SLICE("::1"), &proxies[1]));
}

static struct forwarded read_head(const struct http_head *head, const char *peer)
{
	struct address address;

	ck_assert(address_parse(slice_of(peer), &address));
	return forwarded_read(head, &address, &trusted);
}

static void add(struct http_head *head, const char *name, const char *value)
{
	if (value != NULL)
		head->headers[head->header_count++] =
			(struct http_header){slice_of(name), slice_of(value)};
}

static const struct {
	const char *peer, *first, *second; /* headers X-Forwarded-For */
	const char *client;
} chains[] = {
	{"10.0.0.1", NULL, NULL, "10.0.0.1"},
	{"10.0.0.1", "203.0.113.9", NULL, "203.0.113.9"},
	{"::1", "2001:db8::9", NULL, "2001:db8::9"},
	/* the client's own text stands left of its address */
	{"10.0.0.1", "127.0.0.1, 10.0.0.9, 203.0.113.9", NULL, "203.0.113.9"},
	{"10.0.0.1", "203.0.113.9, 10.0.0.2", NULL, "203.0.113.9"},
	{"10.0.0.1", "198.51.100.7,203.0.113.9,10.0.0.3 ,\t10.0.0.2", NULL,
		"203.0.113.9"},
	/* several headers are one list */
	{"10.0.0.1", "198.51.100.7", "203.0.113.9", "203.0.113.9"},
	{"10.0.0.1", "203.0.113.9", "10.0.0.2", "203.0.113.9"},
	/* a request from within: the left-most */
	{"10.0.0.1", "10.0.0.9, 10.0.0.2", NULL, "10.0.0.9"},
	/* ports are cut off */
	{"10.0.0.1", "203.0.113.9:49152", NULL, "203.0.113.9"},
	{"10.0.0.1", "[2001:db8::9]:49152", NULL, "2001:db8::9"},
	{"10.0.0.1", "[2001:db8::9]", NULL, "2001:db8::9"},
	{"10.0.0.1", "::ffff:203.0.113.9", NULL, "203.0.113.9"},
	/* empty elements do not count */
	{"10.0.0.1", "", NULL, "10.0.0.1"},
	{"10.0.0.1", " , 203.0.113.9,, ", NULL, "203.0.113.9"},
	/* a malformed element ends the search */
	{"10.0.0.1", "unknown", NULL, "10.0.0.1"},
	{"10.0.0.1", "203.0.113.9, junk", NULL, "10.0.0.1"},
	{"10.0.0.1", "203.0.113.9, junk, 10.0.0.2", NULL, "10.0.0.2"},
	{"10.0.0.1", "junk, 203.0.113.9", NULL, "203.0.113.9"},
	{"10.0.0.1", "203.0.113.9 10.0.0.2", NULL, "10.0.0.1"},
	{"10.0.0.1", "\"203.0.113.9\"", NULL, "10.0.0.1"},
	{"10.0.0.1", "203.0.113.9:", NULL, "10.0.0.1"},
	{"10.0.0.1", "2001:db8::9]:1", NULL, "10.0.0.1"},
	/* no other peer is trusted */
	{"203.0.113.9", "198.51.100.7", NULL, "203.0.113.9"},
	{"203.0.113.9", "10.0.0.2", "10.0.0.1", "203.0.113.9"},
	{"::2", "198.51.100.7", NULL, "::2"},
};

START_TEST(the_client_is_the_last_address_that_is_no_proxy)
{
	struct http_head head = {.header_count = 0};
	char text[ADDRESS_TEXT_MAX];

	add(&head, "Other", "192.0.2.1");
	add(&head, "X-Forwarded-For", chains[_i].first);
	add(&head, "x-forwarded-for", chains[_i].second);
	struct forwarded forwarded = read_head(&head, chains[_i].peer);
	ck_assert_slice_eq(
		address_write(&forwarded.client, text), slice_of(chains[_i].client));
}
END_TEST

static const struct {
	const char *host, *forwarded_host, *proto; /* NULL: no such header */
	const char *scheme, *shown;
} sites[] = {
	{"in.example", NULL, NULL, "", "in.example"},
	{NULL, NULL, NULL, "", ""},
	{"in.example", "shop.example:8443", "https", "https", "shop.example:8443"},
	{"in.example", "[::1]:8080", "HTTP", "http", "[::1]:8080"},
	{"in.example", NULL, "https", "https", "in.example"},
	{NULL, "shop.example", NULL, "", "shop.example"},
	/* the nearest proxy has the last word */
	{"in.example", "evil.example, shop.example", "http, https", "https",
		"shop.example"},
	{"in.example", "shop.example", "wss", "https", "shop.example"},
	{"in.example", "shop.example", "ws", "http", "shop.example"},
	/* a malformed header is ignored */
	{"in.example", "https://shop.example", "https", "https", "in.example"},
	{"in.example", "shop.example/", NULL, "", "in.example"},
	{"in.example", "shop.example, a b", NULL, "", "in.example"},
	{"in.example", "", "", "", "in.example"},
	{"in.example", "shop.example", "gopher", "", "shop.example"},
	{"in.example", "shop.example", "https, gopher", "", "shop.example"},
};

static struct forwarded read_site(int row, const char *peer)
{
	struct http_head head = {.header_count = 0};

	add(&head, "Host", sites[row].host);
	add(&head, "X-Forwarded-Host", sites[row].forwarded_host);
	add(&head, "X-Forwarded-Proto", sites[row].proto);
	return read_head(&head, peer);
}

START_TEST(a_proxy_says_what_site_the_page_sees)
{
	struct forwarded forwarded = read_site(_i, "10.0.0.1");

	ck_assert(forwarded.believed);
	ck_assert_slice_eq(forwarded.scheme, slice_of(sites[_i].scheme));
	ck_assert_slice_eq(forwarded.host, slice_of(sites[_i].shown));
}
END_TEST

START_TEST(nobody_else_says_more_than_his_host)
{
	struct forwarded forwarded = read_site(_i, "203.0.113.9");

	ck_assert(!forwarded.believed);
	ck_assert_slice_eq(forwarded.scheme, SLICE(""));
	ck_assert_slice_eq(
		forwarded.host, slice_of(sites[_i].host == NULL ? "" : sites[_i].host));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forwarded");
	TCase *tcase = unit_case(suite, "heads");

	tcase_add_checked_fixture(tcase, setup, NULL);
	unit_add_table(tcase, the_client_is_the_last_address_that_is_no_proxy, chains);
	unit_add_table(tcase, a_proxy_says_what_site_the_page_sees, sites);
	unit_add_table(tcase, nobody_else_says_more_than_his_host, sites);
	return unit_run(suite);
}
