/*
 * Follows the members of a template through the tokens of a body. A member waits in
 * the object that its path has led to. Arrays, and objects in which no member waits,
 * are skipped.
 */
#include "gateway/route/template_body.h"

#include "protocol/json_scan.h"
#include "protocol/json_text.h"
#include "protocol/utf8.h"

struct finder {
	struct json_scan scan;
	struct body_member *members;
	size_t count;
	bool is_awaited; /* the next value is a member, or may have one */
	struct buf name; /* scratch */
};

/* UTF-8 that may have lone surrogates. */
static bool body_is_wtf8(struct slice bytes)
{
	while (bytes.len > 0) {
		uint32_t code;
		const size_t len = utf8_decode(bytes, &code);

		if (len == 0)
			return false;
		bytes = slice_from(bytes, len);
	}
	return true;
}

/* The part of a path that is looked for in objects of that depth, the first in 1. */
static struct slice body_path_name(struct slice path, size_t depth, bool *last)
{
	size_t end = slice_find(path, '.');

	for (; depth > 1; depth--) {
		path = slice_from(path, end + 1);
		end = slice_find(path, '.');
	}
	*last = end == path.len;
	return slice_first(path, end);
}

/* The inside of the token in its one form. */
static struct slice finder_name(struct finder *finder, struct slice token)
{
	const struct slice inside = slice_first(slice_from(token, 1), token.len - 2);

	if (slice_find(inside, '\\') == inside.len)
		return inside;
	buf_clear(&finder->name);
	json_text_append_string(&finder->name, token, false);
	return buf_slice(&finder->name);
}

/* A name decides what the value after it is to each member that waits here. */
static void finder_see_name(struct finder *finder, struct slice token)
{
	const struct slice name = finder_name(finder, token);
	const size_t depth = finder->scan.depth;

	for (size_t i = 0; i < finder->count; i++) {
		struct body_member *member = &finder->members[i];
		bool last;

		if (member->path.len == 0 || member->depth < depth)
			continue;
		member->depth = depth; /* what was deeper has ended */
		if (!slice_equal(body_path_name(member->path, depth, &last), name))
			continue;
		member->value =
			(struct slice){NULL, 0}; /* an earlier one of the name */
		member->next = last ? BODY_MEMBER_IS : BODY_MEMBER_ENTERS;
		finder->is_awaited = true;
	}
}

/* True when a member waits within the value whose first token was read. */
static bool finder_enter(struct finder *finder, enum json_scan_token kind)
{
	bool entered = false;

	for (size_t i = 0; i < finder->count && kind == JSON_SCAN_OBJECT; i++) {
		if (finder->members[i].next == BODY_MEMBER_ENTERS) {
			finder->members[i].depth = finder->scan.depth;
			entered = true;
		}
	}
	return entered;
}

/* Reads a value, or its first token if a member waits within. False when it is bad. */
static bool finder_see_value(
	struct finder *finder, enum json_scan_token kind, struct slice token)
{
	const bool opens = kind == JSON_SCAN_OBJECT || kind == JSON_SCAN_ARRAY;
	const bool enters = finder->is_awaited && finder_enter(finder, kind);

	if (opens && !enters && !json_scan_skip(&finder->scan))
		return false;
	for (size_t i = 0; i < finder->count && finder->is_awaited; i++) {
		struct body_member *member = &finder->members[i];

		if (member->next == BODY_MEMBER_IS) {
			member->value = (struct slice){
				token.data, (size_t)(finder->scan.at - token.data)};
			member->open_at = enters ? finder->scan.depth : 0;
		}
		member->next = BODY_MEMBER_WAITS;
	}
	finder->is_awaited = false;
	return true;
}

/* An object has ended that a member waited in: it may be the value of another. */
static void finder_see_end(struct finder *finder)
{
	for (size_t i = 0; i < finder->count; i++) {
		struct body_member *member = &finder->members[i];

		if (member->open_at != finder->scan.depth + 1)
			continue;
		member->value.len = (size_t)(finder->scan.at - member->value.data);
		member->open_at = 0;
	}
}

/* False when the text is not JSON. */
static bool finder_run(struct finder *finder)
{
	struct slice token;

	for (;;) {
		const enum json_scan_token kind = json_scan_next(&finder->scan, &token);

		switch (kind) {
		case JSON_SCAN_BAD:
			return false;
		case JSON_SCAN_END:
			return true;
		case JSON_SCAN_NAME:
			finder_see_name(finder, token);
			break;
		case JSON_SCAN_OBJECT_END:
		case JSON_SCAN_ARRAY_END:
			finder_see_end(finder);
			break;
		case JSON_SCAN_OBJECT:
		case JSON_SCAN_ARRAY:
		case JSON_SCAN_STRING:
		case JSON_SCAN_NUMBER:
		case JSON_SCAN_WORD:
			if (!finder_see_value(finder, kind, token))
				return false;
			break;
		}
	}
}

/* Makes strict UTF-8 of the body, if it is WTF-8. */
static bool body_clean(struct slice *body, struct buf *clean)
{
	if (utf8_is_valid(*body))
		return true;
	if (!body_is_wtf8(*body))
		return false;
	utf8_append_clean(clean, *body);
	*body = buf_slice(clean);
	return true;
}

bool template_body_find(struct slice body, struct body_member *members, size_t count,
	struct buf *clean, struct buf *error)
{
	struct finder finder = {.members = members, .count = count, .is_awaited = true};
	bool good = body.len > 0 && body_clean(&body, clean);

	for (size_t i = 0; i < count; i++)
		members[i].next =
			members[i].path.len == 0 ? BODY_MEMBER_IS : BODY_MEMBER_ENTERS;
	if (good) {
		finder.scan = json_scan_of(body);
		good = finder_run(&finder);
	}
	buf_finish(&finder.name);
	if (!good)
		buf_append(error, SLICE("the body is not JSON"));
	else if (finder.scan.has_large_number)
		buf_append(error, SLICE("the body has a number that is too large"));
	return good && !finder.scan.has_large_number;
}
