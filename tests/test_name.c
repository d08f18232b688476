#include "gateway/base/name.h"

#include "tests/support/unit.h"

static struct names names;

static void setup(void)
{
	names_init(&names, &(struct hash_key){1, 2}, 0);
}

static void teardown(void)
{
	names_finish(&names); /* nothing is left */
}

START_TEST(the_same_text_is_the_same_name)
{
	char text[] = "sub-0";
	struct name *one = name_intern(&names, slice_of(text));
	struct name *two = name_intern(&names, SLICE("sub-0"));
	struct name *other = name_intern(&names, SLICE("sub-1"));

	ck_assert_ptr_eq(one, two);
	ck_assert_ptr_ne(one, other);
	ck_assert_uint_eq(names.table.count, 2);
	text[0] = 'X'; /* the name keeps a copy */
	ck_assert_slice_eq(name_text(one), SLICE("sub-0"));
	name_unref(&names, one);
	name_unref(&names, two);
	name_unref(&names, other);
}
END_TEST

START_TEST(a_name_lives_until_its_last_reference)
{
	struct name *name = name_intern(&names, SLICE("a"));

	ck_assert_ptr_eq(name_ref(name), name);
	name_unref(&names, name);
	ck_assert_slice_eq(name_text(name), SLICE("a"));
	ck_assert_uint_eq(names.table.count, 1);
	name_unref(&names, name);
	ck_assert_uint_eq(names.table.count, 0);
}
END_TEST

START_TEST(a_number_never_comes_again)
{
	struct names others;
	names_init(&others, &(struct hash_key){1, 2}, 1);
	struct name *one = name_intern(&names, SLICE("a"));
	struct name *other = name_intern(&others, SLICE("a"));
	const uint64_t number = name_number(one);

	ck_assert_uint_ne(number, 0);
	ck_assert_uint_ne(number, name_number(other));
	ck_assert_uint_eq(name_number(NULL), 0);
	name_unref(&names, one);
	one = name_intern(&names, SLICE("a"));
	ck_assert_uint_ne(name_number(one), number);
	name_unref(&names, one);
	name_unref(&others, other);
	names_finish(&others);
}
END_TEST

START_TEST(a_name_is_bytes)
{
	struct name *empty = name_intern(&names, SLICE(""));
	struct name *nul = name_intern(&names, SLICE("a\0b"));

	ck_assert_slice_eq(name_text(empty), SLICE(""));
	ck_assert_slice_eq(name_text(nul), SLICE("a\0b"));
	name_unref(&names, empty);
	name_unref(&names, nul);
}
END_TEST

START_TEST(no_name_is_fine)
{
	ck_assert_ptr_null(name_ref(NULL));
	name_unref(&names, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("name");
	TCase *tcase = unit_case(suite, "name");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_same_text_is_the_same_name);
	tcase_add_test(tcase, a_name_lives_until_its_last_reference);
	tcase_add_test(tcase, a_number_never_comes_again);
	tcase_add_test(tcase, a_name_is_bytes);
	tcase_add_test(tcase, no_name_is_fine);
	return unit_run(suite);
}
