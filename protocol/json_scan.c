/*
 * The scan of JSON: a position, what may come next, and a bit for each open array or
 * object. json_text.c writes what it has read.
 */
#include "protocol/json_scan.h"

#include "protocol/ascii.h"

#include <assert.h>
#include <stdint.h>

/* Bytes before a '"', a backslash or a control character. */
static const char *json_scan_plain_run(const char *at, const char *end)
{
	while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
}

static bool json_scan_is_blank(char byte)
{
	return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static void json_scan_skip_blanks(struct json_scan *scan)
{
	while (scan->at < scan->end && json_scan_is_blank(*scan->at))
		scan->at++;
}

static bool json_scan_is_next(const struct json_scan *scan, char byte)
{
	return scan->at < scan->end && *scan->at == byte;
}

/* Takes that byte, if it comes next. */
static bool json_scan_take(struct json_scan *scan, char byte)
{
	if (!json_scan_is_next(scan, byte))
		return false;
	scan->at++;
	return true;
}

static bool json_scan_is_in_object(const struct json_scan *scan)
{
	return scan->objects[scan->depth / 8] >> (scan->depth % 8) & 1;
}

static enum json_scan_token json_scan_open(struct json_scan *scan, bool object)
{
	if (scan->depth == JSON_SCAN_DEPTH_MAX)
		return JSON_SCAN_BAD;
	scan->at++;
	scan->depth++;

	unsigned char *bits = &scan->objects[scan->depth / 8];
	const unsigned char bit = (unsigned char)(1u << (scan->depth % 8));
	*bits = object ? *bits | bit : *bits & (unsigned char)~bit;
	scan->expects = object ? JSON_EXPECTS_FIRST_NAME : JSON_EXPECTS_FIRST_VALUE;
	return object ? JSON_SCAN_OBJECT : JSON_SCAN_ARRAY;
}

/* Takes an escape after its backslash. */
static bool json_scan_take_escape(struct json_scan *scan)
{
	if (scan->at == scan->end)
		return false;
	switch (*scan->at++) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return true;
	case 'u':
		if (scan->end - scan->at < 4)
			return false;
		for (const char *last = scan->at + 4; scan->at < last; scan->at++)
			if (ascii_hex_value(*scan->at) == -1)
				return false;
		return true;
	default:
		return false;
	}
}

static bool json_scan_take_string(struct json_scan *scan)
{
	if (!json_scan_take(scan, '"'))
		return false;
	for (;;) {
		scan->at = json_scan_plain_run(scan->at, scan->end);
		if (json_scan_take(scan, '"'))
			return true;
		if (!json_scan_take(scan, '\\') || !json_scan_take_escape(scan))
			return false;
	}
}

static size_t json_scan_take_digits(struct json_scan *scan)
{
	const char *start = scan->at;

	while (scan->at < scan->end && ascii_is_digit(*scan->at))
		scan->at++;
	return (size_t)(scan->at - start);
}

/* The parts of a number, without sign and point. */
struct digits {
	struct slice whole, fraction;
	int64_t exponent; /* bounded: a huge one is only very large */
	bool is_real, is_negative;
};

enum {
	INT64_DIGITS = 19,
	DOUBLE_EXPONENT_MAX = 308,
	EXPONENT_BOUND = 1 << 28, /* above the length of any text */
};

/* The digits from the first that is not 0, compared with a limit of `limit.len`. */
static bool json_scan_digits_reach(const struct digits *digits, struct slice limit)
{
	size_t same = 0;

	for (size_t i = 0; i < digits->whole.len + digits->fraction.len; i++) {
		const char digit =
			i < digits->whole.len
				? digits->whole.data[i]
				: digits->fraction.data[i - digits->whole.len];

		if (same == 0 && digit == '0')
			continue;
		if (digit != limit.data[same])
			return digit > limit.data[same];
		if (++same == limit.len)
			return true;
	}
	return false;
}

/* The number is D.DDD times ten to this power. */
static int64_t json_scan_magnitude(const struct digits *digits)
{
	size_t zeros = 0;

	if (digits->whole.data[0] != '0')
		return (int64_t)digits->whole.len - 1 + digits->exponent;
	while (zeros < digits->fraction.len && digits->fraction.data[zeros] == '0')
		zeros++;
	if (zeros == digits->fraction.len)
		return -EXPONENT_BOUND; /* zero */
	return digits->exponent - 1 - (int64_t)zeros;
}

/* Whether strtoll() or strtod() would overflow. */
static bool json_scan_is_large(const struct digits *digits)
{
	if (!digits->is_real && digits->whole.len != INT64_DIGITS)
		return digits->whole.len > INT64_DIGITS;
	if (!digits->is_real)
		return json_scan_digits_reach(
			digits, digits->is_negative ? SLICE("9223372036854775809")
						    : SLICE("9223372036854775808"));

	const int64_t magnitude = json_scan_magnitude(digits);
	if (magnitude != DOUBLE_EXPONENT_MAX)
		return magnitude > DOUBLE_EXPONENT_MAX;
	/* The largest double and half of its last place, rounded up. */
	return json_scan_digits_reach(digits, SLICE("17976931348623158080"));
}

/* Takes the exponent after its 'e'. */
static bool json_scan_take_exponent(struct json_scan *scan, struct digits *digits)
{
	const bool minus = json_scan_take(scan, '-');
	const char *start;

	if (!minus)
		json_scan_take(scan, '+');
	start = scan->at;
	if (json_scan_take_digits(scan) == 0)
		return false;
	for (; start < scan->at; start++)
		if (digits->exponent < EXPONENT_BOUND)
			digits->exponent = digits->exponent * 10 + (*start - '0');
	if (minus)
		digits->exponent = -digits->exponent;
	return true;
}

/* Takes what follows the digits before the point. */
static bool json_scan_take_rest(struct json_scan *scan, struct digits *digits)
{
	if (json_scan_take(scan, '.')) {
		digits->fraction.data = scan->at;
		digits->fraction.len = json_scan_take_digits(scan);
		if (digits->fraction.len == 0)
			return false;
	}
	return (!json_scan_take(scan, 'e') && !json_scan_take(scan, 'E')) ||
	       json_scan_take_exponent(scan, digits);
}

static bool json_scan_take_number(struct json_scan *scan)
{
	const bool minus = json_scan_take(scan, '-');
	const char *start = scan->at;
	const size_t len = json_scan_take_digits(scan);
	const char next = scan->at < scan->end ? *scan->at : '\0';
	const bool is_real = next == '.' || next == 'e' || next == 'E';

	if (len == 0 || (len > 1 && *start == '0'))
		return false;
	if (!is_real && len < INT64_DIGITS)
		return true;

	struct digits digits = {
		.whole = {start, len}, .is_real = is_real, .is_negative = minus};
	if (!json_scan_take_rest(scan, &digits))
		return false;
	scan->has_large_number = scan->has_large_number || json_scan_is_large(&digits);
	return true;
}

static bool json_scan_take_word(struct json_scan *scan, struct slice word)
{
	if (!slice_starts_with(
		    (struct slice){scan->at, (size_t)(scan->end - scan->at)}, word))
		return false;
	scan->at += word.len;
	return true;
}

static bool json_scan_take_scalar(struct json_scan *scan, char first)
{
	switch (first) {
	case '"':
		return json_scan_take_string(scan);
	case 't':
		return json_scan_take_word(scan, SLICE("true"));
	case 'f':
		return json_scan_take_word(scan, SLICE("false"));
	case 'n':
		return json_scan_take_word(scan, SLICE("null"));
	default:
		return json_scan_take_number(scan);
	}
}

static enum json_scan_token json_scan_scalar_kind(char first)
{
	if (first == '"')
		return JSON_SCAN_STRING;
	return first == 't' || first == 'f' || first == 'n' ? JSON_SCAN_WORD
							    : JSON_SCAN_NUMBER;
}

static enum json_scan_token json_scan_read_value(
	struct json_scan *scan, struct slice *token)
{
	enum json_scan_token kind = JSON_SCAN_BAD;

	if (scan->at == scan->end)
		return JSON_SCAN_BAD;
	token->data = scan->at;
	if (*scan->at == '{' || *scan->at == '[') {
		kind = json_scan_open(scan, *scan->at == '{');
	} else {
		scan->expects = JSON_EXPECTS_COMMA;
		if (json_scan_take_scalar(scan, *token->data))
			kind = json_scan_scalar_kind(*token->data);
	}
	token->len = (size_t)(scan->at - token->data);
	return kind;
}

static enum json_scan_token json_scan_read_name(
	struct json_scan *scan, struct slice *token)
{
	token->data = scan->at;
	if (!json_scan_take_string(scan))
		return JSON_SCAN_BAD;
	token->len = (size_t)(scan->at - token->data);
	scan->expects = JSON_EXPECTS_VALUE;
	json_scan_skip_blanks(scan);
	return json_scan_take(scan, ':') ? JSON_SCAN_NAME : JSON_SCAN_BAD;
}

/* The end of the text, or of an array or object. */
static enum json_scan_token json_scan_read_end(
	struct json_scan *scan, struct slice *token)
{
	if (scan->depth == 0)
		return scan->at == scan->end ? JSON_SCAN_END : JSON_SCAN_BAD;

	const bool object = json_scan_is_in_object(scan);
	const struct slice closer = {scan->at, 1};
	if (!json_scan_take(scan, object ? '}' : ']'))
		return JSON_SCAN_BAD;
	*token = closer;
	scan->depth--;
	scan->expects = JSON_EXPECTS_COMMA;
	return object ? JSON_SCAN_OBJECT_END : JSON_SCAN_ARRAY_END;
}

/* Moves to the next name or value. False when an end must come. */
static bool json_scan_move_on(struct json_scan *scan)
{
	json_scan_skip_blanks(scan);
	switch (scan->expects) {
	case JSON_EXPECTS_VALUE:
	case JSON_EXPECTS_NAME:
		return true;
	case JSON_EXPECTS_FIRST_VALUE:
		return !json_scan_is_next(scan, ']');
	case JSON_EXPECTS_FIRST_NAME:
		return !json_scan_is_next(scan, '}');
	case JSON_EXPECTS_COMMA:
		if (scan->depth == 0 || !json_scan_take(scan, ','))
			return false;
		scan->expects = json_scan_is_in_object(scan) ? JSON_EXPECTS_NAME
							     : JSON_EXPECTS_VALUE;
		json_scan_skip_blanks(scan);
		return true;
	}
	return false;
}

static inline enum json_scan_token json_scan_read(
	struct json_scan *scan, struct slice *token)
{
	if (!json_scan_move_on(scan))
		return json_scan_read_end(scan, token);
	if (scan->expects == JSON_EXPECTS_NAME ||
		scan->expects == JSON_EXPECTS_FIRST_NAME)
		return json_scan_read_name(scan, token);
	return json_scan_read_value(scan, token);
}

enum json_scan_token json_scan_next(struct json_scan *scan, struct slice *token)
{
	return json_scan_read(scan, token);
}

bool json_scan_skip(struct json_scan *scan)
{
	const size_t depth = scan->depth;
	struct slice token;

	assert(depth > 0);
	while (scan->depth >= depth)
		if (json_scan_read(scan, &token) == JSON_SCAN_BAD)
			return false;
	return true;
}
