#include "transports/base/reading.h"

#include "gateway/base/standstill.h"
#include "gateway/worker/worker.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <unistd.h>

enum { PLACES = 6, NO_TIME = 0 };

static const uint64_t much_time = UINT64_MAX / 4;

struct place {
	struct list link;
	int parts; /* that it still wants */
};

static struct worker worker;
static struct reading reading;
static struct place places[PLACES];
static char order[64];

static void setup(void)
{
	worker = (struct worker){.reading_ns = much_time, .loop = loop_create()};
	reading_init(&reading, &worker);
	memset(places, 0, sizeof(places));
	order[0] = '\0';
}

static void teardown(void)
{
	loop_destroy(worker.loop);
}

static void run(struct list *link)
{
	struct place *place = container_of(link, struct place, link);
	const size_t len = strlen(order);

	snprintf(order + len, sizeof(order) - len, "%d", (int)(place - places));
	if (--place->parts > 0)
		reading_go_on(&reading, link);
}

/* What a turn reads, in its order. */
static const char *turn(void)
{
	order[0] = '\0';
	reading_turn(&reading, run);
	return order;
}

START_TEST(with_time_a_connection_is_read_as_it_becomes_ready)
{
	ck_assert(reading_begin(&reading, &places[0].link));
	ck_assert(reading_begin(&reading, &places[0].link));
	ck_assert_str_eq(turn(), "");
}
END_TEST

START_TEST(without_time_it_waits_for_its_turn)
{
	worker.reading_ns = NO_TIME;
	ck_assert(!reading_begin(&reading, &places[0].link));
	ck_assert(!reading_begin(&reading, &places[0].link));
	ck_assert_str_eq(turn(), "0");
	ck_assert_str_eq(turn(), "");
}
END_TEST

START_TEST(a_busy_one_is_not_read_beside_its_turn)
{
	reading_go_on(&reading, &places[0].link);
	reading_go_on(&reading, &places[0].link);
	ck_assert(!reading_begin(&reading, &places[0].link));
	ck_assert_str_eq(turn(), "0");
	ck_assert(reading_begin(&reading, &places[0].link));
}
END_TEST

START_TEST(with_time_all_have_one_part_in_a_turn)
{
	for (int i = 0; i < 3; i++) {
		places[i].parts = 2;
		reading_go_on(&reading, &places[i].link);
	}
	ck_assert_str_eq(turn(), "012");
	ck_assert_str_eq(turn(), "012");
	ck_assert_str_eq(turn(), "");
}
END_TEST

START_TEST(without_time_a_turn_reads_one_that_became_ready_and_one_that_is_busy)
{
	worker.reading_ns = NO_TIME;
	for (int i = 0; i < 3; i++) {
		places[i].parts = 3;
		reading_go_on(&reading, &places[i].link);
		ck_assert(!reading_begin(&reading, &places[3 + i].link));
	}
	ck_assert_str_eq(turn(), "30");
	ck_assert_str_eq(turn(), "41");
	ck_assert_str_eq(turn(), "52");
	/* Nobody is passed over: those that wait come before those that go on. */
	ck_assert_str_eq(turn(), "0");
	ck_assert_str_eq(turn(), "1");
}
END_TEST

START_TEST(one_that_ends_is_not_read)
{
	worker.reading_ns = NO_TIME;
	ck_assert(!reading_begin(&reading, &places[0].link));
	reading_go_on(&reading, &places[1].link);
	list_remove(&places[0].link);
	list_remove(&places[1].link);
	ck_assert_str_eq(turn(), "");
}
END_TEST

/* A connection that becomes ready in a turn of the loop. */
struct peer {
	struct watch watch;
	bool is_read;
};

static void on_ready(struct watch *watch, unsigned events)
{
	struct peer *peer = container_of(watch, struct peer, watch);

	(void)events;
	peer->is_read = reading_begin(&reading, &places[0].link);
}

static bool is_read_when_ready(void)
{
	int ends[2];
	struct peer peer = {.watch = {.ready = on_ready}};

	ck_assert_int_eq(pipe(ends), 0);
	peer.watch.fd = ends[0];
	ck_assert_int_eq(loop_watch(worker.loop, &peer.watch, WATCH_IN), 0);
	ck_assert_int_eq(write(ends[1], "", 1), 1);
	loop_turn(worker.loop);
	loop_unwatch(&peer.watch);
	close(ends[0]);
	close(ends[1]);
	list_remove(&places[0].link);
	return peer.is_read;
}

START_TEST(in_a_late_turn_each_has_a_part_before_any_peer_is_judged)
{
	struct standstill *standstill = standstill_create(1);

	worker.reading_ns = NO_TIME;
	loop_share_standstill(worker.loop, standstill, 0);
	ck_assert(!is_read_when_ready());
	standstill_expect(standstill, 0, 0);
	ck_assert(is_read_when_ready());
	/* Its next frames, and its next part, wait as ever. */
	ck_assert(reading_is_over(&reading));
	ck_assert(!is_read_when_ready());
	loop_destroy(worker.loop);
	worker.loop = NULL;
	standstill_destroy(standstill);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reading");
	TCase *tcase = unit_case(suite, "reading");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, with_time_a_connection_is_read_as_it_becomes_ready);
	tcase_add_test(tcase, without_time_it_waits_for_its_turn);
	tcase_add_test(tcase, a_busy_one_is_not_read_beside_its_turn);
	tcase_add_test(tcase, with_time_all_have_one_part_in_a_turn);
	tcase_add_test(tcase,
		without_time_a_turn_reads_one_that_became_ready_and_one_that_is_busy);
	tcase_add_test(tcase, one_that_ends_is_not_read);
	tcase_add_test(tcase, in_a_late_turn_each_has_a_part_before_any_peer_is_judged);
	return unit_run(suite);
}
