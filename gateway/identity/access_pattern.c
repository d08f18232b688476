#include "gateway/identity/access_pattern_internal.h"

#include "gateway/identity/identity.h"
#include "gateway/route/glob.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

static const struct slice claim_prefix = SLICE_INIT("claim.");

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

/*
 * A client's '#' or '>' becomes "**" before rules are asked (broker/resolve.h). Here it
 * would be a letter, and match nothing of what was meant.
 */
static bool access_is_foreign(struct slice body, bool is_last)
{
	return slice_equal(body, SLICE("#")) || slice_ends_with(body, SLICE(".#")) ||
	       (is_last && (slice_equal(body, SLICE(">")) ||
				   slice_ends_with(body, SLICE(".>"))));
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
	if (slice_equal(body, SLICE("**")))
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

		mistake = access_is_foreign(slice_from(segment, 1), text.len == 0)
				  ? "\"#\" and \">\" are no wildcards of rules: write "
				    "\"**\" as a segment of its own"
				  : access_segment_init(made, segment);
		is_front = is_front && made->kind == SEGMENT_LITERAL;
		if (is_front)
			pattern->front.len += segment.len;
	}
	return mistake;
}

bool access_pattern_init(struct access_pattern *pattern, struct slice text,
	char separator, struct buf *mistake)
{
	*pattern = (struct access_pattern){
		.text = text, .front = slice_first(text, 0), .separator = separator};
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
	const struct identity *identity, struct slice text, bool in_doubt)
{
	if (segment->kind == SEGMENT_USER)
		return identity->user.len > 0 &&
		       access_decodes_to(text, identity->user);
	if (segment->kind == SEGMENT_CLAIM) {
		const struct slice *value = identity_claim(identity, segment->text);

		if (value == NULL)
			return in_doubt &&
			       identity_claim_is_unknown(identity, segment->text);
		return value->len > 0 && access_decodes_to(text, *value);
	}
	for (size_t i = 0; i < identity->group_count; i++) {
		if (access_decodes_to(text, identity->groups[i]))
			return true;
	}
	return false;
}

bool access_segment_matches(const struct access_segment *segment,
	const struct identity *identity, struct slice text, bool in_doubt)
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
	return access_variable_is(segment, identity, body, in_doubt);
}

/*
 * Where a match may stand, as bits: before the segments of the pattern, and within a
 * "/" and "**" that has taken a segment, after which it takes any.
 */
struct access_places {
	uint64_t before, within;
};

_Static_assert(ACCESS_SEGMENTS_MAX < 64, "a bit for each place");

/* Adds the places that are reached without a segment. */
static void access_places_close(
	struct access_places *places, const struct access_pattern *pattern)
{
	for (size_t i = 0; i < pattern->count; i++) {
		const uint64_t bit = UINT64_C(1) << i;

		if ((places->within & bit) != 0 ||
			((places->before & bit) != 0 &&
				pattern->segments[i].kind == SEGMENT_DEEP))
			places->before |= bit << 1;
	}
}

/* Adds the places behind `text`, a segment with its separator, from before `index`. */
static void access_places_step(struct access_places *next,
	const struct access_pattern *pattern, size_t index,
	const struct identity *identity, struct slice text, bool in_doubt)
{
	const struct access_segment *segment = &pattern->segments[index];
	const uint64_t bit = UINT64_C(1) << index;

	if (segment->kind != SEGMENT_DEEP) {
		if (access_segment_matches(segment, identity, text, in_doubt))
			next->before |= bit << 1;
	} else if (segment->separator == text.data[0]) {
		if (text.data[0] == '/')
			next->within |= bit;
		else
			next->before |= bit;
	}
}

bool access_pattern_matches(const struct access_pattern *pattern,
	const struct identity *identity, struct slice destination, bool in_doubt)
{
	struct access_places places = {.before = 1};

	if (!slice_starts_with(destination, pattern->front))
		return false;
	access_places_close(&places, pattern);
	while (destination.len > 0 && (places.before | places.within) != 0) {
		const struct slice text =
			url_take_part(&destination, pattern->separator);
		struct access_places next = {.within = places.within};

		for (size_t i = 0; i < pattern->count; i++) {
			if ((places.before >> i & 1) != 0)
				access_places_step(
					&next, pattern, i, identity, text, in_doubt);
		}
		access_places_close(&next, pattern);
		places = next;
	}
	return (places.before >> pattern->count & 1) != 0;
}
