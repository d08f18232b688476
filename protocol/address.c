#include "protocol/address.h"

#include "protocol/number.h"

#include <arpa/inet.h>

enum { OWNER_BYTES = 8 };
enum { ADDRESS_BITS = ADDRESS_BYTES * 8, V4_AT_BIT = ADDRESS_V4_AT * 8 };

static const uint8_t v4_prefix[ADDRESS_V4_AT] = {[10] = 0xff, [11] = 0xff};

struct address address_of_v4(const void *bytes)
{
	struct address address;

	memcpy(address.bytes, v4_prefix, sizeof(v4_prefix));
	memcpy(address.bytes + ADDRESS_V4_AT, bytes, ADDRESS_BYTES - ADDRESS_V4_AT);
	return address;
}

struct address address_of_v6(const void *bytes)
{
	struct address address;

	memcpy(address.bytes, bytes, ADDRESS_BYTES);
	return address;
}

bool address_is_v4(const struct address *address)
{
	return memcmp(address->bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool address_is_known(const struct address *address)
{
	static const struct address none;

	return memcmp(address, &none, sizeof(none)) != 0;
}

struct slice address_owner(const struct address *address)
{
	size_t from = address_is_v4(address) ? ADDRESS_BYTES - OWNER_BYTES : 0;

	return (struct slice){(const char *)address->bytes + from, OWNER_BYTES};
}

bool address_equal(const struct address *a, const struct address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool address_parse(struct slice text, struct address *address)
{
	char terminated[ADDRESS_TEXT_MAX];
	uint8_t bytes[ADDRESS_BYTES];

	/* A NUL would end the text early for inet_pton(). */
	if (text.len >= sizeof(terminated) || slice_find(text, '\0') != text.len)
		return false;
	memcpy(terminated, text.data, text.len);
	terminated[text.len] = '\0';
	if (inet_pton(AF_INET, terminated, bytes) == 1)
		*address = address_of_v4(bytes);
	else if (inet_pton(AF_INET6, terminated, bytes) == 1)
		*address = address_of_v6(bytes);
	else
		return false;
	return true;
}

/* Each connection writes its address; inet_ntop() would do it by printf(). */
static struct slice address_write_v4(const uint8_t *bytes, char *text)
{
	char *at = text;

	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*at++ = '.';
		if (bytes[i] >= 100)
			*at++ = (char)('0' + bytes[i] / 100);
		if (bytes[i] >= 10)
			*at++ = (char)('0' + bytes[i] / 10 % 10);
		*at++ = (char)('0' + bytes[i] % 10);
	}
	return (struct slice){text, (size_t)(at - text)};
}

struct slice address_write(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
	if (!address_is_known(address))
		return SLICE("unknown");
	if (address_is_v4(address))
		return address_write_v4(address->bytes + ADDRESS_V4_AT, text);
	return slice_of(inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT_MAX));
}

/* True when the first `bits` bits are equal. */
static bool address_agree(
	const struct address *a, const struct address *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

static bool address_is_clear_behind(const struct address *address, unsigned bits)
{
	for (unsigned i = bits; i < ADDRESS_BITS; i++) {
		if (address->bytes[i / 8] & (0x80 >> (i % 8)))
			return false;
	}
	return true;
}

bool network_parse(struct slice text, struct network *network)
{
	size_t slash = slice_find(text, '/');
	struct network read = {.bits = ADDRESS_BITS};
	uint64_t bits;

	if (!address_parse(slice_first(text, slash), &read.base))
		return false;
	if (slash < text.len) {
		bool is_v4 = slice_find(text, ':') == text.len;

		if (!number_read_canonical(
			    slice_from(text, slash + 1), ADDRESS_BITS, &bits))
			return false;
		read.bits = (unsigned)bits + (is_v4 ? V4_AT_BIT : 0);
	}
	if (read.bits > ADDRESS_BITS || !address_is_clear_behind(&read.base, read.bits))
		return false;
	*network = read;
	return true;
}

bool networks_have(const struct networks *networks, const struct address *address)
{
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->items[i];

		if (address_agree(&network->base, address, network->bits))
			return true;
	}
	return false;
}
