/*
 * Origins: the first line is a client's Origin, the second a pattern of the
 * configuration or a Host. A text that matches a pattern must be an origin to its last
 * byte, with the pattern's scheme, host and port.
 */
#include "protocol/origin.h"

#include "protocol/ascii.h"
#include "protocol/buf.h"
#include "protocol/host.h"
#include "tests/support/fuzz.h"

/* In small letters, with http for ws and https for wss. */
static struct buf plain(struct slice text)
{
	struct buf out = {0};

	if (slice_equal_nocase(slice_first(text, 5), SLICE("ws://")) ||
		slice_equal_nocase(slice_first(text, 6), SLICE("wss://"))) {
		buf_append(&out, SLICE("http"));
		text = slice_from(text, 2);
	}
	for (size_t i = 0; i < text.len; i++) {
		const char byte = text.data[i];
		const bool is_capital = byte >= 'A' && byte <= 'Z';

		buf_append_char(&out, is_capital ? (char)(byte | 0x20) : byte);
	}
	return out;
}

/* Takes the scheme and "://" off. */
static bool take_scheme(struct slice *text, struct slice *scheme)
{
	const size_t colon = slice_find(*text, ':');

	*scheme = slice_first(*text, colon);
	*text = slice_from(*text, colon);
	if (!slice_starts_with(*text, SLICE("://")))
		return false;
	*text = slice_from(*text, 3);
	return true;
}

/* The port that is written, or the scheme's. */
static struct slice port_of(struct slice scheme, struct slice port)
{
	if (port.len > 0)
		return port;
	if (slice_equal(scheme, SLICE("http")))
		return SLICE("80");
	return slice_equal(scheme, SLICE("https")) ? SLICE("443") : SLICE("");
}

/* Both are plain, and neither is "*". */
static void check_passed(struct slice origin, struct slice pattern)
{
	struct slice scheme, wanted, host, port, below = SLICE(""), ours = SLICE("");
	bool is_origin = take_scheme(&origin, &scheme);
	const bool is_pattern = take_scheme(&pattern, &wanted);

	assert(is_origin && is_pattern);
	assert(slice_equal(scheme, wanted));
	if (origin.len == 0) {
		assert(pattern.len == 0);
		return;
	}
	is_origin = host_split(origin, &host, &port);
	assert(is_origin);
	if (slice_ends_with(pattern, SLICE(":*"))) {
		pattern.len -= 2;
		ours = port_of(scheme, port);
	}
	if (slice_starts_with(pattern, SLICE("*."))) {
		pattern = slice_from(pattern, 1);
		below = slice_first(pattern, slice_find(pattern, ':'));
		assert(slice_ends_with(host, below) && host.len > below.len);
		assert(host.data[0] != '.');
		pattern = slice_from(pattern, below.len + (pattern.len > below.len));
	} else {
		assert(slice_starts_with(pattern, host));
		pattern = slice_from(pattern, host.len + (pattern.len > host.len));
	}
	assert(slice_equal(
		port_of(scheme, port), ours.len > 0 ? ours : port_of(wanted, pattern)));
}

static void check_match(struct slice origin, struct slice pattern)
{
	const bool is_match = origin_matches(origin, pattern);
	struct buf sent = plain(origin), allowed = plain(pattern);

	if (slice_equal(origin, pattern) || slice_equal(pattern, SLICE("*"))) {
		assert(is_match);
	} else {
		if (is_match)
			check_passed(buf_slice(&sent), buf_slice(&allowed));
		/* How letters are written makes no difference. */
		if (is_match)
			assert(origin_matches(buf_slice(&sent), pattern));
		assert(!is_match || origin_matches(origin, buf_slice(&allowed)));
	}
	buf_finish(&sent);
	buf_finish(&allowed);
}

/*
 * The same site as the Host header's is the origin that matches this host as a
 * pattern.
 */
static void check_same(struct slice origin, struct slice scheme, struct slice host)
{
	const bool is_same = origin_is_same(origin, scheme, host);
	struct slice name, port;
	struct buf pattern = {0};

	buf_printf(&pattern, "%.*s://%.*s", SLICE_ARGS(scheme), SLICE_ARGS(host));
	if (host_split(host, &name, &port) && !slice_equal(origin, buf_slice(&pattern)))
		assert(is_same == origin_matches(origin, buf_slice(&pattern)));
	assert(!is_same || host_split(host, &name, &port));
	assert(!is_same || !slice_equal_nocase(origin, SLICE("null")));
	buf_finish(&pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_slice(data, size);
	const struct slice origin = fuzz_line(&rest), other = fuzz_line(&rest);

	check_match(origin, other);
	check_match(other, origin);
	check_same(origin, SLICE("http"), other);
	check_same(origin, SLICE("https"), other);
	origin_is_pattern(other);
	return 0;
}
