#include "tests/bench/check.h"

#include "tests/support/unit.h"
static const struct {
	uint64_t numbers[6];
	uint64_t missed, doubled, disordered;
} rows[] = {
	{{0, 1, 2, 3, 4, 5}, 0, 0, 0},
	{{0, 1, 3, 4, 5, 6}, 1, 0, 0},
	{{1, 2, 3, 4, 5, 6}, 1, 0, 0},
	{{0, 1, 1, 2, 3, 4}, 0, 1, 0},
	{{0, 2, 1, 3, 4, 5}, 0, 0, 1},
	{{0, 3, 2, 1, 1, 4}, 0, 1, 2},
	{{0, 1, 2, 200, 201, 202}, 197, 0, 0},
	{{0, 1, 200, 1, 201, 202}, 198, 1, 0},
};

START_TEST(what_is_lost_doubled_or_late_is_counted)
{
	struct check check = {0};

	for (size_t i = 0; i < COUNT(rows[_i].numbers); i++)
		check_hear(&check, rows[_i].numbers[i]);
	ck_assert_uint_eq(check.heard, 6);
	ck_assert_uint_eq(check.missed, rows[_i].missed);
	ck_assert_uint_eq(check.doubled, rows[_i].doubled);
	ck_assert_uint_eq(check.disordered, rows[_i].disordered);
}
END_TEST

START_TEST(a_stamp_is_read_as_it_was_written)
{
	const struct stamp stamp = {0x123456789abcdef0, 42};
	struct stamp got;
	char body[STAMP_SIZE];

	stamp_write(body, &stamp);
	ck_assert(stamp_read(&got, (struct slice){body, sizeof(body)}));
	ck_assert_uint_eq(got.number, stamp.number);
	ck_assert_uint_eq(got.time, stamp.time);
	ck_assert(!stamp_read(&got, (struct slice){body, sizeof(body) - 1}));
	body[3] = 'x';
	ck_assert(!stamp_read(&got, (struct slice){body, sizeof(body)}));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench");
	TCase *tcase = unit_case(suite, "check");

	unit_add_table(tcase, what_is_lost_doubled_or_late_is_counted, rows);
	tcase_add_test(tcase, a_stamp_is_read_as_it_was_written);
	return unit_run(suite);
}
