#include "gateway/identity/access_pattern.h"

#include "gateway/identity/identity.h"
#include "gateway/route/glob.h"
#include "protocol/url.h"
#include "protocol/utf8.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum segment_kind {
	SEGMENT_LITERAL,
	SEGMENT_GLOB,
	SEGMENT_ANY,
	SEGMENT_DEEP, /* "**" */
	SEGMENT_USER,
	SEGMENT_GROUP,
	SEGMENT_CLAIM,
};

struct access_segment {
	enum segment_kind kind;
	char separator;    /* before it */
	struct slice text; /* without the separator; the name of a claim */
};

static const struct slice deep = SLICE_INIT("**"), claim_prefix = SLICE_INIT("claim.");

/* Compiling. */

/* A variable's kind; SEGMENT_DEEP for a bad name. */
static enum segment_kind access_find_variable(struct slice name, struct slice *claim)
{
	if (slice_equal(name, SLICE("user")))
		return SEGMENT_USER;
	if (slice_equal(name, SLICE("group")))
		return SEGMENT_GROUP;
	if (slice_starts_with(name, claim_prefix)) {
		*claim = slice_from(name, claim_prefix.len);
		return claim->len > 0 ? SEGMENT_CLAIM : SEGMENT_DEEP;
	}
	return name.len > 0 && slice_find(name, '.') == name.len ? SEGMENT_ANY
								 : SEGMENT_DEEP;
}

/* The mistake of a segment, or NULL. */
static const char *access_segment_init(
	struct access_segment *segment, struct slice text)
{
	const struct slice body = slice_from(text, 1);
	const bool has_brace =
		slice_find(body, '{') < body.len || slice_find(body, '}') < body.len;

	*segment = (struct access_segment){
		.kind = SEGMENT_LITERAL, .separator = text.data[0], .text = body};
	if (has_brace) {
		const struct slice name =
			slice_first(slice_from(body, 1), body.len - 2);

		if (body.len < 2 || body.data[0] != '{' ||
			slice_find(body, '}') != body.len - 1)
			return "a variable must be a whole segment";
		segment->kind = access_find_variable(name, &segment->text);
		return segment->kind == SEGMENT_DEEP
			       ? "a variable is {user}, {group}, {claim.NAME}, or a "
				 "name for any segment"
			       : NULL;
	}
	if (slice_equal(body, deep))
		segment->kind = SEGMENT_DEEP;
	else if (slice_equal(body, SLICE("*")))
		segment->kind = SEGMENT_ANY;
	else if (glob_is(body))
		segment->kind = SEGMENT_GLOB;
	for (size_t i = 1; segment->kind == SEGMENT_GLOB && i < body.len; i++) {
		if (body.data[i] == '*' && body.data[i - 1] == '*')
			return "** must be a whole segment";
	}
	return NULL;
}

static size_t access_count_segments(struct slice text, char separator)
{
	size_t count = 0;

	for (; text.len > 0; count++)
		url_take_part(&text, separator);
	return count;
}

static const char *access_pattern_compile(
	struct access_pattern *pattern, struct slice text, char separator)
{
	const size_t count = access_count_segments(text, separator);
	const char *mistake = NULL;
	bool is_front = true;

	if (text.len == 0 || text.data[0] != '/')
		return "must begin with a /";
	if (count > ACCESS_SEGMENTS_MAX)
		return "has more than 32 segments";
	pattern->segments = xcalloc(count, sizeof(*pattern->segments));
	while (text.len > 0 && mistake == NULL) {
		struct slice segment = url_take_part(&text, separator);
		struct access_segment *made = &pattern->segments[pattern->count++];

		mistake = access_segment_init(made, segment);
		is_front = is_front && made->kind == SEGMENT_LITERAL;
		if (is_front)
			pattern->front.len += segment.len;
	}
	return mistake;
}

bool access_pattern_init(struct access_pattern *pattern, struct slice text,
	char separator, struct buf *mistake)
{
	*pattern = (struct access_pattern){.text = text, .front = slice_first(text, 0)};
	const char *what = access_pattern_compile(pattern, text, separator);
	const size_t front = pattern->front.len, end = sizeof(pattern->front_end);
	if (what != NULL) {
		buf_append(mistake, slice_of(what));
		access_pattern_finish(pattern);
		return false;
	}
	if (front >= end)
		memcpy(&pattern->front_end, pattern->front.data + front - end, end);
	return true;
}

void access_pattern_finish(struct access_pattern *pattern)
{
	free(pattern->segments);
	*pattern = (struct access_pattern){.count = 0};
}

struct slice access_pattern_claim(const struct access_pattern *pattern, size_t index)
{
	const struct access_segment *segment = &pattern->segments[index];

	return segment->kind == SEGMENT_CLAIM ? segment->text : SLICE("");
}

/* One destination. */

/* The part of a variable in a destination is percent-encoded. */
static bool access_decodes_to(struct slice encoded, struct slice value)
{
	struct buf decoded = {0};

	if (slice_find(encoded, '%') == encoded.len)
		return slice_equal(encoded, value);
	const bool is_equal = url_decode(&decoded, encoded, false) &&
			      slice_equal(buf_slice(&decoded), value);
	buf_finish(&decoded);
	return is_equal;
}

/* Whether `text` is a value of the variable; one without a value is never filled in. */
static bool access_variable_is(const struct access_segment *segment,
	const struct identity *identity, struct slice text)
{
	if (segment->kind == SEGMENT_USER)
		return identity->user.len > 0 &&
		       access_decodes_to(text, identity->user);
	if (segment->kind == SEGMENT_CLAIM) {
		const struct slice *value = identity_claim(identity, segment->text);

		return value != NULL && value->len > 0 &&
		       access_decodes_to(text, *value);
	}
	for (size_t i = 0; i < identity->group_count; i++) {
		if (access_decodes_to(text, identity->groups[i]))
			return true;
	}
	return false;
}

/* `text` is one segment, with its separator. */
static bool access_segment_matches(const struct access_segment *segment,
	const struct identity *identity, struct slice text)
{
	const struct slice body = slice_from(text, 1);

	if (segment->separator != text.data[0])
		return false;
	switch (segment->kind) {
	case SEGMENT_LITERAL:
		return slice_equal(segment->text, body);
	case SEGMENT_GLOB:
		return glob_matches(segment->text, body);
	case SEGMENT_ANY:
		return true;
	case SEGMENT_DEEP:
		return false;
	case SEGMENT_USER:
	case SEGMENT_GROUP:
	case SEGMENT_CLAIM:
		break;
	}
	return access_variable_is(segment, identity, body);
}

/*
 * As a glob is matched: if the segments behind the latest "**" do not fit, it takes one
 * segment more. Earlier ones need not take more, since the latest could take the same.
 */
bool access_pattern_matches(const struct access_pattern *pattern,
	const struct identity *identity, char separator, struct slice destination)
{
	struct slice rest = destination, retry = {NULL, 0};
	size_t at = 0, after_deep = 0;

	if (!slice_starts_with(destination, pattern->front))
		return false;
	while (rest.len > 0 || at < pattern->count) {
		if (at < pattern->count && pattern->segments[at].kind == SEGMENT_DEEP) {
			after_deep = ++at;
			retry = rest;
			continue;
		}
		if (rest.len > 0 && at < pattern->count) {
			struct slice next = rest;
			struct slice segment = url_take_part(&next, separator);

			if (access_segment_matches(
				    &pattern->segments[at], identity, segment)) {
				rest = next;
				at++;
				continue;
			}
		}
		if (retry.len == 0)
			return false;
		url_take_part(&retry, separator);
		rest = retry;
		at = after_deep;
	}
	return true;
}

/* The pattern of a client. */

bool access_wish_init(struct access_wish *wish, struct slice text, char separator)
{
	for (wish->count = 0; text.len > 0; wish->count++) {
		if (wish->count == ACCESS_SEGMENTS_MAX)
			return false;
		wish->segments[wish->count] = url_take_part(&text, separator);
	}
	return true;
}

static bool access_is_deep(struct slice segment)
{
	return slice_equal(slice_from(segment, 1), deep);
}

/* A glob in characters, which '?' stands for. */
struct characters {
	uint32_t at[256];
	size_t count;
};

/* False when the text is too long to be compared. */
static bool characters_init(struct characters *characters, struct slice text)
{
	characters->count = 0;
	while (text.len > 0) {
		uint32_t code = (unsigned char)text.data[0];
		const size_t len = utf8_decode(text, &code);

		if (characters->count == 256)
			return false;
		characters->at[characters->count++] = code;
		text = slice_from(text, len > 0 ? len : 1);
	}
	return true;
}

enum comparison { COVERS, MEETS };

/* Whether character `a` of a rule's glob and `b` of a client's agree. */
static bool character_agrees(enum comparison comparison, uint32_t a, uint32_t b)
{
	return a == '?' || a == b || (comparison == MEETS && b == '?');
}

/*
 * Walks both globs together. reach[j]: the characters of the rule so far, and the
 * first j of the client's, can be the same text. Only a rule's '*' takes a client's.
 */
static bool globs_compare(enum comparison comparison, const struct characters *rule,
	const struct characters *wish)
{
	bool reach[257] = {true}, next[257];

	for (size_t i = 0; i <= rule->count; i++) {
		const bool is_star = i < rule->count && rule->at[i] == '*';

		for (size_t j = 0; j <= wish->count; j++)
			next[j] = false;
		for (size_t j = 0; j <= wish->count; j++) {
			const bool is_wish_star = j < wish->count && wish->at[j] == '*';

			if (!reach[j])
				continue;
			next[j] = next[j] || is_star;
			if (j < wish->count &&
				(is_star || (is_wish_star && comparison == MEETS)))
				reach[j + 1] = true;
			if (i == rule->count || is_star || j == wish->count)
				continue;
			if (is_wish_star)
				next[j] = next[j] || comparison == MEETS;
			else if (character_agrees(comparison, rule->at[i], wish->at[j]))
				next[j + 1] = true;
		}
		if (i == rule->count)
			break;
		memcpy(reach, next, sizeof(reach));
	}
	return reach[wish->count];
}

/* A client's segment with wildcards beside a rule's. */
static bool access_globs_compare(
	enum comparison comparison, struct slice rule, struct slice wish)
{
	struct characters a, b;

	if (!characters_init(&a, rule) || !characters_init(&b, wish))
		return comparison == MEETS;
	return globs_compare(comparison, &a, &b);
}

/* One segment of a rule beside one of a client, which is not "**". */
static bool access_segment_compares(enum comparison comparison,
	const struct access_segment *segment, const struct identity *identity,
	struct slice wish)
{
	const struct slice body = slice_from(wish, 1);

	if (!glob_is(body))
		return access_segment_matches(segment, identity, wish);
	if (segment->separator != wish.data[0])
		return false;
	switch (segment->kind) {
	case SEGMENT_LITERAL:
	case SEGMENT_GLOB:
		return access_globs_compare(comparison, segment->text, body);
	case SEGMENT_ANY:
		return true;
	case SEGMENT_DEEP:
	case SEGMENT_USER:
	case SEGMENT_GROUP:
	case SEGMENT_CLAIM:
		break;
	}
	return comparison == MEETS;
}

/*
 * The same walk by segments: "**" of the rule takes any segment; that of the client
 * takes the rule's only if it is asked whether they meet.
 */
static bool access_compare(enum comparison comparison,
	const struct access_pattern *pattern, const struct identity *identity,
	const struct access_wish *wish)
{
	bool reach[ACCESS_SEGMENTS_MAX + 1] = {true}, next[ACCESS_SEGMENTS_MAX + 1];

	for (size_t i = 0; i <= pattern->count; i++) {
		const struct access_segment *segment =
			i < pattern->count ? &pattern->segments[i] : NULL;
		const bool is_deep = segment != NULL && segment->kind == SEGMENT_DEEP;

		memset(next, 0, sizeof(next));
		for (size_t j = 0; j <= wish->count; j++) {
			const bool is_wish_deep =
				j < wish->count && access_is_deep(wish->segments[j]);

			if (!reach[j])
				continue;
			next[j] = next[j] || is_deep;
			if (j < wish->count &&
				(is_deep || (is_wish_deep && comparison == MEETS)))
				reach[j + 1] = true;
			if (segment == NULL || is_deep || j == wish->count)
				continue;
			if (is_wish_deep)
				next[j] = next[j] || comparison == MEETS;
			else if (access_segment_compares(comparison, segment, identity,
					 wish->segments[j]))
				next[j + 1] = true;
		}
		if (i == pattern->count)
			break;
		memcpy(reach, next, sizeof(reach));
	}
	return reach[wish->count];
}

bool access_pattern_covers(const struct access_pattern *pattern,
	const struct identity *identity, const struct access_wish *wish)
{
	return access_compare(COVERS, pattern, identity, wish);
}

bool access_pattern_meets(const struct access_pattern *pattern,
	const struct identity *identity, const struct access_wish *wish)
{
	return access_compare(MEETS, pattern, identity, wish);
}
