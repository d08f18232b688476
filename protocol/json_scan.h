/*
 * Reads JSON (RFC 8259) token by token where it stands, without a tree: however many
 * values the text has, only this struct is needed. jansson reads configuration and
 * writes answers; this is for what clients send.
 *
 * The caller has checked that the text is UTF-8 (utf8_is_valid()). Escaped halves of
 * surrogate pairs pass, since browsers send them; json_text.h replaces them.
 */
#ifndef PROTOCOL_JSON_SCAN_H
#define PROTOCOL_JSON_SCAN_H

#include "protocol/slice.h"

enum json_scan_token {
	JSON_SCAN_BAD, /* not JSON, or nested too deep; then do not go on */
	JSON_SCAN_END, /* the text was one value, and nothing follows */
	JSON_SCAN_OBJECT,
	JSON_SCAN_OBJECT_END,
	JSON_SCAN_ARRAY,
	JSON_SCAN_ARRAY_END,
	JSON_SCAN_NAME, /* of a member; its colon is taken too */
	JSON_SCAN_STRING,
	JSON_SCAN_NUMBER,
	JSON_SCAN_WORD, /* true, false, null */
};

/* Arrays and objects within each other. */
enum { JSON_SCAN_DEPTH_MAX = 2048 };

/* What may come next. */
enum json_scan_expects {
	JSON_EXPECTS_VALUE,
	JSON_EXPECTS_FIRST_VALUE, /* or the end of the array */
	JSON_EXPECTS_NAME,
	JSON_EXPECTS_FIRST_NAME, /* or the end of the object */
	JSON_EXPECTS_COMMA,      /* or an end */
};

/* Begin with json_scan_of(). The fields are for reading only. */
struct json_scan {
	const char *at, *end;
	size_t depth; /* open arrays and objects */
	enum json_scan_expects expects;
	/*
	 * An integer that was read does not fit 64 bits, or another number a double.
	 * JSON allows that, but many readers do not.
	 */
	bool has_large_number;
	unsigned char objects[JSON_SCAN_DEPTH_MAX / 8 + 1]; /* bits: not arrays */
};

/* Borrows the text, which must not be NULL. */
static inline struct json_scan json_scan_of(struct slice text)
{
	return (struct json_scan){.at = text.data, .end = text.data + text.len};
}

/*
 * Reads the next token. *token is its text, with the quotes of a name or string; it is
 * undefined for JSON_SCAN_BAD and JSON_SCAN_END. Repeated names pass. The time is
 * linear, and nothing recurses.
 */
enum json_scan_token json_scan_next(struct json_scan *scan, struct slice *token);

/*
 * Reads up to the end of the array or object that the latest token has begun. False
 * when the text is bad.
 */
bool json_scan_skip(struct json_scan *scan);

#endif
