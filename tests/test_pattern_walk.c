/*
 * Walks that stop and go on, while patterns come and go: random sets are compared with
 * a model.
 */
#include "gateway/broker/pattern.h"
#include "tests/support/chance.h"
#include "tests/support/glob_model.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { PATTERNS = 60, TEXT_MAX = 48 };

/* A pattern that may be in the set. */
struct owner {
	char text[TEXT_MAX];
	unsigned users;  /* that have added it and not removed it */
	unsigned told;   /* by the latest match */
	bool is_foreign; /* it came or went during the match */
};

static struct pattern_set set;
static struct owner owners[PATTERNS];

static void setup(void)
{
	pattern_set_init(&set, &(struct hash_key){1, 2}, '/');
	memset(owners, 0, sizeof(owners));
}

static void teardown(void)
{
	pattern_set_finish(&set, NULL);
}

static void tell(void *value, void *context)
{
	struct owner *owner = value;

	(void)context;
	ck_assert_uint_gt(owner->users, 0);
	owner->told++;
}

static void invent(struct chance *chance, const char *letters, bool is_pattern,
	char text[TEXT_MAX])
{
	const unsigned segments = 1 + chance_below(chance, 5);

	text[0] = '\0';
	for (unsigned i = 0; i < segments; i++) {
		char segment[8] = "/";
		const unsigned len = chance_below(chance, 5);

		for (unsigned j = 0; j < len; j++)
			segment[1 + j] = letters[chance_below(
				chance, (unsigned)strlen(letters))];
		if (is_pattern && chance_percent(chance, 20))
			strcpy(segment, "/**");
		strcat(text, segment);
	}
}

static void owner_add(struct owner *owner)
{
	void **place = pattern_add(&set, slice_of(owner->text));

	ck_assert(*place == NULL);
	*place = owner;
	owner->users = 1;
	owner->is_foreign = true;
}

static void owner_remove(struct owner *owner)
{
	*pattern_find(&set, slice_of(owner->text)) = NULL;
	pattern_remove(&set, slice_of(owner->text));
	owner->users = 0;
	owner->is_foreign = true;
}

/* Adds or removes one of them; a text is in the set once. */
static void change_one(struct chance *chance)
{
	struct owner *owner = &owners[chance_below(chance, PATTERNS)];

	if (owner->users > 0) {
		owner_remove(owner);
		return;
	}
	invent(chance, "ab*?", true, owner->text);
	if (pattern_find(&set, slice_of(owner->text)) == NULL)
		owner_add(owner);
}

/* Some rounds by a random number of pieces; then changes come in between. */
static void match_once(struct chance *chance, bool has_changes)
{
	char destination[TEXT_MAX];
	size_t pieces = 1 + chance_below(chance, 6), left = pieces;

	invent(chance, "ab", false, destination);
	for (int i = 0; i < PATTERNS; i++) {
		owners[i].told = 0;
		owners[i].is_foreign = false;
	}
	pattern_start(&set, slice_of(destination), tell, NULL);
	while (!pattern_continue(&set, &left)) {
		left = pieces;
		if (has_changes && chance_percent(chance, 30))
			change_one(chance);
	}
	for (int i = 0; i < PATTERNS; i++) {
		const struct owner *owner = &owners[i];
		const bool is_match = owner->users > 0 &&
				      glob_model_pattern_matches(slice_of(owner->text),
					      slice_of(destination), '/');

		/* A new one may be told, once, if it matches. */
		if (owner->is_foreign ? owner->told > is_match && owner->users > 0
				      : owner->told != is_match)
			ck_abort_msg("%s with %s: told %u times", owner->text,
				destination, owner->told);
	}
}

static void play(uint64_t seed, bool has_changes)
{
	struct chance chance = {seed};

	for (int round = 0; round < 400; round++) {
		for (int i = 0; i < 4; i++)
			change_one(&chance);
		match_once(&chance, has_changes);
	}
	for (int i = 0; i < PATTERNS; i++) {
		if (owners[i].users > 0)
			owner_remove(&owners[i]);
	}
	ck_assert_uint_eq(set.count + set.nodes + set.groups.count, 0);
}

START_TEST(random_sets_match_as_their_model_does)
{
	play(0xab1e + (uint64_t)_i, false);
}
END_TEST

START_TEST(patterns_may_come_and_go_during_a_walk)
{
	play(0xcafe + (uint64_t)_i, true);
}
END_TEST

START_TEST(a_walk_does_as_much_as_it_may)
{
	size_t left = 5;

	strcpy(owners[0].text, "/**/a*/b*");
	owner_add(&owners[0]);
	pattern_start(&set, SLICE("/a/b/a1/b2/a3/b4"), tell, NULL);
	ck_assert(!pattern_continue(&set, &left));
	ck_assert_uint_eq(left, 0);
	ck_assert_uint_eq(set.work, 5);
	left = 1000;
	ck_assert(pattern_continue(&set, &left));
	ck_assert_uint_eq(left, 1000 - (set.work - 5));
	ck_assert_uint_eq(owners[0].told, 1);
	/* It is over. */
	ck_assert(pattern_continue(&set, &left));
	ck_assert_uint_eq(owners[0].told, 1);
	owner_remove(&owners[0]);
}
END_TEST

START_TEST(a_set_may_end_during_a_walk)
{
	size_t left = 1;

	strcpy(owners[0].text, "/a*");
	owner_add(&owners[0]);
	pattern_start(&set, SLICE("/ab"), tell, NULL);
	ck_assert(!pattern_continue(&set, &left));
	owner_remove(&owners[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern walk");
	TCase *all = unit_case(suite, "all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, random_sets_match_as_their_model_does, 0, 20);
	tcase_add_loop_test(all, patterns_may_come_and_go_during_a_walk, 0, 20);
	tcase_add_test(all, a_walk_does_as_much_as_it_may);
	tcase_add_test(all, a_set_may_end_during_a_walk);
	return unit_run(suite);
}
