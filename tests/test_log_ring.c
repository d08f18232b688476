#include "gateway/base/log_ring.h"

#include "tests/support/unit.h"

static struct log_ring ring;

static void setup(void)
{
	memset(&ring, 0, sizeof(ring));
}

/* The oldest lines, up to so many bytes. */
static struct slice take(size_t most)
{
	static char out[LOG_RING_BYTES];

	return (struct slice){out, log_ring_take(&ring, out, most)};
}

/* Puts lines of `len` bytes until one is lost; returns how many have found room. */
static size_t fill(size_t len)
{
	char line[4096];
	size_t lines = 0;

	memset(line, 'x', len - 1);
	line[len - 1] = '\n';
	while (log_ring_put(&ring, (struct slice){line, len}))
		lines++;
	return lines;
}

START_TEST(lines_come_out_whole_and_in_order)
{
	ck_assert(log_ring_put(&ring, SLICE("one\n")));
	ck_assert(log_ring_put(&ring, SLICE("two\n")));
	ck_assert(log_ring_put(&ring, SLICE("three\n")));
	ck_assert_slice_eq(take(11), SLICE("one\ntwo\n"));
	ck_assert_slice_eq(take(11), SLICE("three\n"));
	ck_assert_slice_eq(take(11), SLICE(""));
}
END_TEST

START_TEST(a_line_that_is_longer_than_the_room_for_it_comes_in_parts)
{
	ck_assert(log_ring_put(&ring, SLICE("twelve bytes\n")));
	ck_assert_slice_eq(take(6), SLICE("twelve"));
	ck_assert_slice_eq(take(7), SLICE(" bytes\n"));
}
END_TEST

START_TEST(the_ring_goes_round)
{
	size_t most = 0;

	for (int i = 0; i < 3000; i++) {
		char line[1001];

		memset(line, 'a' + i % 26, sizeof(line) - 1);
		line[sizeof(line) - 1] = '\n';
		ck_assert(log_ring_put(&ring, (struct slice){line, sizeof(line)}));
		most = most > ring.start + ring.used ? most : ring.start + ring.used;
		if (i == 0)
			continue; /* it is never empty */
		const struct slice taken = take(sizeof(line));
		ck_assert_uint_eq(taken.len, sizeof(line));
		ck_assert_int_eq(taken.data[0], 'a' + (i - 1) % 26);
		ck_assert_int_eq(taken.data[999], 'a' + (i - 1) % 26);
	}
	ck_assert_uint_gt(most, LOG_RING_BYTES);
}
END_TEST

START_TEST(an_empty_ring_touches_no_more_of_its_memory)
{
	for (int i = 0; i < 100; i++) {
		ck_assert(log_ring_put(&ring, SLICE("a line\n")));
		ck_assert_slice_eq(take(4096), SLICE("a line\n"));
	}
	ck_assert_int_eq(ring.bytes[sizeof("a line\n")], '\0');
}
END_TEST

START_TEST(what_finds_no_room_is_lost_and_told_once_half_is_free)
{
	const size_t lines = fill(1024);

	ck_assert_uint_eq(lines, LOG_RING_BYTES / 1024);
	ck_assert(!log_ring_put(&ring, SLICE("small\n")));
	ck_assert_uint_eq(ring.lost, 2);
	ck_assert_uint_eq(log_ring_gap(&ring), 0);
	for (size_t i = 0; i < lines / 2; i++) {
		ck_assert_uint_eq(log_ring_gap(&ring), 0);
		/* There is room, but what comes after a gap waits for its line. */
		ck_assert(!log_ring_put(&ring, SLICE("small\n")));
		take(1024);
	}
	ck_assert_uint_eq(log_ring_gap(&ring), 2 + lines / 2);
	log_ring_close_gap(&ring, SLICE("lost\n"));
	ck_assert(log_ring_put(&ring, SLICE("small\n")));
	ck_assert_uint_eq(log_ring_gap(&ring), 0);
	ck_assert_uint_eq(ring.lost, 2 + lines / 2);
	for (size_t i = 0; i < lines / 2; i++)
		take(1024);
	ck_assert_slice_eq(take(1024), SLICE("lost\nsmall\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_ring");
	TCase *tcase = unit_case(suite, "ring");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, lines_come_out_whole_and_in_order);
	tcase_add_test(
		tcase, a_line_that_is_longer_than_the_room_for_it_comes_in_parts);
	tcase_add_test(tcase, the_ring_goes_round);
	tcase_add_test(tcase, an_empty_ring_touches_no_more_of_its_memory);
	tcase_add_test(tcase, what_finds_no_room_is_lost_and_told_once_half_is_free);
	return unit_run(suite);
}
