#include "transports/base/peer.h"

#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const struct {
	int family;
	const char *address, *shown;
} addresses[] = {
	{AF_INET, "192.0.2.1", "192.0.2.1"},
	{AF_INET, "0.0.0.0", "0.0.0.0"},
	{AF_INET6, "2001:db8::1", "2001:db8::1"},
	{AF_INET6, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
	{AF_INET6, "::1", "::1"},
	{AF_INET6, "::ffff:192.0.2.1", "192.0.2.1"},
};

START_TEST(an_address_is_shown_without_port)
{
	struct sockaddr_storage storage = {.ss_family = 0};
	struct sockaddr_in *four = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
	void *bytes = &four->sin_addr;
	struct address address;
	char text[ADDRESS_TEXT_MAX];

	four->sin_port = htons(8080);
	storage.ss_family = (sa_family_t)addresses[_i].family;
	if (addresses[_i].family == AF_INET6)
		bytes = &six->sin6_addr;
	ck_assert_int_eq(
		inet_pton(addresses[_i].family, addresses[_i].address, bytes), 1);
	address = peer_address((struct sockaddr *)&storage);
	ck_assert_slice_eq(
		address_write(&address, text), slice_of(addresses[_i].shown));
}
END_TEST

START_TEST(an_address_becomes_a_socket_of_its_family_and_comes_back)
{
	struct sockaddr_storage storage;
	const struct sockaddr_in *four = (struct sockaddr_in *)&storage;
	const struct sockaddr_in6 *six = (struct sockaddr_in6 *)&storage;
	struct address address, again;

	ck_assert(address_parse(slice_of(addresses[_i].address), &address));
	socklen_t len = peer_socket(&address, 49152, &storage);
	if (address_is_v4(&address)) {
		ck_assert_uint_eq(len, sizeof(*four));
		ck_assert_uint_eq(ntohs(four->sin_port), 49152);
	} else {
		ck_assert_uint_eq(len, sizeof(*six));
		ck_assert_uint_eq(ntohs(six->sin6_port), 49152);
	}
	again = peer_address((struct sockaddr *)&storage);
	ck_assert_mem_eq(&again, &address, sizeof(address));
}
END_TEST

START_TEST(an_address_of_another_family_is_unknown)
{
	struct sockaddr socket = {.sa_family = AF_UNIX};
	struct address address = peer_address(&socket);

	ck_assert(!address_is_known(&address));
}
END_TEST

/* 192.0.2.1 is a trusted proxy. */
static const struct {
	const char *from, *headers, *bind_cookie;
	const char *address, *origin, *cookie;
	bool believed;
} heads[] = {
	{"203.0.113.1", "", "", "203.0.113.1", "", "", false},
	{"203.0.113.1", "Origin: http://a\r\n", "", "203.0.113.1", "http://a", "",
		false},
	{"203.0.113.1", "Cookie: a=1; b=2\r\n", "", "203.0.113.1", "", "", false},
	{"203.0.113.1", "Cookie: a=1; b=2\r\n", "b", "203.0.113.1", "", "2", false},
	{"203.0.113.1", "Cookie: a=1\r\n", "b", "203.0.113.1", "", "", false},
	{"203.0.113.1", "X-Forwarded-For: 198.51.100.7\r\n", "", "203.0.113.1", "", "",
		false},
	{"192.0.2.1", "X-Forwarded-For: 198.51.100.7\r\nOrigin: null\r\n", "",
		"198.51.100.7", "null", "", true},
	{"192.0.2.1", "X-Forwarded-For: nobody\r\n", "", "192.0.2.1", "", "", true},
};

START_TEST(the_peer_of_a_request_is_read_from_its_head)
{
	const struct http_head_limits limits = {8192, 2048, 100};
	struct config *config = config_of("{'trusted_proxies': ['192.0.2.1']}");
	const struct endpoint endpoint = {
		.bind_cookie = slice_of(heads[_i].bind_cookie)};
	struct buf text = {0};
	struct forwarded site;
	struct http_head head;
	struct address from;
	char address[ADDRESS_TEXT_MAX];
	int status;

	buf_printf(&text, "GET / HTTP/1.1\r\nHost: b\r\n%s\r\n", heads[_i].headers);
	ck_assert_int_eq(http_head_parse(buf_slice(&text), &limits, &head, &status),
		HTTP_HEAD_DONE);
	ck_assert(address_parse(slice_of(heads[_i].from), &from));

	const struct peer peer = peer_read(&head, &from, config, &endpoint, &site);
	ck_assert_slice_eq(
		address_write(&peer.address, address), slice_of(heads[_i].address));
	ck_assert_slice_eq(peer.origin, slice_of(heads[_i].origin));
	ck_assert_slice_eq(peer.cookie, slice_of(heads[_i].cookie));
	ck_assert(site.believed == heads[_i].believed);
	ck_assert_slice_eq(site.host, SLICE("b"));
	ck_assert_uint_eq(peer_read(&head, &from, config, NULL, &site).cookie.len, 0);
	buf_finish(&text);
	config_unref(config);
}
END_TEST

START_TEST(a_copy_of_a_peer_has_its_own_texts)
{
	char origin[] = "http://a", cookie[] = "c";
	struct peer peer = peer_of_address(&(struct address){{1, 2}});
	char room[16], *at = room;

	peer.origin = slice_of(origin);
	peer.cookie = slice_of(cookie);
	ck_assert_uint_le(peer_size(&peer), sizeof(room));
	const struct peer copy = peer_copy_out(&at, &peer);
	ck_assert_uint_eq((size_t)(at - room), peer_size(&peer));
	origin[0] = cookie[0] = 'X';
	ck_assert_slice_eq(copy.origin, SLICE("http://a"));
	ck_assert_slice_eq(copy.cookie, SLICE("c"));
	ck_assert(address_equal(&copy.address, &peer.address));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peer");
	TCase *tcase = unit_case(suite, "peer");

	unit_add_table(tcase, an_address_is_shown_without_port, addresses);
	unit_add_table(tcase, an_address_becomes_a_socket_of_its_family_and_comes_back,
		addresses);
	tcase_add_test(tcase, an_address_of_another_family_is_unknown);
	unit_add_table(tcase, the_peer_of_a_request_is_read_from_its_head, heads);
	tcase_add_test(tcase, a_copy_of_a_peer_has_its_own_texts);
	return unit_run(suite);
}
