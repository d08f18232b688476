/* The common part of every test program: Check, and the few lines that run a suite. */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

#include "protocol/buf.h"

#include <check.h>
#include <stdlib.h>

/* How many rows a table has. */
#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* Runs `test` once per row of `table`; the row's index is `_i`. */
#define unit_add_table(tcase, test, table)                                             \
	tcase_add_loop_test(tcase, test, 0, (int)COUNT(table))

/* Compares whole texts, with NULs, and prints them when they differ. */
#define ck_assert_slice_eq(got, expected)                                              \
	do {                                                                           \
		struct slice got_ = (got), expected_ = (expected);                     \
		ck_assert_msg(slice_equal(got_, expected_),                            \
			"%s is \"%.*s\" (%zu bytes), not \"%.*s\" (%zu bytes)", #got,  \
			SLICE_ARGS(got_), got_.len, SLICE_ARGS(expected_),             \
			expected_.len);                                                \
	} while (0)

/* Adds a test case to the suite; the suite frees it. */
static inline TCase *unit_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	suite_add_tcase(suite, tcase);
	return tcase;
}

/* Runs the suite and frees it. Returns what main() returns. */
static inline int unit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
