#include "tests/support/tcp_site.h"

#include "gateway/session/handler.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct tcp_site site;

static void *on_open(struct session *opened)
{
	ck_assert_int_eq(session_endpoint(opened)->runs, HANDLER_STOMP);
	site.session = opened;
	return opened;
}

static void on_receive(void *state, struct slice text, enum payload payload)
{
	(void)state;
	ck_assert_int_eq(payload, PAYLOAD_BINARY);
	buf_append(&site.heard, text);
	site.pieces++;
	if (site.answers)
		session_send_text(site.session, SLICE("answer"), PAYLOAD_TEXT);
	if (site.holds)
		session_pause(site.session);
	site.holds = false;
}

/* Like a client with bytes under way. */
static void on_session_end(void *state, enum ending why)
{
	if (!site.keeps)
		session_close(state, why);
}

static void on_close(void *state)
{
	(void)state;
	site.session = NULL;
	site.closed++;
}

static const struct handler test_handler = {
	.open = on_open,
	.receive = on_receive,
	.end = on_session_end,
	.close = on_close,
};

static struct edge *edge_create(struct worker *worker)
{
	site.edge = (struct edge){.tcp = tcp_create(worker)};
	return &site.edge;
}

static bool edge_turn(struct edge *self)
{
	self->turns++;
	return tcp_turn(self->tcp);
}

static void edge_resume_reading(struct edge *self)
{
	tcp_resume_reading(self->tcp);
}

static void edge_destroy(struct edge *self)
{
	tcp_destroy(self->tcp);
}

static const struct edge_ops edge_ops = {
	.create = edge_create,
	.turn = edge_turn,
	.resume_reading = edge_resume_reading,
	.destroy = edge_destroy,
};

void site_adopt(void)
{
	struct sockaddr address = {.sa_family = AF_UNSPEC};
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	site.peer = ends[0];
	tcp_adopt(site.edge.tcp, (struct io){.fd = ends[1]}, &address);
}

void site_begin(const char *members)
{
	still_workers_run(&test_handler);
	site = (struct tcp_site){.worker = still_workers_create_of(1, members)->all[0]};
	ck_assert_int_eq(worker_start(site.worker, &edge_ops), 0);
	site_adopt();
	ck_assert_ptr_nonnull(site.session);
}

void site_end(void)
{
	if (site.peer != -1)
		close(site.peer);
	still_workers_destroy(site.worker->workers);
	buf_finish(&site.heard);
	ck_assert_uint_eq(site.closed, 1);
}

void site_turn(void)
{
	loop_turn(site.worker->loop);
}

void site_turn_all(void)
{
	for (int i = 0; i < 100; i++)
		site_turn();
}

void site_leave(void)
{
	close(site.peer);
	site.peer = -1;
}

struct slice site_pattern(size_t len)
{
	static char bytes[MUCH];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i % 251);
	return (struct slice){bytes, len};
}

struct slice site_write(struct slice bytes)
{
	ssize_t taken = send(site.peer, bytes.data, bytes.len, MSG_NOSIGNAL);

	if (taken == -1)
		ck_assert_int_eq(errno, EAGAIN);
	return slice_from(bytes, taken > 0 ? (size_t)taken : 0);
}

bool site_read(struct buf *got)
{
	for (;;) {
		ssize_t len = recv(site.peer, buf_reserve(got, 65536), 65536, 0);

		if (len == -1) {
			ck_assert_int_eq(errno, EAGAIN);
			return true;
		}
		if (len == 0)
			return false;
		got->len += (size_t)len;
	}
}

int site_unread(void)
{
	int waiting = -1;

	ck_assert_int_eq(ioctl(site.peer, TIOCOUTQ, &waiting), 0);
	return waiting;
}
