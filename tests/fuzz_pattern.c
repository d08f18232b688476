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

/* By `pieces` of work at a time; 0: all of it in one call. */
static void check_match(struct pattern_set *set, struct slice destination,
	struct owner *owners, size_t count, size_t pieces)
{
	size_t all = 0, left = pieces;

	if (pieces == 0) {
		pattern_match(set, destination, count_found, &all);
	} else {
		pattern_start(set, destination, count_found, &all);
		while (!pattern_continue(set, &left)) {
			assert(left == 0);
			left = pieces;
		}
	}
	for (size_t i = 0; i < count; i++) {
		assert(owners[i].found == glob_model_pattern_matches(owners[i].pattern,
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
	if (text_is_fine(destination)) {
		check_match(&set, destination, owners, count, 0);
		check_match(&set, destination, owners, count, 1);
		check_match(&set, destination, owners, count, 3);
	}
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
