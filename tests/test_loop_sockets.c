/* A loop's sockets: what is watched, what is told, and how a watch changes. */
#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "tests/support/unit.h"

#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct buf told; /* the events, a blank after each */

static void setup(void)
{
	log_set_level(LOG_ERROR);
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
	loop_destroy(loop);
	buf_finish(&told);
}

#define assert_told(expected)                                                          \
	do {                                                                           \
		ck_assert_slice_eq(buf_slice(&told), slice_of(expected));              \
		buf_clear(&told);                                                      \
	} while (0)

struct ear {
	struct watch watch;
	int other;         /* the other end */
	unsigned heard;    /* how often */
	struct ear *drops; /* whom it unwatches */
	struct ear *turns; /* whom and itself it asks for `to` */
	unsigned to;
	struct ear *moves, *moves_to; /* whom it moves, and where to */
};

static void ear_move(struct ear *from, struct ear *to);

static void hear(struct watch *watch, unsigned events)
{
	struct ear *ear = container_of(watch, struct ear, watch);

	buf_printf(&told, "%s%s%s ", events & WATCH_IN ? "in" : "",
		events & WATCH_OUT ? "out" : "", events & WATCH_GONE ? "gone" : "");
	ear->heard++;
	if (ear->moves != NULL)
		ear_move(ear->moves, ear->moves_to);
	if (ear->drops != NULL) {
		loop_unwatch(&ear->drops->watch);
		loop_unwatch(watch);
	}
	if (ear->turns != NULL) {
		ck_assert_int_eq(loop_rewatch(&ear->turns->watch, ear->to), 0);
		ck_assert_int_eq(loop_rewatch(watch, ear->to), 0);
	}
}

static void ear_open(struct ear *ear, bool level, unsigned events)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	*ear = (struct ear){
		.watch = {.fd = ends[0], .level = level, .ready = hear},
		.other = ends[1],
	};
	ck_assert_int_eq(loop_watch(loop, &ear->watch, events), 0);
}

static void ear_close(struct ear *ear)
{
	loop_unwatch(&ear->watch);
	close(ear->watch.fd);
	close(ear->other);
}

static void ear_feed(const struct ear *ear)
{
	ck_assert_int_eq(write(ear->other, "x", 1), 1);
}

START_TEST(an_edge_is_told_once_for_what_comes)
{
	struct ear ear;

	ear_open(&ear, false, WATCH_IN);
	loop_turn(loop);
	assert_told("");
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("in ");
	loop_turn(loop);
	assert_told("");
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("in ");
	ear_close(&ear);
}
END_TEST

START_TEST(a_level_is_told_while_something_is_there)
{
	struct ear ear;
	char byte;

	ear_open(&ear, true, WATCH_IN);
	ear_feed(&ear);
	loop_turn(loop);
	loop_turn(loop);
	assert_told("in in ");
	ck_assert_int_eq(read(ear.watch.fd, &byte, 1), 1);
	loop_turn(loop);
	assert_told("");
	ear_close(&ear);
}
END_TEST

START_TEST(room_to_write_is_told)
{
	struct ear ear;

	ear_open(&ear, false, WATCH_OUT);
	loop_turn(loop);
	assert_told("out ");
	ear_feed(&ear); /* no read was requested */
	loop_turn(loop);
	loop_turn(loop);
	ck_assert_ptr_null(strstr(told.data, "in"));
	ear_close(&ear);
}
END_TEST

/* From now on another ear hears what comes to `from`. */
static void ear_move(struct ear *from, struct ear *to)
{
	*to = (struct ear){
		.watch = {.fd = from->watch.fd,
			.level = from->watch.level,
			.ready = hear},
		.other = from->other,
	};
	loop_move(&from->watch, &to->watch);
	ck_assert_ptr_null(from->watch.loop);
}

START_TEST(a_moved_watch_is_told_what_comes_from_now_on)
{
	struct ear from, to;

	ear_open(&from, false, WATCH_IN | WATCH_GONE);
	ear_feed(&from);
	loop_turn(loop);
	assert_told("in ");
	ear_move(&from, &to);
	memset(&from, 0xff, sizeof(from)); /* nobody looks at it any more */
	loop_turn(loop);
	assert_told(""); /* that was told already */
	ear_feed(&to);
	loop_turn(loop);
	assert_told("in ");
	shutdown(to.other, SHUT_WR);
	loop_turn(loop);
	assert_told("ingone ");
	ear_close(&to);
}
END_TEST

START_TEST(a_moved_watch_is_told_what_its_turn_has_fetched)
{
	struct ear first, from, to = {.watch = {.fd = -1}};

	ear_open(&first, false, WATCH_IN);
	ear_open(&from, false, WATCH_IN);
	first.moves = &from;
	first.moves_to = &to;
	ear_feed(&first);
	ear_feed(&from);
	loop_turn(loop);
	assert_told("in in ");
	ck_assert_uint_eq(to.heard, 1);
	ck_assert_uint_eq(from.heard, 0);
	ear_close(&first);
	ear_close(&to);
}
END_TEST

START_TEST(a_moved_watch_ends_and_its_number_may_be_watched_again)
{
	struct ear from, to, next;

	ear_open(&from, false, WATCH_IN);
	const int fd = from.watch.fd;
	ear_move(&from, &to);
	loop_unwatch(&from.watch); /* does nothing */
	ear_feed(&to);
	loop_turn(loop);
	assert_told("in ");
	ear_close(&to);
	ear_open(&next, false, WATCH_IN);
	ck_assert_int_eq(next.watch.fd, fd);
	loop_turn(loop);
	assert_told("");
	ear_feed(&next);
	loop_turn(loop);
	assert_told("in ");
	ear_close(&next);
}
END_TEST

START_TEST(descriptors_of_any_number_are_watched)
{
	enum { MANY = 200 };
	struct ear ears[MANY];

	for (int i = 0; i < MANY; i++)
		ear_open(&ears[i], false, WATCH_IN);
	for (int i = MANY; i-- > 0;)
		ear_feed(&ears[i]);
	loop_turn(loop);
	for (int i = 0; i < MANY; i++) {
		ck_assert_uint_eq(ears[i].heard, 1);
		ear_close(&ears[i]);
	}
}
END_TEST

START_TEST(a_peer_that_shuts_down_is_told)
{
	struct ear ear;

	ear_open(&ear, false, WATCH_GONE);
	loop_turn(loop);
	assert_told("");
	shutdown(ear.other, SHUT_WR);
	loop_turn(loop);
	assert_told("gone ");
	ear_close(&ear);
}
END_TEST

START_TEST(who_is_unwatched_hears_nothing_even_in_the_same_batch)
{
	struct ear one, two;

	ear_open(&one, false, WATCH_IN);
	ear_open(&two, false, WATCH_IN);
	one.drops = &two;
	two.drops = &one;
	ear_feed(&one);
	ear_feed(&two);
	loop_turn(loop);
	assert_told("in "); /* in either order */
	ear_feed(&one);
	ear_feed(&two);
	loop_turn(loop);
	assert_told("");
	ear_close(&one);
	ear_close(&two);
}
END_TEST

START_TEST(a_socket_may_be_watched_again)
{
	struct ear ear;

	ear_open(&ear, false, WATCH_IN);
	loop_unwatch(&ear.watch);
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("");
	ck_assert_int_eq(loop_watch(loop, &ear.watch, WATCH_IN), 0);
	loop_turn(loop);
	assert_told("in ");
	ear_close(&ear);
}
END_TEST

START_TEST(what_is_no_socket_cannot_be_watched)
{
	struct watch watch = {.fd = -1, .ready = hear};

	ck_assert_int_eq(loop_watch(loop, &watch, WATCH_IN), -1);
	loop_unwatch(&watch);
}
END_TEST

/* Sockets whose events change. Each of these runs edge-triggered, then with `level`. */

static void ear_expect(struct ear *ear, unsigned events, const char *expected)
{
	ck_assert_int_eq(loop_rewatch(&ear->watch, events), 0);
	loop_turn(loop);
	assert_told(expected);
}

START_TEST(a_watch_may_turn_to_other_events_to_none_and_back)
{
	struct ear ear;

	ear_open(&ear, _i, WATCH_IN);
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("in ");
	ear_expect(&ear, WATCH_OUT, "out ");
	ear_expect(&ear, WATCH_IN | WATCH_OUT, "inout ");
	ear_expect(&ear, 0, "");
	ear_feed(&ear);
	shutdown(ear.other, SHUT_WR);
	loop_turn(loop);
	assert_told("");
	ear_expect(&ear, WATCH_GONE, "gone ");
	ear_expect(&ear, WATCH_IN, "in ");
	ear_close(&ear);
}
END_TEST

START_TEST(a_watch_that_turns_back_is_told_what_it_was_told_before)
{
	struct ear ear;

	ear_open(&ear, _i, WATCH_IN);
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("in ");
	ear_expect(&ear, WATCH_IN, "in "); /* an edge, too: it is armed again */
	loop_turn(loop);
	assert_told(_i ? "in " : "");
	ear_close(&ear);
}
END_TEST

START_TEST(what_a_turn_has_fetched_is_told_only_if_it_is_still_asked_for)
{
	struct ear one, two;

	ear_open(&one, _i, WATCH_IN);
	ear_open(&two, _i, WATCH_IN);
	one.turns = &two;
	two.turns = &one;
	one.to = two.to = WATCH_OUT;
	ear_feed(&one);
	ear_feed(&two);
	loop_turn(loop);
	assert_told("in "); /* in either order */
	loop_turn(loop);
	assert_told("out out "); /* each had room; the change armed both again */
	ear_close(&one);
	ear_close(&two);
}
END_TEST

START_TEST(what_a_turn_has_fetched_is_told_if_it_is_still_asked_for)
{
	struct ear one, two;

	ear_open(&one, _i, WATCH_IN | WATCH_OUT);
	ear_open(&two, _i, WATCH_IN | WATCH_OUT);
	one.turns = &two;
	two.turns = &one;
	one.to = two.to = WATCH_IN;
	ear_feed(&one);
	ear_feed(&two);
	loop_turn(loop);
	assert_told("inout in ");
	ear_close(&one);
	ear_close(&two);
}
END_TEST

START_TEST(a_socket_that_fails_is_told_though_nothing_is_asked_for)
{
	struct ear ear;

	ear_open(&ear, _i, WATCH_IN);
	ear_expect(&ear, 0, "");
	close(ear.other);
	loop_turn(loop);
	assert_told("gone ");
	loop_turn(loop);
	assert_told(_i ? "gone " : "");
	loop_unwatch(&ear.watch);
	close(ear.watch.fd);
}
END_TEST

START_TEST(what_is_not_watched_cannot_be_changed)
{
	struct ear ear;

	ear_open(&ear, _i, WATCH_IN);
	loop_unwatch(&ear.watch);
	ck_assert_int_eq(loop_rewatch(&ear.watch, WATCH_IN), -1);
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("");
	ck_assert_int_eq(loop_watch(loop, &ear.watch, WATCH_IN), 0);
	loop_turn(loop);
	assert_told("in ");
	ear_close(&ear);
}
END_TEST

START_TEST(a_change_that_the_kernel_refuses_changes_nothing)
{
	struct ear ear;
	int fd;

	ear_open(&ear, _i, WATCH_IN);
	fd = ear.watch.fd;
	ear.watch.fd = ear.other; /* was never watched */
	ck_assert_int_eq(loop_rewatch(&ear.watch, WATCH_OUT), -1);
	ear.watch.fd = fd;
	loop_turn(loop);
	assert_told("");
	ear_feed(&ear);
	loop_turn(loop);
	assert_told("in ");
	ear_close(&ear);
}
END_TEST

/* Edge-triggered, and with `level`. */
#define add_both(tcase, test) tcase_add_loop_test(tcase, test, 0, 2)

int main(void)
{
	Suite *suite = suite_create("loop_sockets");
	TCase *sockets = unit_case(suite, "sockets");
	TCase *changes = unit_case(suite, "sockets whose events change");

	tcase_add_checked_fixture(sockets, setup, teardown);
	tcase_add_test(sockets, an_edge_is_told_once_for_what_comes);
	tcase_add_test(sockets, a_level_is_told_while_something_is_there);
	tcase_add_test(sockets, room_to_write_is_told);
	tcase_add_test(sockets, a_peer_that_shuts_down_is_told);
	tcase_add_test(sockets, descriptors_of_any_number_are_watched);
	tcase_add_test(sockets, a_moved_watch_is_told_what_comes_from_now_on);
	tcase_add_test(sockets, a_moved_watch_is_told_what_its_turn_has_fetched);
	tcase_add_test(sockets, a_moved_watch_ends_and_its_number_may_be_watched_again);
	tcase_add_test(sockets, who_is_unwatched_hears_nothing_even_in_the_same_batch);
	tcase_add_test(sockets, a_socket_may_be_watched_again);
	tcase_add_test(sockets, what_is_no_socket_cannot_be_watched);

	tcase_add_checked_fixture(changes, setup, teardown);
	add_both(changes, a_watch_may_turn_to_other_events_to_none_and_back);
	add_both(changes, a_watch_that_turns_back_is_told_what_it_was_told_before);
	add_both(
		changes, what_a_turn_has_fetched_is_told_only_if_it_is_still_asked_for);
	add_both(changes, what_a_turn_has_fetched_is_told_if_it_is_still_asked_for);
	add_both(changes, a_socket_that_fails_is_told_though_nothing_is_asked_for);
	add_both(changes, what_is_not_watched_cannot_be_changed);
	add_both(changes, a_change_that_the_kernel_refuses_changes_nothing);
	return unit_run(suite);
}
