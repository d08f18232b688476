#include "gateway/base/table.h"

#include "gateway/base/list.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { MANY = 1000 };

struct item {
	struct table_node node;
	char name[16];
	int visits;
};

static struct table table;
static struct item items[MANY];

static void setup(void)
{
	const struct hash_key key = {1, 2};

	table_init(&table, &key);
	for (int i = 0; i < MANY; i++) {
		snprintf(items[i].name, sizeof(items[i].name), "%d", i);
		items[i].visits = 0;
	}
}

static struct slice key_of(const struct item *item)
{
	return slice_of(item->name);
}

static void insert(int from, int to)
{
	for (int i = from; i < to; i++)
		table_insert(&table, &items[i].node, key_of(&items[i]));
}

static void empty(void)
{
	struct table_node *node;

	while ((node = table_any(&table)) != NULL)
		table_remove(&table, node);
	table_finish(&table);
}

START_TEST(an_empty_table_has_nothing)
{
	ck_assert_ptr_null(table_find(&table, SLICE("1")));
	ck_assert_ptr_null(table_find(&table, SLICE("")));
	ck_assert_ptr_null(table_any(&table));
	table_finish(&table);
}
END_TEST

START_TEST(a_known_hash_finds_the_same)
{
	const uint64_t hash = hash_slice(&table.key, SLICE("7"));

	ck_assert_ptr_null(table_find_hashed(&table, SLICE("7"), hash));
	insert(0, MANY);
	ck_assert_ptr_eq(table_find_hashed(&table, SLICE("7"), hash), &items[7].node);
	ck_assert_ptr_null(table_find_hashed(&table, SLICE("7"), hash + 1));
	empty();
}
END_TEST

START_TEST(what_is_inserted_is_found_however_much_it_grows)
{
	for (int i = 0; i < MANY; i++) {
		ck_assert_ptr_null(table_find(&table, key_of(&items[i])));
		insert(i, i + 1);
		ck_assert_ptr_eq(table_find(&table, key_of(&items[i])), &items[i].node);
	}
	ck_assert_uint_eq(table.count, MANY);
	for (int i = 0; i < MANY; i++)
		ck_assert_ptr_eq(table_find(&table, key_of(&items[i])), &items[i].node);
	empty();
}
END_TEST

START_TEST(what_is_removed_is_gone_and_the_others_stay)
{
	insert(0, MANY);
	for (int i = 0; i < MANY; i += 2)
		table_remove(&table, &items[i].node);
	ck_assert_uint_eq(table.count, MANY / 2);
	for (int i = 0; i < MANY; i++) {
		struct table_node *found = table_find(&table, key_of(&items[i]));

		ck_assert_ptr_eq(found, i % 2 == 0 ? NULL : &items[i].node);
	}
	empty();
}
END_TEST

START_TEST(what_was_removed_may_come_back)
{
	insert(0, 1);
	table_remove(&table, &items[0].node);
	insert(0, 1);
	ck_assert_ptr_eq(table_find(&table, SLICE("0")), &items[0].node);
	ck_assert_uint_eq(table.count, 1);
	empty();
}
END_TEST

START_TEST(keys_are_bytes_of_any_length)
{
	table_insert(&table, &items[0].node, SLICE(""));
	table_insert(&table, &items[1].node, SLICE("\0"));
	table_insert(&table, &items[2].node, SLICE("\0\0"));
	ck_assert_ptr_eq(table_find(&table, SLICE("")), &items[0].node);
	ck_assert_ptr_eq(table_find(&table, SLICE("\0")), &items[1].node);
	ck_assert_ptr_eq(table_find(&table, SLICE("\0\0")), &items[2].node);
	empty();
}
END_TEST

static void visit(struct table_node *node, void *context)
{
	container_of(node, struct item, node)->visits++;
	*(int *)context += 1;
}

START_TEST(each_node_is_visited_once)
{
	int visited = 0;

	table_for_each(&table, visit, &visited);
	ck_assert_int_eq(visited, 0);
	insert(0, MANY);
	table_for_each(&table, visit, &visited);
	ck_assert_int_eq(visited, MANY);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(items[i].visits, 1);
	empty();
}
END_TEST

/* How many old buckets the latest call has moved. `before` is the table before it. */
static size_t moved_since(const struct table *before)
{
	return table.old != NULL && table.old == before->old
		       ? table.moved - before->moved
		       : 0;
}

START_TEST(a_large_table_grows_and_shrinks_step_by_step)
{
	size_t growing = 0, shrinking = 0;

	for (int i = 0; i < MANY; i++) {
		const struct table before = table;

		insert(i, i + 1);
		growing += table.old != NULL;
		ck_assert_uint_le(moved_since(&before), TABLE_STEP);
		ck_assert_ptr_eq(
			table_find(&table, key_of(&items[i / 2])), &items[i / 2].node);
	}
	for (int i = 0; i < MANY; i++) {
		const struct table before = table;

		ck_assert_ptr_eq(table_find(&table, key_of(&items[i])), &items[i].node);
		table_remove(&table, &items[i].node);
		shrinking += table.old != NULL;
		ck_assert_uint_le(moved_since(&before), TABLE_STEP);
	}
	ck_assert_uint_gt(growing, 0);
	ck_assert_uint_gt(shrinking, 0);
	table_finish(&table);
}
END_TEST

START_TEST(a_table_that_is_being_moved_is_visited_and_emptied_whole)
{
	int visited = 0;

	for (int last = 0; table.old == NULL; last++)
		insert(last, last + 1);
	table_for_each(&table, visit, &visited);
	ck_assert_uint_eq((size_t)visited, table.count);
	empty();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = unit_case(suite, "table");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, an_empty_table_has_nothing);
	tcase_add_test(tcase, a_known_hash_finds_the_same);
	tcase_add_test(tcase, what_is_inserted_is_found_however_much_it_grows);
	tcase_add_test(tcase, what_is_removed_is_gone_and_the_others_stay);
	tcase_add_test(tcase, what_was_removed_may_come_back);
	tcase_add_test(tcase, keys_are_bytes_of_any_length);
	tcase_add_test(tcase, each_node_is_visited_once);
	tcase_add_test(tcase, a_large_table_grows_and_shrinks_step_by_step);
	tcase_add_test(tcase, a_table_that_is_being_moved_is_visited_and_emptied_whole);
	return unit_run(suite);
}
