/* Messages of a WebSocket that have begun, and whose rest does not come. */
#include "gateway/session/handler.h"
#include "tests/support/fake_channel.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"
#include "transports/base/carriers.h"
#include "transports/door/handover.h"
#include "transports/edge.h"

#include <netinet/in.h>

enum {
	TURNS = 50,
	BODY = 20000,  /* the default of times.body */
	SLACK = 1000,  /* turns take some time, too */
	LEAST = 16384, /* bytes of a message that is slow, and not late */
};

#define UPGRADE                                                                        \
	"GET /echo/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"           \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                          \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

/* Client frames, with a mask of zeros. */
#define MASK  "\0\0\0\0"
#define BEGUN SLICE("\x01\x81" MASK "a") /* the first of several */
#define ENDED SLICE("\x80\x81" MASK "b") /* the last */
#define WHOLE SLICE("\x81\x81" MASK "c") /* a message in one frame */
#define CUT   SLICE("\x81\x82" MASK "d") /* one octet is missing */
#define REST  SLICE("e")
#define LATE                                                                           \
	SLICE("\x03\xf5"                                                               \
	      "A message has not come in time")

static struct worker *worker;
static struct fake_channel fake;
static bool is_open;
static unsigned received;

static void *on_open(struct session *opened)
{
	is_open = true;
	return opened;
}

static void on_receive(void *state, struct slice text, enum payload payload)
{
	(void)state, (void)text, (void)payload;
	received++;
}

static void on_close(void *state)
{
	(void)state;
	is_open = false;
}

static const struct handler handler = {
	.open = on_open, .receive = on_receive, .close = on_close};

static void run(void)
{
	for (int i = 0; i < TURNS; i++) {
		loop_turn(worker->loop);
		if (fake.far != -1)
			fake_channel_pump(&fake);
	}
}

static void pass(uint64_t milliseconds)
{
	loop_advance(worker->loop, milliseconds);
	run();
}

static void say(struct slice bytes)
{
	fake_channel_give(&fake, bytes);
	run();
}

static void setup(void)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct handover handover = {.kind = HANDOVER_WEBSOCKET, .head = SLICE(UPGRADE)};

	received = 0;
	still_workers_run(&handler);
	worker = still_workers_create_of(1, "'listen': '127.0.0.1:0', 'www': ''")
			 ->all[0];
	ck_assert_int_eq(worker_start(worker, &transports_edge), 0);
	handover.io = fake_channel_open(&fake);
	memcpy(&handover.address, &loopback, sizeof(loopback));
	handover.address_len = sizeof(loopback);
	handover_post(worker, 0, &handover);
	run();
	ck_assert(is_open);
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	fake_channel_finish(&fake);
}

static bool has_got(struct slice text)
{
	return memmem(fake.got.data, fake.got.len, text.data, text.len) != NULL;
}

static void check_is_late_after(uint64_t milliseconds)
{
	pass(milliseconds - SLACK);
	ck_assert(is_open);
	pass(SLACK);
	ck_assert(!is_open);
	ck_assert(has_got(LATE));
}

START_TEST(a_message_whose_last_frame_does_not_come_is_ended)
{
	say(BEGUN);
	check_is_late_after(BODY);
}
END_TEST

START_TEST(a_frame_whose_rest_does_not_come_is_ended)
{
	say(CUT);
	check_is_late_after(BODY);
}
END_TEST

START_TEST(a_message_that_ends_in_time_is_not_late)
{
	for (int i = 0; i < 4; i++) {
		say(BEGUN);
		pass(BODY - SLACK);
		say(ENDED);
		say(CUT);
		pass(BODY - SLACK);
		say(REST);
	}
	ck_assert_uint_eq(received, 8);
	ck_assert(is_open);
	/* The timer was set for an earlier one. */
	say(BEGUN);
	check_is_late_after(BODY);
}
END_TEST

START_TEST(whole_messages_do_not_put_a_later_one_off)
{
	say(WHOLE);
	pass(BODY / 2);
	say(BEGUN);
	check_is_late_after(BODY);
}
END_TEST

/* A frame of `bytes`, which does not end its message. */
static void say_part(size_t bytes)
{
	struct buf frame = {0};
	const char head[] = {0, (char)(0x80 | 126), (char)(bytes >> 8), (char)bytes};

	buf_append(&frame, (struct slice){head, sizeof(head)});
	buf_append(&frame, SLICE(MASK));
	for (size_t i = 0; i < bytes; i++)
		buf_append_char(&frame, 'x');
	say(buf_slice(&frame));
	buf_finish(&frame);
}

START_TEST(a_message_that_comes_slowly_is_awaited)
{
	say(BEGUN);
	for (int i = 0; i < 5; i++) {
		pass(BODY - SLACK);
		say_part(LEAST);
		pass(SLACK);
	}
	ck_assert(is_open);
	pass(BODY / 2);
	say_part(LEAST - 1);
	check_is_late_after(BODY / 2);
}
END_TEST

START_TEST(pings_do_not_make_up_for_the_rest)
{
	say(BEGUN);
	for (int i = 0; i < 4; i++) {
		pass(BODY / 5);
		say(SLICE("\x89\x80" MASK));
	}
	check_is_late_after(BODY / 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ws_unfinished");
	TCase *tcase = unit_case(suite, "unfinished messages");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_message_whose_last_frame_does_not_come_is_ended);
	tcase_add_test(tcase, a_frame_whose_rest_does_not_come_is_ended);
	tcase_add_test(tcase, a_message_that_ends_in_time_is_not_late);
	tcase_add_test(tcase, whole_messages_do_not_put_a_later_one_off);
	tcase_add_test(tcase, a_message_that_comes_slowly_is_awaited);
	tcase_add_test(tcase, pings_do_not_make_up_for_the_rest);
	return unit_run(suite);
}
