/*
 * A connection that is ours: a new one, or one that has left libmicrohttpd. It peeks at
 * the next head, which stays in the socket. Postern itself serves the requests of
 * SockJS clients that are frequent and plain: for frames, with messages, and /info.
 * libmicrohttpd would hold 34 KB for each connection, and parse each head again. All
 * other requests go to libmicrohttpd, which sees them unread: those with a mistake or a
 * chunked body, incomplete heads, pages.
 */
#include "transports/http/http_keep.h"
#include "transports/http/http_answer.h"
#include "transports/http/http_budget.h"

#include "gateway/base/log.h"
#include "gateway/base/progress.h"
#include "gateway/worker/metrics.h"
#include "transports/base/refusal.h"

#include <errno.h>
#include <microhttpd.h>
#include <sys/socket.h>

/* There is no memory for libmicrohttpd's pool. */
static void http_connection_refuse(struct http_connection *connection)
{
	struct metrics *metrics = connection->http->worker->metrics;
	struct buf text = {0};

	metrics_refuse(metrics, BOUND_MEMORY);
	refusal_report(metrics,
		&(struct refusal){.door = DOOR_HTTP,
			.kind = REFUSAL_CROWDED,
			.address = connection->peer},
		&text);
	metrics_answer(metrics, REQUEST_REFUSED, refusal_status(REFUSAL_CROWDED));
	refusal_send(&connection->io, REFUSAL_CROWDED, buf_slice(&text));
	buf_finish(&text);
	http_connection_close(connection);
}

/* libmicrohttpd owns the descriptor from now on. */
void http_connection_return(struct http_connection *connection)
{
	struct http *http = connection->http;
	struct sockaddr_storage address;
	socklen_t len = peer_socket(&connection->peer, 0, &address);

	if (!http_pool_fits(connection)) {
		http_connection_refuse(connection);
		return;
	}
	connection->read = progress_read_at_least(&connection->io);
	http->returning = connection;
	if (MHD_add_connection(connection->daemon->mhd, connection->io.fd,
		    (const struct sockaddr *)&address, len) == MHD_YES) {
		if (connection->due.is_fresh)
			http_daemon_mark_fresh(connection->daemon);
		else
			http_daemon_mark(connection->daemon);
		return;
	}
	log_warn("http: libmicrohttpd takes no connection");
	/* libmicrohttpd has closed the socket, and may have reported that already. */
	if (http->returning == connection)
		http_connection_destroy(connection);
	http->returning = NULL;
}

/* True when the request is one of those that are served without libmicrohttpd. */
static bool http_request_is_plain(
	struct http_request *request, const struct http_head *head)
{
	if (request->state != HTTP_REQUEST_BEGUN || !request->keeps_alive ||
		request->upgrades || http_header(head, SLICE("Expect")) != NULL ||
		http_header(head, SLICE("Transfer-Encoding")) != NULL)
		return false;
	if (http_has_body(head))
		return http_send_is_asked(request, head);
	return http_receive_is_asked(request) ||
	       (request->route.kind == ROUTE_INFO && http_request_is(request, "GET"));
}

/* The request that the head begins, if it can be served here; else NULL. */
static struct http_request *http_connection_begin(
	struct http_connection *connection, struct peeked *peeked)
{
	struct http *http = connection->http;

	/* A wrong token of an operator counts when its request is read: once. */
	if (http->worker->stopping || connection->daemon == &http->admin)
		return NULL;
	struct http_request *request =
		http_request_create(connection, peeked->head.target);
	http_request_read(request, &peeked->head);
	if (http_request_is_plain(request, &peeked->head) &&
		http_body_begin(request, peeked))
		return request;
	http_request_destroy(request, false);
	return NULL;
}

/* Its request may go on. False when the connection is closed. */
static bool http_connection_continue(struct http_connection *connection)
{
	struct http_request *request = connection->request;

	const enum http_body body = http_body_read(request);
	if (body == HTTP_BODY_MORE && !connection->gone)
		return true;
	if (body != HTTP_BODY_WHOLE || request->state == HTTP_REQUEST_REFUSED) {
		http_connection_close(connection);
		return false;
	}
	/* From now on nothing is late: it waits for its turn, and for its session. */
	http_connection_set_phase(connection, HTTP_WAITING);
	http_request_serve(request);
	return true;
}

static void http_connection_serve(
	struct http_connection *connection, struct peeked *peeked)
{
	struct http_request *request = http_connection_begin(connection, peeked);

	if (request == NULL) {
		http_connection_return(connection);
		return;
	}
	if (request->missing > 0)
		http_connection_set_phase(connection, HTTP_READING);
	if (!http_connection_continue(connection) || http_receiver_is_over(request))
		return;
	/* The next head overwrites this one. */
	http_request_keep(request);
	/* The watch does not report again what it has reported. */
	if (request->receiver == NULL)
		return;
	if (connection->gone)
		http_receiver_gone(request);
	else if (peeked->got > peeked->head.len)
		http_connection_note_unread(connection);
}

static void http_connection_look(struct http_connection *connection)
{
	struct worker *worker = connection->http->worker;
	struct peeked *peeked = &connection->http->peeked;

	connection->readable = false; /* the watch reports later bytes again */
	switch (peek_head(connection->io.fd, worker->config, peeked)) {
	case PEEK_HEAD:
		http_connection_serve(connection, peeked);
		break;
	case PEEK_MORE:
	case PEEK_BAD:
		http_connection_return(connection);
		break;
	case PEEK_NOTHING:
		if (connection->gone) /* and its watch would report nothing more */
			http_connection_close(connection);
		break;
	case PEEK_GONE:
		http_connection_close(connection);
		break;
	}
}

/* Writes as much of an answer's bytes as the kernel takes, and keeps the rest. */
static void http_keep_write(struct http_request *request, struct slice bytes)
{
	struct http_connection *connection = request->connection;
	ssize_t taken = io_send(&connection->io, bytes);

	if (taken == -1 && (errno == EAGAIN || errno == EINTR))
		taken = 0;
	if (taken != -1 && (size_t)taken < bytes.len) {
		buf_append(&request->body, slice_from(bytes, (size_t)taken));
		request->reply = HTTP_REPLY_LEAVING;
		/* What the peer sends meanwhile does not count as its progress. */
		if (connection->phase != HTTP_ANSWERING)
			http_connection_set_phase(connection, HTTP_ANSWERING);
		return;
	}
	request->reply = taken != -1 && request->keeps_alive ? HTTP_REPLY_WHOLE
							     : HTTP_REPLY_LAST;
	http_connection_resume(connection);
}

void http_keep_answer(struct http_request *request, const struct answer *answer)
{
	struct buf out = {0};

	http_write_answer(request, answer, &out);
	request->keeps_alive = request->keeps_alive && !answer->close;
	buf_clear(&request->body);
	http_keep_write(request, buf_slice(&out));
	buf_finish(&out);
}

/* Writes the rest of the answer. */
static void http_keep_flush(struct http_request *request)
{
	struct buf rest = request->body;

	request->body = (struct buf){0};
	http_keep_write(request, buf_slice(&rest));
	buf_finish(&rest);
}

/* False when the connection is closed. */
static bool http_connection_end_request(struct http_connection *connection)
{
	bool whole = http_receiver_is_done(connection->request);

	if (!whole || connection->once || connection->http->worker->stopping) {
		http_connection_close(connection);
		return false;
	}
	http_request_destroy(connection->request, true);
	http_connection_set_phase(connection, HTTP_IDLE);
	return true;
}

void http_keep_run(struct fair_queue_entry *entry)
{
	struct http_connection *connection =
		container_of(entry, struct http_connection, due);
	struct http_request *request = connection->request;

	connection->suspended = false;
	if (request != NULL && !http_receiver_is_over(request)) {
		if (request->reply == HTTP_REPLY_LEAVING)
			http_keep_flush(request);
		else if (request->receiver != NULL && connection->gone)
			http_connection_close(connection);
		else
			http_connection_continue(connection);
		return;
	}
	if (request != NULL && !http_connection_end_request(connection))
		return;
	/* Else the watch reports the next bytes. */
	if (connection->readable || connection->gone)
		http_connection_look(connection);
}
