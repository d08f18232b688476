#include "protocol/proxy_head.h"

#include "protocol/number.h"

enum {
	LINE_MAX_BYTES = 107, /* of version 1, its CR LF too */
	FIXED_BYTES = 16,     /* of version 2: signature, command, family, length */
};

static const struct slice line_start = SLICE_INIT("PROXY ");
static const struct slice signature = SLICE_INIT("\r\n\r\n\0\r\nQUIT\n");

/* True when one of the two begins with the other. */
static bool proxy_head_agree(struct slice bytes, struct slice wanted)
{
	return slice_starts_with(wanted, slice_first(bytes, wanted.len));
}

/* Version 1: "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443" and CR LF. */

/* Takes a word off the front of *line, and the space after it. */
static struct slice proxy_head_take_word(struct slice *line)
{
	size_t end = slice_find(*line, ' ');
	struct slice word = slice_first(*line, end);

	/* A space at the end is wrong: it stays, so the line is not used up. */
	*line = end + 1 == line->len ? SLICE(" ") : slice_from(*line, end + 1);
	return word;
}

static bool proxy_head_read_port(struct slice text, uint16_t *port)
{
	uint64_t number;

	if (!number_read_canonical(text, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

/* The family decides whether an address must have colons. */
static bool proxy_head_read_address(
	struct slice text, bool is_v6, struct address *address)
{
	bool has_colon = slice_find(text, ':') != text.len;

	return has_colon == is_v6 && address_parse(text, address);
}

static bool proxy_head_read_line(struct slice line, struct proxy_head *head)
{
	struct slice family = proxy_head_take_word(&line);
	bool is_v6 = slice_equal(family, SLICE("TCP6"));
	struct address ours;
	uint16_t our_port;

	head->known = !slice_equal(family, SLICE("UNKNOWN"));
	if (!head->known)
		return true; /* the rest of an UNKNOWN header must be ignored */
	if (!is_v6 && !slice_equal(family, SLICE("TCP4")))
		return false;
	return proxy_head_read_address(
		       proxy_head_take_word(&line), is_v6, &head->source) &&
	       proxy_head_read_address(proxy_head_take_word(&line), is_v6, &ours) &&
	       proxy_head_read_port(proxy_head_take_word(&line), &head->port) &&
	       proxy_head_read_port(proxy_head_take_word(&line), &our_port) &&
	       line.len == 0;
}

static enum proxy_head_parse proxy_head_parse_line(
	struct slice bytes, struct proxy_head *head)
{
	struct slice seen = slice_first(bytes, LINE_MAX_BYTES);
	size_t end = slice_find(seen, '\n');
	struct slice line = slice_from(slice_first(seen, end), line_start.len);

	if (end == seen.len)
		return seen.len == LINE_MAX_BYTES ? PROXY_HEAD_BAD : PROXY_HEAD_MORE;
	if (!slice_ends_with(line, SLICE("\r")))
		return PROXY_HEAD_BAD;
	line.len--;
	if (slice_find(line, '\r') != line.len || !proxy_head_read_line(line, head))
		return PROXY_HEAD_BAD;
	head->len = end + 1;
	return PROXY_HEAD_DONE;
}

/* Version 2: sixteen bytes, addresses, and the proxy's extensions. */

enum command { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };

enum family {
	FAMILY_UNSPECIFIED = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
	FAMILY_UNIX = 0x31, /* a stream */
};

static unsigned byte_at(struct slice bytes, size_t at)
{
	return (unsigned char)bytes.data[at];
}

static unsigned proxy_head_number_at(struct slice bytes, size_t at)
{
	return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

/* Bytes of both addresses and ports; -1: not a stream. */
static int addresses_len(unsigned family)
{
	switch (family) {
	case FAMILY_UNSPECIFIED:
		return 0;
	case FAMILY_TCP4:
		return 12;
	case FAMILY_TCP6:
		return 36;
	case FAMILY_UNIX:
		return 216;
	}
	return -1;
}

/* Each extension has a type, two bytes of length, and as many bytes. */
static bool extensions_are_whole(struct slice bytes)
{
	while (bytes.len >= 3) {
		size_t len = 3 + (size_t)proxy_head_number_at(bytes, 1);

		if (len > bytes.len)
			return false;
		bytes = slice_from(bytes, len);
	}
	return bytes.len == 0;
}

static bool proxy_head_read_addresses(
	unsigned family, struct slice payload, struct proxy_head *head)
{
	int len = addresses_len(family);

	if (len == -1 || payload.len < (size_t)len)
		return false;
	/* The bytes after an unspecified family have no known form. */
	if (family != FAMILY_UNSPECIFIED &&
		!extensions_are_whole(slice_from(payload, (size_t)len)))
		return false;
	head->known = family == FAMILY_TCP4 || family == FAMILY_TCP6;
	if (family == FAMILY_TCP4) {
		head->source = address_of_v4(payload.data);
		head->port = (uint16_t)proxy_head_number_at(payload, 8);
	} else if (family == FAMILY_TCP6) {
		head->source = address_of_v6(payload.data);
		head->port = (uint16_t)proxy_head_number_at(payload, 32);
	}
	return true;
}

/* A wrong byte is found as soon as it has come. */
static enum proxy_head_parse proxy_head_parse_binary(
	struct slice bytes, struct proxy_head *head)
{
	if (bytes.len > 12 && byte_at(bytes, 12) != COMMAND_LOCAL &&
		byte_at(bytes, 12) != COMMAND_PROXY)
		return PROXY_HEAD_BAD;
	if (bytes.len > 13 && byte_at(bytes, 12) == COMMAND_PROXY &&
		addresses_len(byte_at(bytes, 13)) == -1)
		return PROXY_HEAD_BAD;
	if (bytes.len < FIXED_BYTES)
		return PROXY_HEAD_MORE;

	size_t len = FIXED_BYTES + (size_t)proxy_head_number_at(bytes, 14);
	if (len > PROXY_HEAD_MAX)
		return PROXY_HEAD_BAD;
	if (bytes.len < len)
		return PROXY_HEAD_MORE;
	struct slice payload = slice_from(slice_first(bytes, len), FIXED_BYTES);
	if (byte_at(bytes, 12) == COMMAND_PROXY &&
		!proxy_head_read_addresses(byte_at(bytes, 13), payload, head))
		return PROXY_HEAD_BAD;
	head->len = len;
	return PROXY_HEAD_DONE;
}

enum proxy_head_parse proxy_head_parse(struct slice bytes, struct proxy_head *head)
{
	struct proxy_head read = {0};
	enum proxy_head_parse result = PROXY_HEAD_BAD;

	if (proxy_head_agree(bytes, line_start))
		result = bytes.len < line_start.len
				 ? PROXY_HEAD_MORE
				 : proxy_head_parse_line(bytes, &read);
	else if (proxy_head_agree(bytes, signature))
		result = bytes.len < signature.len
				 ? PROXY_HEAD_MORE
				 : proxy_head_parse_binary(bytes, &read);
	if (result == PROXY_HEAD_DONE)
		*head = read;
	return result;
}
