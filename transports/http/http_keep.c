/*
 * A connection that has left libmicrohttpd, between its requests. It peeks at the next
 * head, which stays in the socket. Another request for frames is served here: to hand
 * the connection back and let it leave once more would cost 8 us, of 27 us for a
 * poll's delivery. All other requests go to libmicrohttpd, which sees them unread:
 * requests not for frames, with a body, with a mistake, or incomplete.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

#include "gateway/base/log.h"

#include <microhttpd.h>
#include <sys/socket.h>

/* libmicrohttpd owns the descriptor from now on. */
static void http_connection_return(struct http_connection *connection)
{
	struct http *http = connection->http;
	struct sockaddr_storage address;
	socklen_t len = peer_socket(&connection->peer, 0, &address);

	http->returning = connection;
	if (MHD_add_connection(connection->daemon->mhd, connection->io.fd,
		    (const struct sockaddr *)&address, len) == MHD_YES) {
		http_daemon_mark(connection->daemon);
		return;
	}
	log_warn("http: libmicrohttpd takes no connection");
	/* libmicrohttpd has closed the socket, and may have reported that already. */
	if (http->returning == connection)
		http_connection_destroy(connection);
	http->returning = NULL;
}

/* The request that the head begins, if it can be served here; else NULL. */
static struct http_request *http_connection_begin(
	struct http_connection *connection, const struct http_head *head)
{
	if (connection->gone || connection->http->worker->stopping ||
		http_has_body(head) || http_header(head, SLICE("Expect")) != NULL)
		return NULL;
	struct http_request *request = http_request_create(connection, head->target);
	http_request_read(request, head);
	if (request->state == HTTP_REQUEST_BEGUN && request->keeps_alive &&
		http_receive_is_asked(request) &&
		peek_take(connection->io.fd, head->len))
		return request;
	http_request_destroy(request, false);
	return NULL;
}

static void http_connection_serve(
	struct http_connection *connection, const struct peeked *peeked)
{
	struct http_request *request = http_connection_begin(connection, &peeked->head);

	if (request == NULL) {
		http_connection_return(connection);
		return;
	}
	connection->readable = peeked->got > peeked->head.len;
	connection->read += (int64_t)peeked->head.len;
	http_connection_set_phase(connection, HTTP_WAITING);
	http_serve_receive(request);
	http_request_keep(request); /* the next head overwrites this one */
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

void http_keep_answer(struct http_request *request, const struct answer *answer)
{
	struct http_connection *connection = request->connection;
	struct buf out = {0};

	http_write_answer(request, answer, &out);
	/*
	 * The client waits for the answer, so the socket has room; else the connection
	 * closes.
	 */
	request->whole = io_send(&connection->io, buf_slice(&out)) == (ssize_t)out.len;
	buf_finish(&out);
	http_connection_resume(connection);
}

/* False when the connection is closed. */
static bool http_connection_end_request(struct http_connection *connection)
{
	bool whole = http_receiver_is_done(connection->request);

	if (!whole || connection->http->worker->stopping) {
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
		if (connection->gone)
			http_connection_close(connection);
		else
			http_serve_receive(request); /* the home has answered */
		return;
	}
	if (request != NULL && !http_connection_end_request(connection))
		return;
	/* Else the watch reports the next bytes. */
	if (connection->readable || connection->gone)
		http_connection_look(connection);
}
