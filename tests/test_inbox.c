#include "gateway/inbox.h"

#include "tests/unit.h"

enum { MANY = 20 };

static struct inbox inbox;
static struct post posts[MANY];

static void begin(uint64_t count_max, uint64_t bytes_max)
{
	inbox_init(&inbox, count_max, bytes_max);
	memset(posts, 0, sizeof(posts));
	for (size_t i = 0; i < MANY; i++)
		posts[i].size = 10;
}

START_TEST(posts_come_out_as_they_went_in)
{
	begin(100, 1000);
	ck_assert_ptr_null(inbox_pop(&inbox));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			inbox_push(&inbox, &posts[i]);
		ck_assert_uint_eq(inbox.count, MANY);
		ck_assert_uint_eq(inbox.bytes, 10 * MANY);
		for (int i = 0; i < MANY; i++)
			ck_assert_ptr_eq(inbox_pop(&inbox), &posts[i]);
		ck_assert_ptr_null(inbox_pop(&inbox));
	}
	ck_assert_uint_eq(inbox.count + inbox.bytes, 0);
}
END_TEST

static const struct {
	uint64_t count_max, bytes_max;
	int full_at, open_at; /* posts that are in it */
} marks[] = {
	{10, 1000, 10, 5}, {1000, 100, 10, 5}, {11, 1000, 11, 5}, {1, 1000, 1, 0},
	{1000, 1, 1, 0},
	{10, 95, 10, 4}, /* the one that goes over the mark still comes in */
};

START_TEST(it_is_full_at_the_mark_and_open_again_at_half)
{
	int in = 0;

	begin(marks[_i].count_max, marks[_i].bytes_max);
	for (; in < marks[_i].full_at; inbox_push(&inbox, &posts[in++]))
		ck_assert(!inbox_is_full(&inbox));
	ck_assert(inbox_is_full(&inbox));
	for (; in > marks[_i].open_at; in--) {
		ck_assert(inbox_is_full(&inbox));
		inbox_pop(&inbox);
	}
	ck_assert(!inbox_is_full(&inbox));
}
END_TEST

START_TEST(a_full_inbox_still_takes_posts)
{
	begin(2, 1000);
	for (int i = 0; i < MANY; i++)
		inbox_push(&inbox, &posts[i]);
	for (int i = 0; i < MANY; i++)
		ck_assert_ptr_eq(inbox_pop(&inbox), &posts[i]);
	ck_assert(!inbox_is_full(&inbox));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inbox");
	TCase *tcase = unit_case(suite, "inbox");

	tcase_add_test(tcase, posts_come_out_as_they_went_in);
	unit_add_table(tcase, it_is_full_at_the_mark_and_open_again_at_half, marks);
	tcase_add_test(tcase, a_full_inbox_still_takes_posts);
	return unit_run(suite);
}
