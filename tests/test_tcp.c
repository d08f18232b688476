/* A TCP carrier: the amount and time of its reads, and its writes. */
#include "gateway/session/session_internal.h"
#include "protocol/xmalloc.h"
#include "tests/support/tcp_site.h"
#include "tests/support/unit.h"

static void setup(void)
{
	site_begin("");
}

static void setup_small_inbox(void)
{
	site_begin("'limits': {'inbox_posts': 2}");
}

/* Reading */

START_TEST(what_comes_is_heard_byte_for_byte)
{
	struct slice bytes = site_pattern(MUCH), left = bytes;

	while (left.len > 0) {
		left = site_write(left);
		site_turn();
	}
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), bytes);
}
END_TEST

START_TEST(a_turn_reads_a_bounded_amount_of_one_connection)
{
	size_t before = 0;

	site_write(site_pattern(MUCH));
	int sent = site_unread();
	ck_assert_int_gt(sent, 2 * READS_PER_TURN * READ_SIZE);
	while (site.heard.len <
		before + 1) /* the first turn looks, the next may continue */
		site_turn();
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_le(
			site.heard.len - before, 2 * READS_PER_TURN * READ_SIZE);
		before = site.heard.len;
		site_turn();
	}
	site_turn_all();
	ck_assert_int_eq(site_unread(), 0);
}
END_TEST

START_TEST(a_held_session_hears_no_more_than_was_read)
{
	struct slice bytes = site_pattern(MUCH), left;

	site.holds = true;
	left = site_write(bytes);
	site_turn_all();
	ck_assert_uint_eq(site.pieces, 1);
	ck_assert_uint_le(site.heard.len, READ_SIZE);
	ck_assert_int_gt(site_unread(), 0);

	session_resume(site.session);
	site_turn_all();
	ck_assert_slice_eq(
		buf_slice(&site.heard), slice_first(bytes, bytes.len - left.len));
}
END_TEST

START_TEST(what_comes_to_a_held_session_is_heard_later)
{
	session_pause(site.session);
	site_write(SLICE("one"));
	site_turn_all();
	site_write(SLICE("two"));
	site_turn_all();
	ck_assert_uint_eq(site.heard.len, 0);
	session_resume(site.session);
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("onetwo"));
	site_write(SLICE("three"));
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("onetwothree"));
}
END_TEST

START_TEST(a_held_session_does_not_keep_the_loop_busy)
{
	session_pause(site.session);
	site_write(site_pattern(MUCH));
	site_turn_all();
	site.edge.turns = 0;
	ck_assert(!tcp_turn(site.edge.tcp));
}
END_TEST

/* Writing */

START_TEST(what_is_sent_arrives_byte_for_byte)
{
	struct slice bytes = site_pattern(MUCH);
	struct buf got = {0};

	for (size_t at = 0; at < MUCH; at += MUCH / 64)
		session_send_text(site.session,
			slice_first(slice_from(bytes, at), MUCH / 64), PAYLOAD_BINARY);
	while (got.len < MUCH) {
		site_turn();
		site_read(&got);
	}
	ck_assert_slice_eq(buf_slice(&got), bytes);
	ck_assert_int_eq(session_next(site.session), SESSION_NEXT_NOTHING);
	buf_finish(&got);
}
END_TEST

/* Half of a pair would be cleaned for a WebSocket. */
START_TEST(what_is_no_text_arrives_as_it_is)
{
	struct buf got = {0};

	session_send_text(site.session, SLICE("\0\xed\xa0\x80"), PAYLOAD_TEXT);
	session_send_text(site.session, SLICE("\xff\0\xfe"), PAYLOAD_BINARY);
	site_turn_all();
	site_read(&got);
	ck_assert_slice_eq(buf_slice(&got), SLICE("\0\xed\xa0\x80\xff\0\xfe"));
	buf_finish(&got);
}
END_TEST

START_TEST(messages_wait_in_the_session_while_the_peer_does_not_read)
{
	struct buf got = {0};

	session_send_text(site.session, site_pattern(MUCH), PAYLOAD_BINARY);
	site_turn_all();
	session_send_text(site.session, SLICE("x"), PAYLOAD_TEXT);
	site_turn_all();
	ck_assert_int_eq(session_next(site.session), SESSION_NEXT_MESSAGES);
	ck_assert_uint_eq(site.session->queue.count, 2);
	while (got.len < MUCH + 1) {
		site_read(&got);
		site_turn();
	}
	ck_assert_int_eq(session_next(site.session), SESSION_NEXT_NOTHING);
	buf_finish(&got);
}
END_TEST

START_TEST(a_peer_that_takes_nothing_is_given_up)
{
	session_send_text(site.session, site_pattern(MUCH), PAYLOAD_BINARY);
	site_turn_all();
	/* The sockets' time is real: a few milliseconds more. */
	loop_advance(site.worker->loop, site.worker->config->times.progress / 2);
	ck_assert_uint_eq(site.closed, 0);
	loop_advance(site.worker->loop, site.worker->config->times.progress / 2);
	ck_assert_uint_eq(site.closed, 1);
	loop_advance(site.worker->loop, site.worker->config->times.linger);
	ck_assert_uint_eq(site.worker->connections, 0);
}
END_TEST

START_TEST(a_peer_that_goes_on_taking_is_not_given_up)
{
	struct buf got = {0};

	session_send_text(site.session, site_pattern(MUCH), PAYLOAD_BINARY);
	for (int i = 0; i < 3; i++) {
		site_turn_all();
		loop_advance(
			site.worker->loop, site.worker->config->times.progress * 3 / 4);
		ck_assert(site_read(&got));
	}
	ck_assert_uint_lt(got.len, MUCH); /* the message is not through yet */
	site_turn_all();
	ck_assert_uint_eq(site.closed, 0);
	buf_finish(&got);
}
END_TEST

/* Full inboxes */

static void post_run(struct worker *unused, struct post *post)
{
	(void)unused;
	free(post);
}

static void fill_inbox(void)
{
	for (int i = 0; i < 4; i++) {
		struct post *post = xcalloc(1, sizeof(*post));

		post->run = post_run;
		worker_post(site.worker, 0, post);
	}
	site.worker->work_per_turn = 1;
	ck_assert(worker_apply_backpressure(site.worker));
}

START_TEST(while_inboxes_are_full_nobody_is_read)
{
	fill_inbox();
	site_write(SLICE("later"));
	site_turn();
	ck_assert(worker_apply_backpressure(site.worker));
	ck_assert_uint_eq(site.heard.len, 0);
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("later"));
}
END_TEST

START_TEST(what_was_not_read_in_full_inboxes_is_thrown_away_at_the_close)
{
	fill_inbox();
	site_write(SLICE("unread"));
	site_turn();
	ck_assert(worker_apply_backpressure(site.worker));
	session_close(site.session, ENDING_ERROR);
	site_turn_all();
	ck_assert_int_eq(site_unread(), 0);
	ck_assert_uint_eq(site.heard.len, 0);
}
END_TEST

START_TEST(a_session_that_is_held_in_full_inboxes_waits_for_both)
{
	session_pause(site.session);
	site_write(SLICE("later"));
	site_turn();
	fill_inbox();
	session_resume(site.session);
	site_turn();
	ck_assert(worker_apply_backpressure(site.worker));
	ck_assert_uint_eq(site.heard.len, 0);
	site_turn_all();
	ck_assert_slice_eq(buf_slice(&site.heard), SLICE("later"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tcp");
	TCase *reading = unit_case(suite, "reading");
	TCase *writing = unit_case(suite, "writing");
	TCase *full = unit_case(suite, "full inboxes");

	tcase_add_checked_fixture(reading, setup, site_end);
	tcase_add_test(reading, what_comes_is_heard_byte_for_byte);
	tcase_add_test(reading, a_turn_reads_a_bounded_amount_of_one_connection);
	tcase_add_test(reading, a_held_session_hears_no_more_than_was_read);
	tcase_add_test(reading, what_comes_to_a_held_session_is_heard_later);
	tcase_add_test(reading, a_held_session_does_not_keep_the_loop_busy);

	tcase_add_checked_fixture(writing, setup, site_end);
	tcase_add_test(writing, what_is_sent_arrives_byte_for_byte);
	tcase_add_test(writing, what_is_no_text_arrives_as_it_is);
	tcase_add_test(
		writing, messages_wait_in_the_session_while_the_peer_does_not_read);
	tcase_add_test(writing, a_peer_that_takes_nothing_is_given_up);
	tcase_add_test(writing, a_peer_that_goes_on_taking_is_not_given_up);

	tcase_add_checked_fixture(full, setup_small_inbox, site_end);
	tcase_add_test(full, while_inboxes_are_full_nobody_is_read);
	tcase_add_test(
		full, what_was_not_read_in_full_inboxes_is_thrown_away_at_the_close);
	tcase_add_test(full, a_session_that_is_held_in_full_inboxes_waits_for_both);

	return unit_run(suite);
}
