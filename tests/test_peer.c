#include "transports/peer.h"

#include "tests/unit.h"

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
	char text[PEER_ADDRESS_MAX];

	four->sin_port = htons(8080);
	storage.ss_family = (sa_family_t)addresses[_i].family;
	if (addresses[_i].family == AF_INET6)
		bytes = &six->sin6_addr;
	ck_assert_int_eq(
		inet_pton(addresses[_i].family, addresses[_i].address, bytes), 1);
	ck_assert_slice_eq(peer_address((struct sockaddr *)&storage, text),
		slice_of(addresses[_i].shown));
}
END_TEST

START_TEST(an_address_of_another_family_is_unknown)
{
	struct sockaddr address = {.sa_family = AF_UNIX};
	char text[PEER_ADDRESS_MAX];

	ck_assert_slice_eq(peer_address(&address, text), SLICE("unknown"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peer");
	TCase *tcase = unit_case(suite, "peer");

	unit_add_table(tcase, an_address_is_shown_without_port, addresses);
	tcase_add_test(tcase, an_address_of_another_family_is_unknown);
	return unit_run(suite);
}
