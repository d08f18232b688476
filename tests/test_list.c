#include "gateway/base/list.h"

#include "tests/support/unit.h"

struct item {
	int number;
	struct list link;
};

static struct list head;
static struct item items[4];

static void setup(void)
{
	list_init(&head);
	memset(items, 0, sizeof(items));
	for (int i = 0; i < 4; i++) {
		items[i].number = i;
		list_append(&head, &items[i].link);
	}
}

/* The numbers in the list's order, as digits. */
static int order(void)
{
	int digits = 0;

	list_for_each (link, &head)
		digits =
			digits * 10 + container_of(link, struct item, link)->number + 1;
	return digits;
}

START_TEST(links_stand_in_the_order_of_appending)
{
	ck_assert_int_eq(order(), 1234);
	ck_assert(!list_is_empty(&head));
}
END_TEST

static const struct {
	int removed, left;
} removals[] = {{0, 234}, {1, 134}, {2, 124}, {3, 123}};

START_TEST(any_link_can_be_removed)
{
	struct list *link = &items[removals[_i].removed].link;

	list_remove(link);
	ck_assert_int_eq(order(), removals[_i].left);
	ck_assert(!list_is_linked(link));
	list_remove(link); /* does nothing */
	ck_assert_int_eq(order(), removals[_i].left);
	list_append(&head, link);
	ck_assert(list_is_linked(link));
}
END_TEST

START_TEST(a_zeroed_link_is_in_no_list)
{
	struct list link = {NULL, NULL};

	ck_assert(!list_is_linked(&link));
	list_remove(&link);
	ck_assert(!list_is_linked(&link));
}
END_TEST

START_TEST(the_first_is_taken_until_none_is_left)
{
	for (int i = 0; i < 4; i++) {
		struct list *link = list_take_first(&head);

		ck_assert_ptr_eq(link, &items[i].link);
		ck_assert(!list_is_linked(link));
	}
	ck_assert_ptr_null(list_take_first(&head));
	ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(a_list_takes_all_of_another_in_their_order)
{
	struct list one, others, links[4] = {0};

	list_init(&one);
	list_init(&others);
	list_join(&one, &others);
	ck_assert(list_is_empty(&one));
	for (int i = 0; i < 4; i++)
		list_append(i < 2 ? &one : &others, &links[i]);
	list_join(&one, &others);
	ck_assert(list_is_empty(&others));
	for (int i = 0; i < 4; i++)
		ck_assert_ptr_eq(list_take_first(&one), &links[i]);
	ck_assert(list_is_empty(&one));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *tcase = unit_case(suite, "list");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, links_stand_in_the_order_of_appending);
	unit_add_table(tcase, any_link_can_be_removed, removals);
	tcase_add_test(tcase, a_zeroed_link_is_in_no_list);
	tcase_add_test(tcase, the_first_is_taken_until_none_is_left);
	tcase_add_test(tcase, a_list_takes_all_of_another_in_their_order);
	return unit_run(suite);
}
