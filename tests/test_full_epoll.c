/*
 * The kernel watches no further socket, for want of memory or since a user has too many
 * watches: a new connection ends, whatever library carries it, and others go on.
 */
#include "gateway/base/log.h"
#include "gateway/session/handler.h"
#include "tests/support/fake_channel.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"
#include "transports/door/handover.h"
#include "transports/edge.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TURNS = 50 };

#define UPGRADE                                                                        \
	"GET /echo/websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"           \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                          \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static int full; /* errno; 0: the kernel has room */

/* In the place of libc's, also for libraries. */
int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
	if (operation != EPOLL_CTL_ADD || full == 0)
		return (int)syscall(SYS_epoll_ctl, set, operation, fd, event);
	errno = full;
	return -1;
}

static struct worker *worker;
static struct fake_channel good, bad;

static void *on_open(struct session *session)
{
	return session;
}

static void on_receive(void *state, struct slice text, enum payload payload)
{
	(void)payload;
	session_send_text(state, text, PAYLOAD_TEXT);
}

static void on_close(void *state)
{
	(void)state;
}

static const struct handler handler = {
	.open = on_open, .receive = on_receive, .close = on_close};

static void setup(void)
{
	still_workers_run(&handler);
	worker = still_workers_create_of(1, "'listen': '127.0.0.1:0', 'www': ''")
			 ->all[0];
	ck_assert_int_eq(worker_start(worker, &transports_edge), 0);
	log_set_level(LOG_ERROR + 1);
	loop_turn(worker->loop); /* libuv adds what it needs itself */
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	fake_channel_finish(&good);
	fake_channel_finish(&bad);
}

static void hand_over(
	struct fake_channel *to, enum handover_kind kind, struct slice head)
{
	const struct sockaddr_in loopback = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct handover handover = {
		.kind = kind, .io = fake_channel_open(to), .head = head};

	memcpy(&handover.address, &loopback, sizeof(loopback));
	handover.address_len = sizeof(loopback);
	handover_post(worker, 0, &handover);
	for (int i = 0; i < TURNS; i++)
		loop_turn(worker->loop);
}

/* It answers a PING whose payload is "x". */
static void open_websocket(void)
{
	hand_over(&good, HANDOVER_WEBSOCKET, SLICE(UPGRADE));
	fake_channel_give(&good, SLICE("\x89\x81\0\0\0\0x"));
	for (int i = 0; i < TURNS; i++)
		loop_turn(worker->loop);
	fake_channel_pump(&good);
	ck_assert(slice_starts_with(buf_slice(&good.got), SLICE("HTTP/1.1 101 ")));
	ck_assert(slice_ends_with(buf_slice(&good.got), SLICE("\x8a\x01x")));
}

static const struct {
	enum handover_kind kind;
	int error;
} newcomers[] = {
	{HANDOVER_WEBSOCKET, ENOSPC},
	{HANDOVER_WEBSOCKET, ENOMEM},
	{HANDOVER_HTTP, ENOSPC},
	{HANDOVER_TCP, ENOSPC},
};

START_TEST(a_connection_that_cannot_be_watched_ends)
{
	const bool upgrades = newcomers[_i].kind == HANDOVER_WEBSOCKET;

	full = newcomers[_i].error;
	hand_over(&bad, newcomers[_i].kind, upgrades ? SLICE(UPGRADE) : SLICE(""));
	full = 0;
	ck_assert_uint_eq(bad.closes, 1);
	ck_assert_uint_eq(worker->live_sessions, 0);
	open_websocket();
	ck_assert_uint_eq(worker->live_sessions, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("full epoll");
	TCase *tcase = unit_case(suite, "new connections");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_connection_that_cannot_be_watched_ends, newcomers);
	return unit_run(suite);
}
