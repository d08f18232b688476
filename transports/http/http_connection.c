/*
 * A connection: its deadlines, and the events of its socket. libmicrohttpd does not
 * look at a suspended connection at all. A watch of our own sees that the peer has
 * gone, or that the socket takes bytes again.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_budget.h"
#include "transports/http/http_keep.h"

#include "gateway/base/progress.h"
#include "gateway/worker/account.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <microhttpd.h>
#include <stdlib.h>

/* Unread bytes that a client may send while it waits for an answer, beside a head. */
enum { UNREAD_MAX = 16 * 1024 };

static struct loop *http_connection_loop(const struct http_connection *connection)
{
	return connection->http->worker->loop;
}

void http_connection_suspend(struct http_connection *connection)
{
	connection->suspended = true;
	http_connection_set_phase(connection, HTTP_WAITING);
	if (connection->mhd != NULL)
		MHD_suspend_connection(connection->mhd);
}

void http_connection_resume(struct http_connection *connection)
{
	if (connection->mhd == NULL) {
		fair_queue_add(&connection->http->due, &connection->due);
		return;
	}
	if (!connection->suspended)
		return;
	connection->suspended = false;
	http_connection_set_phase(
		connection, HTTP_ANSWERING); /* its end is to be written */
	MHD_resume_connection(connection->mhd);
	http_daemon_mark(connection->daemon);
}

/*
 * The deadlines are ours, since libmicrohttpd's count only the time without any byte.
 */

static bool phase_owes(enum http_phase phase)
{
	return phase == HTTP_ANSWERING;
}

void http_connection_set_phase(
	struct http_connection *connection, enum http_phase phase)
{
	const struct times *times = &connection->http->worker->config->times;
	struct worker *worker = connection->http->worker;
	struct loop *loop = worker->loop;

	worker->owing -= phase_owes(connection->phase);
	worker->owing += phase_owes(phase);
	connection->phase = phase;
	switch (phase) {
	case HTTP_IDLE:
		loop_deadline_start(loop, &connection->timer, times->keep_alive);
		break;
	case HTTP_READING:
		loop_deadline_start(loop, &connection->timer, times->body);
		break;
	case HTTP_WAITING:
		loop_timer_stop(loop, &connection->timer);
		break;
	case HTTP_ANSWERING:
		connection->acked = 0;
		loop_deadline_start(loop, &connection->timer, times->progress);
		break;
	}
}

/* The bound that the phase's deadline belongs to. */
static enum bound phase_bound(enum http_phase phase)
{
	switch (phase) {
	case HTTP_IDLE:
		return BOUND_KEEP_ALIVE;
	case HTTP_READING:
		return BOUND_BODY_TIME;
	case HTTP_WAITING: /* has no deadline */
	case HTTP_ANSWERING:
		break;
	}
	return BOUND_PROGRESS;
}

/* Its request was refused: the connection ends now. */
static bool http_connection_is_told(const struct http_connection *connection)
{
	return connection->phase == HTTP_READING && connection->request != NULL &&
	       connection->request->state == HTTP_REQUEST_REFUSED;
}

/* A request has begun and not come in time, and was not refused yet. */
static bool http_connection_is_late(const struct http_connection *connection)
{
	return connection->phase == HTTP_READING && connection->request != NULL &&
	       !http_connection_is_told(connection);
}

/* True while libmicrohttpd does not watch the socket, and its request waits. */
static bool http_connection_rests(const struct http_connection *connection)
{
	if (connection->request == NULL || connection->request->receiver == NULL)
		return false;
	if (connection->mhd == NULL)
		return !list_is_linked(&connection->due.link);
	return connection->suspended;
}

static bool http_connection_is_stuffed(const struct http_connection *connection)
{
	const struct limits *limits = &connection->http->worker->config->limits;

	return progress_unread(&connection->io) > (int64_t)limits->head + UNREAD_MAX;
}

static void http_connection_on_deadline(struct timer *timer)
{
	struct http_connection *connection =
		container_of(timer, struct http_connection, timer);

	if (connection->phase == HTTP_WAITING) {
		if (http_connection_rests(connection) &&
			http_connection_is_stuffed(connection))
			http_receiver_gone(connection->request);
		return;
	}
	/* A request has come, and waits for its turn. */
	if (connection->phase == HTTP_IDLE && connection->mhd == NULL &&
		list_is_linked(&connection->due.link)) {
		http_connection_set_phase(connection, HTTP_IDLE);
		return;
	}
	if (connection->phase == HTTP_ANSWERING) {
		uint64_t acked = progress_acked(&connection->io);

		if (acked != connection->acked) {
			http_connection_set_phase(connection, HTTP_ANSWERING);
			connection->acked = acked;
			return;
		}
	}
	if (!http_connection_is_told(connection))
		metrics_refuse(connection->http->worker->metrics,
			phase_bound(connection->phase));
	if (http_connection_is_late(connection)) {
		http_refuse_early(connection->request, REFUSAL_BODY_TIME);
		loop_deadline_start(http_connection_loop(connection),
			&connection->timer,
			connection->http->worker->config->times.linger);
		return;
	}
	/* The owner, libmicrohttpd or http_keep.c, sees the end and cleans up. */
	shutdown(connection->io.fd, SHUT_RDWR);
	if (connection->mhd == NULL) { /* also without a watch */
		connection->gone = true;
		http_connection_resume(connection);
	}
}

/*
 * True for a connection of ours whose next step depends on its socket: it waits neither
 * for frames, nor for a session that takes its messages.
 */
static bool http_connection_listens(const struct http_connection *connection)
{
	const struct http_request *request = connection->request;

	return connection->mhd == NULL &&
	       (request == NULL ||
		       (request->receiver == NULL && !connection->suspended));
}

void http_connection_note_unread(struct http_connection *connection)
{
	if (connection->phase == HTTP_WAITING &&
		!timer_is_running(&connection->timer) &&
		http_connection_is_stuffed(connection))
		loop_deadline_start(http_connection_loop(connection),
			&connection->timer,
			connection->http->worker->config->times.disconnect);
}

static void http_connection_on_socket(struct watch *watch, unsigned events)
{
	struct http_connection *connection =
		container_of(watch, struct http_connection, watch);

	if (events & WATCH_GONE)
		connection->gone = true;
	if (events & WATCH_IN)
		connection->readable = true;
	if (http_connection_listens(connection))
		http_connection_resume(connection);
	else if (!http_connection_rests(connection))
		return;
	else if (connection->gone)
		http_receiver_gone(connection->request);
	else {
		if (events & WATCH_IN)
			http_connection_note_unread(connection);
		if (events & WATCH_OUT)
			http_receiver_writable(connection->request);
	}
}

int http_connection_watch(struct http_connection *connection)
{
	return loop_watch(http_connection_loop(connection), &connection->watch,
		WATCH_IN | WATCH_OUT | WATCH_GONE);
}

/* Returns its io, which the caller ends. */
static struct io http_connection_release(struct http_connection *connection)
{
	struct io io = connection->io;

	http_connection_set_phase(
		connection, HTTP_WAITING); /* owes nothing, has no deadline */
	peer_left(connection->http->worker, connection->address_slot);
	http_pool_charge(connection, false);
	if (connection->account != ACCOUNT_HOUSE)
		account_add(connection->http->worker->workers->accounts,
			connection->account, ACCOUNT_RESERVED, -1);
	loop_unwatch(&connection->watch);
	list_remove(&connection->due.link);
	list_remove(&connection->link);
	free(connection);
	return io;
}

void http_connection_destroy(struct http_connection *connection)
{
	struct io io = http_connection_release(connection);

	io_forget(&io);
}

struct http_connection *http_connection_create(
	struct http_daemon *daemon, struct io io, const struct address *peer)
{
	struct http_connection *connection = xcalloc(1, sizeof(*connection));
	struct http *http = daemon->http;

	connection->http = http;
	connection->daemon = daemon;
	connection->timer.fire = http_connection_on_deadline;
	connection->watch.ready = http_connection_on_socket;
	connection->io = io;
	connection->watch.fd = io.fd;
	connection->due.run = http_keep_run;
	connection->peer = *peer;
	list_append(&http->connections, &connection->link);
	connection->address_slot = peer_came(http->worker, peer);
	http_connection_set_phase(connection, HTTP_IDLE);
	connection->readable = true;
	connection->gone = http_connection_watch(connection) == -1;
	return connection;
}

void http_connection_close(struct http_connection *connection)
{
	if (connection->request != NULL)
		http_request_destroy(connection->request,
			http_receiver_is_done(connection->request));
	http_linger(connection);
	struct io io = http_connection_release(connection);
	io_close(&io);
}
