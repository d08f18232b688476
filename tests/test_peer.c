#include "transports/base/peer.h"

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

int main(void)
{
	Suite *suite = suite_create("peer");
	TCase *tcase = unit_case(suite, "peer");

	unit_add_table(tcase, an_address_is_shown_without_port, addresses);
	unit_add_table(tcase, an_address_becomes_a_socket_of_its_family_and_comes_back,
		addresses);
	tcase_add_test(tcase, an_address_of_another_family_is_unknown);
	return unit_run(suite);
}
