/*
 * A rule's pattern beside a client's. Both are walked along together, segment by
 * segment, and within segments character by character, with a set of places instead of
 * backtracking: clients choose the pattern.
 */
#include "gateway/identity/access_pattern_internal.h"

#include "gateway/route/glob.h"
#include "protocol/url.h"
#include "protocol/utf8.h"

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
	return slice_equal(slice_from(segment, 1), SLICE("**"));
}

/* A glob in characters, which '?' stands for. */
struct characters {
	uint32_t at[256];
	size_t count;
};

/* False when the text is too long to be compared, or no UTF-8. */
static bool characters_init(struct characters *characters, struct slice text)
{
	characters->count = 0;
	while (text.len > 0) {
		uint32_t code;
		const size_t len = utf8_decode(text, &code);

		if (characters->count == 256 || len == 0)
			return false;
		characters->at[characters->count++] = code;
		text = slice_from(text, len);
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
		return access_segment_matches(
			segment, identity, wish, comparison == MEETS);
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
 * The same walk by segments: before[j] when the rule's segments so far, and the first j
 * of the client's, can be the same text. `within` is as in struct access_places.
 */
struct access_reach {
	bool before[ACCESS_SEGMENTS_MAX + 1], within[ACCESS_SEGMENTS_MAX + 1];
	bool next[ACCESS_SEGMENTS_MAX + 1]; /* behind the rule's segment */
};

/*
 * The rule's "**". A client's may be empty: so after it a rule's that must cover has
 * not yet taken a segment, and one that must only meet may have or not.
 */
static void access_compare_deep(enum comparison comparison, struct access_reach *reach,
	char separator, const struct access_wish *wish)
{
	for (size_t j = 0; j <= wish->count; j++) {
		const bool is_last = j == wish->count;
		const struct slice text = is_last ? SLICE("") : wish->segments[j];
		const bool is_deep = !is_last && access_is_deep(text);
		const bool fits = !is_last && text.data[0] == separator;

		if (reach->before[j] || reach->within[j])
			reach->next[j] = true;
		if (reach->within[j] && !is_last)
			reach->within[j + 1] = true;
		if (!reach->before[j] || is_last)
			continue;
		if (is_deep ? fits || comparison == MEETS : fits && separator != '/')
			reach->before[j + 1] = true;
		if (fits && separator == '/' && (!is_deep || comparison == MEETS))
			reach->within[j + (is_deep ? 0 : 1)] = true;
		if (is_deep && reach->within[j])
			reach->within[j + 1] = true;
	}
}

/* Another segment of the rule, or its end (NULL). */
static void access_compare_one(enum comparison comparison, struct access_reach *reach,
	const struct access_segment *segment, const struct identity *identity,
	const struct access_wish *wish)
{
	for (size_t j = 0; j < wish->count; j++) {
		const struct slice text = wish->segments[j];

		if (!reach->before[j])
			continue;
		if (!access_is_deep(text)) {
			if (segment != NULL && access_segment_compares(comparison,
						       segment, identity, text))
				reach->next[j + 1] = true;
		} else if (comparison == MEETS) {
			reach->before[j + 1] = true;
			if (segment != NULL && segment->separator == text.data[0])
				reach->next[j] = true;
		}
	}
}

static bool access_compare(enum comparison comparison,
	const struct access_pattern *pattern, const struct identity *identity,
	const struct access_wish *wish)
{
	struct access_reach reach = {.before = {true}};

	for (size_t i = 0; i < pattern->count; i++) {
		const struct access_segment *segment = &pattern->segments[i];

		if (segment->kind == SEGMENT_DEEP)
			access_compare_deep(
				comparison, &reach, segment->separator, wish);
		else
			access_compare_one(comparison, &reach, segment, identity, wish);
		memcpy(reach.before, reach.next, sizeof(reach.before));
		memset(reach.within, 0, sizeof(reach.within));
		memset(reach.next, 0, sizeof(reach.next));
	}
	access_compare_one(comparison, &reach, NULL, identity, wish);
	return reach.before[wish->count];
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
