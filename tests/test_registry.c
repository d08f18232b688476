#include "gateway/base/registry.h"

#include "gateway/base/list.h"
#include "tests/support/unit.h"

static struct registry registry;

/* The entry need not be the first member of its object. */
struct thing {
	int value;
	struct entry entry;
};

static void setup(void)
{
	registry_init(&registry, &(struct hash_key){1, 2});
}

static void teardown(void)
{
	registry_finish(&registry);
}

START_TEST(numbers_begin_at_one_and_are_never_given_twice)
{
	struct thing things[3] = {0};

	for (uint64_t i = 0; i < 3; i++) {
		registry_add(&registry, &things[i].entry);
		ck_assert_uint_eq(things[i].entry.number, i + 1);
	}
	for (uint64_t i = 0; i < 3; i++)
		registry_remove(&registry, &things[i].entry);
	registry_add(&registry, &things[0].entry);
	ck_assert_uint_eq(things[0].entry.number, 4);
	registry_remove(&registry, &things[0].entry);
}
END_TEST

START_TEST(a_thing_is_found_by_its_number_until_it_is_removed)
{
	struct thing a = {.value = 1}, b = {.value = 2};

	registry_add(&registry, &a.entry);
	registry_add(&registry, &b.entry);
	ck_assert_ptr_eq(registry_find(&registry, a.entry.number), &a.entry);
	struct entry *found = registry_find(&registry, b.entry.number);
	ck_assert_int_eq(container_of(found, struct thing, entry)->value, 2);

	registry_remove(&registry, &a.entry);
	ck_assert_ptr_null(registry_find(&registry, a.entry.number));
	ck_assert_ptr_eq(registry_find(&registry, b.entry.number), &b.entry);
	registry_remove(&registry, &b.entry);
}
END_TEST

START_TEST(nothing_has_a_number_that_was_not_given)
{
	struct thing a = {0};

	ck_assert_ptr_null(registry_find(&registry, 1));
	registry_add(&registry, &a.entry);
	ck_assert_ptr_null(registry_find(&registry, 0));
	ck_assert_ptr_null(registry_find(&registry, 2));
	ck_assert_ptr_null(registry_find(&registry, UINT64_MAX));
	registry_remove(&registry, &a.entry);
}
END_TEST

START_TEST(a_thing_that_comes_again_has_another_number)
{
	struct thing a = {0};

	registry_add(&registry, &a.entry);
	uint64_t before = a.entry.number;
	registry_remove(&registry, &a.entry);
	registry_add(&registry, &a.entry);
	ck_assert_ptr_null(registry_find(&registry, before));
	ck_assert_ptr_eq(registry_find(&registry, a.entry.number), &a.entry);
	registry_remove(&registry, &a.entry);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry");
	TCase *tcase = unit_case(suite, "registry");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, numbers_begin_at_one_and_are_never_given_twice);
	tcase_add_test(tcase, a_thing_is_found_by_its_number_until_it_is_removed);
	tcase_add_test(tcase, nothing_has_a_number_that_was_not_given);
	tcase_add_test(tcase, a_thing_that_comes_again_has_another_number);
	return unit_run(suite);
}
