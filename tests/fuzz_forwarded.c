/*
 * Proxy headers: the input is a head. Whatever it contains, the client is the peer or
 * an address in the head; an untrusted peer changes nothing; a host is a valid host.
 */
#include "protocol/forwarded.h"
#include "protocol/host.h"
#include "tests/support/fuzz.h"

static const struct http_head_limits limits = {
	.bytes = 4096, .target = 60, .lines = HTTP_HEADERS_MAX};

static struct address address_of(struct slice text)
{
	struct address address = {{0}};
	bool valid = address_parse(text, &address);

	assert(valid);
	return address;
}

static void check_site(const struct forwarded *forwarded)
{
	struct slice host, port;

	assert(forwarded->host.len == 0 || host_split(forwarded->host, &host, &port));
	assert(forwarded->scheme.len == 0 ||
		slice_equal(forwarded->scheme, SLICE("http")) ||
		slice_equal(forwarded->scheme, SLICE("https")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct address proxy = address_of(SLICE("10.0.0.1"));
	const struct address stranger = address_of(SLICE("192.0.2.1"));
	struct network network = {proxy, 104};
	const struct networks trusted = {&network, 1}, none = {NULL, 0};
	char text[ADDRESS_TEXT_MAX];
	struct address again;
	struct http_head head;
	int status;

	if (http_head_parse(fuzz_slice(data, size), &limits, &head, &status) !=
		HTTP_HEAD_DONE)
		return 0;

	struct forwarded forwarded = forwarded_read(&head, &proxy, &trusted);
	assert(forwarded.believed);
	check_site(&forwarded);
	struct slice written = address_write(&forwarded.client, text);
	assert(!address_is_known(&forwarded.client) || address_parse(written, &again));

	forwarded = forwarded_read(&head, &stranger, &trusted);
	assert(memcmp(&forwarded.client, &stranger, sizeof(stranger)) == 0);
	assert(!forwarded.believed && forwarded.scheme.len == 0);
	check_site(&forwarded);
	forwarded = forwarded_read(&head, &proxy, &none);
	assert(memcmp(&forwarded.client, &proxy, sizeof(proxy)) == 0);
	return 0;
}
