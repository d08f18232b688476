/*
 * Patterns of destinations: the first line is a destination, each other one a pattern
 * that a client subscribes to. The trie must find the same patterns as a table that
 * compares one after the other with the destination, and each pattern once.
 */
#include "gateway/broker/pattern.h"
#include "protocol/utf8.h"
#include "tests/support/fuzz.h"
#include "tests/support/glob_model.h"

enum { TEXT_MAX = GLOB_MODEL_MAX, PATTERNS_MAX = 12 };

/* A pattern of the input, and how often the trie has found it. */
struct owner {
	struct slice pattern;
	unsigned found;
};

/* Cuts a text into its segments, each with the separator before it. */
static size_t cut(struct slice text, char separator, struct slice segments[TEXT_MAX])
{
	size_t count = 0;

	while (text.len > 0) {
		size_t len = 1;

		while (len < text.len && text.data[len] != '/' &&
			text.data[len] != separator)
			len++;
		segments[count++] = slice_first(text, len);
		text = slice_from(text, len);
	}
	return count;
}

/* The same as glob_model_matches(), for segments. */
static bool pattern_matches(
	struct slice pattern, struct slice destination, char separator)
{
	bool fits[PATTERN_SEGMENTS_MAX + 1][TEXT_MAX + 1] = {{false}};
	struct slice globs[TEXT_MAX], texts[TEXT_MAX];
	const size_t wanted = cut(pattern, separator, globs);
	const size_t given = cut(destination, separator, texts);

	assert(wanted <= PATTERN_SEGMENTS_MAX);
	fits[wanted][given] = true;
	for (size_t p = wanted; p-- > 0;) {
		const bool is_deep = slice_equal(slice_from(globs[p], 1), SLICE("**"));

		for (size_t t = given + 1; t-- > 0;) {
			const bool is_left = t < given;

			if (is_deep)
				fits[p][t] =
					fits[p + 1][t] ||
					(is_left && fits[p][t + 1] &&
						globs[p].data[0] == texts[t].data[0]);
			else
				fits[p][t] = is_left && fits[p + 1][t + 1] &&
					     glob_model_matches(globs[p], texts[t]);
		}
	}
	return fits[0][0];
}

/* A name that a client may send; the gateway reads no other. */
static bool text_is_fine(struct slice text)
{
	return text.len > 1 && text.len <= TEXT_MAX && text.data[0] == '/' &&
	       utf8_is_valid(text);
}

static size_t add_patterns(
	struct pattern_set *set, struct slice lines, struct owner owners[PATTERNS_MAX])
{
	size_t count = 0;

	while (lines.len > 0 && count < PATTERNS_MAX) {
		const struct slice pattern = fuzz_line(&lines);
		struct buf error = {0};

		if (text_is_fine(pattern) &&
			pattern_check(pattern, set->separator, &error)) {
			const size_t nodes = set->nodes + pattern_growth(set, pattern);
			void **place = pattern_add(set, pattern);

			assert(set->nodes == nodes);
			assert(pattern_find(set, pattern) == place);
			assert(pattern_growth(set, pattern) == 0);
			if (*place == NULL) {
				owners[count] = (struct owner){pattern, 0};
				*place = &owners[count++];
			}
			assert(set->count == count);
		} else {
			assert(!text_is_fine(pattern) || error.len > 0);
		}
		buf_finish(&error);
	}
	return count;
}

static void count_found(void *value, void *context)
{
	((struct owner *)value)->found++;
	++*(size_t *)context;
}

static void check_match(struct pattern_set *set, struct slice destination,
	struct owner *owners, size_t count)
{
	size_t all = 0;

	pattern_match(set, destination, count_found, &all);
	for (size_t i = 0; i < count; i++) {
		assert(owners[i].found == pattern_matches(owners[i].pattern,
						  destination, set->separator));
		all -= owners[i].found;
		owners[i].found = 0;
	}
	assert(all == 0);
	/* A step goes to each place once at most. */
	assert(count == 0 || set->visited <= (set->nodes + 1) * destination.len);
}

/* In both orders, so that nodes are shared and freed in many ways. */
static void remove_patterns(
	struct pattern_set *set, struct owner *owners, size_t count, bool from_last)
{
	for (size_t i = 0; i < count; i++) {
		const struct slice pattern =
			owners[from_last ? count - 1 - i : i].pattern;

		*pattern_find(set, pattern) = NULL;
		pattern_remove(set, pattern);
		assert(pattern_find(set, pattern) == NULL);
	}
	assert(set->count == 0 && set->nodes == 0);
}

static void play(struct slice lines, char separator)
{
	struct pattern_set set;
	struct owner owners[PATTERNS_MAX];
	const struct slice destination = fuzz_line(&lines);
	size_t count;

	pattern_set_init(&set, &(struct hash_key){1, 2}, separator);
	count = add_patterns(&set, lines, owners);
	if (text_is_fine(destination))
		check_match(&set, destination, owners, count);
	remove_patterns(&set, owners, count, false);
	count = add_patterns(&set, lines, owners);
	remove_patterns(&set, owners, count, true);
	pattern_set_finish(&set, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	play(fuzz_slice(data, size), '/');
	play(fuzz_slice(data, size), '.');
	return 0;
}
