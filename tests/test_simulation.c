/*
 * Thousands of schedules of some simulated workers (simulation.h), each from a seed of
 * its own. POSTERN_SCHEDULES in the environment sets their number, for long runs;
 * POSTERN_SEED plays that one alone and prints all of it on stderr.
 */
#include "tests/support/simulation.h"
#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

enum { PARTS = 10, SCHEDULES = 1500, FIRST_SEED = 1 };

/* The present seed, for main(): the test itself may not survive to print it. */
static uint64_t *playing;

/*
 * Replaces the C library's: libuv's clock stands still, so that a schedule depends
 * only on its seed.
 */
int clock_gettime(clockid_t id, struct timespec *now)
{
	(void)id;
	*now = (struct timespec){.tv_sec = 1000};
	return 0;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static struct simulation_result play(uint64_t seed, bool trace)
{
	*playing = seed;
	struct simulation_result result = simulation_play(seed, trace);
	*playing = 0;
	return result;
}

START_TEST(every_schedule_keeps_all_promises)
{
	uint64_t count = from_environment("POSTERN_SCHEDULES", SCHEDULES);
	uint64_t first = FIRST_SEED + count * (uint64_t)_i / PARTS;
	uint64_t last = FIRST_SEED + count * (uint64_t)(_i + 1) / PARTS;

	/* One failure is enough; main() prints its seed. */
	for (uint64_t seed = first; seed < last && *playing == 0; seed++)
		play(seed, false);
}
END_TEST

START_TEST(a_schedule_from_the_same_seed_is_the_same)
{
	struct simulation_result first = play((uint64_t)_i, false);
	struct simulation_result second = play((uint64_t)_i, false);

	ck_assert_uint_eq(first.digest, second.digest);
	ck_assert_uint_eq(first.heard, second.heard);
}
END_TEST

START_TEST(schedules_are_full_of_messages)
{
	uint64_t heard = 0;

	for (uint64_t seed = 1; seed <= 50; seed++)
		heard += play(seed, false).heard;
	ck_assert_uint_gt(heard, 50 * 50);
}
END_TEST

START_TEST(the_schedule_of_one_seed_keeps_all_promises)
{
	play(from_environment("POSTERN_SEED", 1), true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simulation");
	TCase *tcase = unit_case(suite, "schedules");

	playing = mmap(NULL, sizeof(*playing), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (playing == MAP_FAILED)
		return EXIT_FAILURE;
	tcase_set_timeout(tcase, 0);
	if (getenv("POSTERN_SEED") != NULL) {
		tcase_add_test(tcase, the_schedule_of_one_seed_keeps_all_promises);
	} else {
		tcase_add_loop_test(
			tcase, a_schedule_from_the_same_seed_is_the_same, 1, 10);
		tcase_add_test(tcase, schedules_are_full_of_messages);
		tcase_add_loop_test(tcase, every_schedule_keeps_all_promises, 0, PARTS);
	}
	int status = unit_run(suite);
	if (*playing != 0)
		fprintf(stderr, "To see it again: POSTERN_SEED=%" PRIu64 "\n",
			*playing);
	munmap(playing, sizeof(*playing));
	return status;
}
