/*
 * The one HTTP outlet: a request that brings frames to a client. A poll waits
 * until something is there and answers with one frame. A stream has its head and
 * prelude sent by libmicrohttpd, which then rests, and we write
 * each frame straight to the socket (22 us a push; resuming the connection for
 * it took 3 ms with 18,000 streams); at its end libmicrohttpd takes over again,
 * writes the last chunk, and the connection is ready for the next request.
 */
#include "transports/http_internal.h"

#include "protocol/ascii.h"
#include "protocol/url.h"
#include "protocol/xmalloc.h"
#include "transports/framing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME_BUDGET = 65536, CALLBACK_MAX = 32 };

enum receiver_phase {
	POLL_WAITING,   /* suspended until the session wakes us */
	POLL_ANSWERING, /* a frame is on its way */
	STREAM_HEAD,    /* libmicrohttpd writes head and prelude */
	STREAM_OPEN,    /* suspended; the socket is ours */
	STREAM_ENDING,  /* libmicrohttpd writes the end */
	STREAM_BROKEN,  /* it closes the connection */
};

struct receiver {
	struct outlet outlet;
	struct http_request *request;
	const struct downlink *link;
	struct session *session; /* NULL: over, or it never was */
	enum receiver_phase phase;
	char callback[CALLBACK_MAX + 1]; /* empty: the link has none */
	struct pulled pulled;            /* what the bytes on their way are made of */
	struct buf rest;                 /* what the kernel has not taken yet */
	size_t prelude_sent;
	size_t sent; /* bytes of frames, for the response limit */
};

static struct http *receiver_http(const struct receiver *receiver)
{
	return request_http(receiver->request);
}

/* Frames. */

/* Writes a frame as the transport has it, in a chunk unless it is HTTP/1.0. */
static void receiver_wrap(
	struct receiver *receiver, struct slice frame, struct buf *out)
{
	struct buf body = {0};

	receiver->link->frame(&body, slice_of(receiver->callback), frame);
	receiver->sent += body.len;
	if (receiver->request->minor > 0)
		buf_printf(out, "%zx\r\n", body.len);
	buf_append(out, buf_slice(&body));
	if (receiver->request->minor > 0)
		buf_append(out, SLICE("\r\n"));
	buf_finish(&body);
}

static void receiver_popped(struct receiver *receiver)
{
	struct session *session = receiver->session;

	if (session == NULL)
		return;
	if (receiver->pulled.what == SESSION_NEXT_CLOSE)
		receiver->session = NULL; /* the session forgets us too */
	session_popped(session, receiver->pulled.what, receiver->pulled.count);
	receiver->pulled = (struct pulled){SESSION_NEXT_NOTHING, 0};
}

/* Streams. */

static void stream_finish(struct receiver *receiver)
{
	struct session *session = receiver->session;

	receiver->session = NULL;
	receiver->phase = STREAM_ENDING;
	if (session != NULL)
		session_detach(session);
	http_resume(receiver->request->connection);
}

static void stream_break(struct receiver *receiver)
{
	struct session *session = receiver->session;

	receiver->session = NULL;
	receiver->phase = STREAM_BROKEN;
	if (session != NULL)
		session_lost(session, 1002, SLICE("Connection interrupted"));
	http_resume(receiver->request->connection);
}

/* Writes what it can of `bytes` and keeps the rest. False when the socket is dead. */
static bool stream_send(struct receiver *receiver, struct slice bytes)
{
	ssize_t taken = send(receiver->request->connection->watch.fd, bytes.data,
		bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (taken == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return false;
		taken = 0;
	}
	buf_append(&receiver->rest, slice_from(bytes, (size_t)taken));
	return true;
}

/* True when nothing is left of what was written before. */
static bool stream_flush(struct receiver *receiver)
{
	struct buf rest = receiver->rest;

	if (rest.len == 0)
		return true;
	receiver->rest = (struct buf){0};
	bool alive = stream_send(receiver, buf_slice(&rest));
	buf_finish(&rest);
	if (!alive) {
		stream_break(receiver);
		return false;
	}
	return receiver->rest.len == 0;
}

/*
 * Writes frame after frame until nothing waits, the socket takes no more, or the
 * response has reached its limit.
 */
static void stream_pump(struct receiver *receiver)
{
	struct buf *frame = &receiver_http(receiver)->scratch, chunk = {0};
	size_t limit = receiver->request->route.endpoint->response_limit;

	while (receiver->phase == STREAM_OPEN && stream_flush(receiver)) {
		receiver_popped(receiver);
		if (receiver->session == NULL || receiver->sent >= limit) {
			stream_finish(receiver);
			break;
		}
		buf_clear(frame);
		receiver->pulled = framing_pull(
			receiver->session, receiver->link->wire, FRAME_BUDGET, frame);
		if (receiver->pulled.what == SESSION_NEXT_NOTHING)
			break;
		buf_clear(&chunk);
		receiver_wrap(receiver, buf_slice(frame), &chunk);
		if (!stream_send(receiver, buf_slice(&chunk)))
			stream_break(receiver);
	}
	buf_finish(&chunk);
	if (frame->capacity > 4 * FRAME_BUDGET)
		buf_finish(frame);
}

/*
 * libmicrohttpd asks for the next chunk: all before it has left. After the
 * prelude the socket is ours.
 */
static ssize_t stream_read(void *context, uint64_t position, char *out, size_t room)
{
	struct receiver *receiver = context;
	struct http_connection *connection = receiver->request->connection;

	(void)position;
	if (receiver->phase == STREAM_ENDING)
		return STREAM_ENDS;
	if (receiver->phase == STREAM_BROKEN || connection->http->stopping)
		return STREAM_BREAKS;

	struct buf prelude = {0};
	receiver->link->begin(&prelude, slice_of(receiver->callback));
	struct slice left = slice_first(
		slice_from(buf_slice(&prelude), receiver->prelude_sent), room);
	memcpy(out, left.data, left.len);
	buf_finish(&prelude);
	if (left.len > 0) {
		receiver->prelude_sent += left.len;
		return (ssize_t)left.len;
	}

	receiver->phase = STREAM_OPEN;
	http_suspend(connection);
	if (connection->gone)
		stream_break(receiver);
	else
		stream_pump(receiver);
	/* What is left of a session's last words has no session to watch over it. */
	if (receiver->phase == STREAM_OPEN && receiver->session == NULL)
		http_set_phase(connection, HTTP_ANSWERING);
	return 0;
}

static bool stream_begin(struct receiver *receiver)
{
	receiver->phase = STREAM_HEAD;
	return http_answer_stream(
		receiver->request, receiver->link->content_type, stream_read, receiver);
}

/* Polls. */

static bool poll_answer(struct receiver *receiver, struct slice frame)
{
	struct buf body = {0};

	receiver->phase = POLL_ANSWERING;
	receiver->link->frame(&body, slice_of(receiver->callback), frame);
	bool good = http_answer(
		receiver->request, &(struct answer){.status = 200,
					   .content_type = receiver->link->content_type,
					   .body = buf_slice(&body),
					   .caching = CACHING_NEVER,
					   .nosniff = receiver->link->calls});
	buf_finish(&body);
	return good;
}

/* Answers with what waits, or waits itself. */
static bool poll_go_on(struct receiver *receiver)
{
	struct http *http = receiver_http(receiver);

	/* An empty answer would make the client ask again at once, and again. */
	if (receiver->session == NULL)
		return false;
	buf_clear(&http->scratch);
	receiver->pulled = framing_pull(
		receiver->session, receiver->link->wire, FRAME_BUDGET, &http->scratch);
	if (receiver->pulled.what != SESSION_NEXT_NOTHING)
		return poll_answer(receiver, buf_slice(&http->scratch));
	if (receiver->request->connection->gone)
		return false;
	receiver->phase = POLL_WAITING;
	http_suspend(receiver->request->connection);
	return true;
}

/* The outlet. */

static void on_wake(struct outlet *outlet)
{
	struct receiver *receiver = container_of(outlet, struct receiver, outlet);

	if (receiver->phase == STREAM_OPEN && receiver->rest.len == 0)
		stream_pump(receiver);
	else if (receiver->phase == POLL_WAITING)
		http_resume(receiver->request->connection);
}

static void on_end(struct outlet *outlet)
{
	struct receiver *receiver = container_of(outlet, struct receiver, outlet);

	receiver->session = NULL;
	if (receiver->phase == STREAM_OPEN) {
		/* A frame that was begun cannot be finished in time any more. */
		if (receiver->rest.len == 0)
			stream_finish(receiver);
		else
			stream_break(receiver);
	} else if (receiver->phase == POLL_WAITING) {
		http_resume(receiver->request->connection);
	}
}

static const struct outlet_ops receiver_ops = {.wake = on_wake, .end = on_end};

void http_receiver_writable(struct http_request *request)
{
	if (request->receiver->phase == STREAM_OPEN && request->receiver->rest.len > 0)
		stream_pump(request->receiver);
}

void http_receiver_gone(struct http_request *request)
{
	struct receiver *receiver = request->receiver;

	if (receiver->phase == STREAM_OPEN) {
		stream_break(receiver);
	} else if (receiver->phase == POLL_WAITING) {
		struct session *session = receiver->session;

		receiver->session = NULL;
		if (session != NULL)
			session_lost(session, 1002, SLICE("Connection interrupted"));
		http_resume(request->connection);
	}
}

void http_receiver_destroy(struct http_request *request, bool completed)
{
	struct receiver *receiver = request->receiver;

	if (receiver->session != NULL) {
		if (completed && receiver->phase == POLL_ANSWERING)
			receiver_popped(receiver);
		if (receiver->session != NULL && completed)
			session_detach(receiver->session);
		else if (receiver->session != NULL)
			session_lost(receiver->session, 1002,
				SLICE("Connection interrupted"));
	}
	buf_finish(&receiver->rest);
	free(receiver);
	request->receiver = NULL;
}

/* The request. */

/* Answers with one close frame, without a session. */
static bool receive_last(struct receiver *receiver, unsigned code, struct slice reason)
{
	struct buf frame = {0};
	bool good;

	framing_close(&frame, receiver->link->wire, code, reason);
	if (receiver->link->streams) {
		receiver_wrap(receiver, buf_slice(&frame), &receiver->rest);
		good = stream_begin(receiver);
	} else {
		good = poll_answer(receiver, buf_slice(&frame));
	}
	buf_finish(&frame);
	return good;
}

/* The session that the URL names; opened if there was none. *status on failure. */
static struct session *receive_session(const struct http_request *request,
	const struct grave **grave, unsigned *status)
{
	struct worker *worker = request_http(request)->worker;
	const struct http_route *route = &request->route;
	const struct peer peer = request_peer(request);
	struct session *session = session_find(worker, route->endpoint, route->session);

	*grave = NULL;
	if (session != NULL) {
		*status = 404;
		if (!session_admits(session, &peer) ||
			session_family(session) != route->downlink->family)
			return NULL;
		return session;
	}
	*grave = session_find_grave(worker, route->endpoint, route->session);
	if (*grave != NULL)
		return NULL;
	*status = 503;
	session = session_create(
		worker, route->endpoint, SESSION_SOCKJS, route->session, &peer);
	if (session != NULL)
		session_set_family(session, route->downlink->family);
	return session;
}

/* What stands in a script must be a name, and nothing else. */
static bool callback_is_name(struct slice callback)
{
	for (size_t i = 0; i < callback.len; i++) {
		char byte = callback.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '-' && byte != '_' &&
			byte != '.')
			return false;
	}
	return callback.len > 0 && callback.len <= CALLBACK_MAX;
}

/* Reads the parameter c. What is wrong with it, or NULL. */
static const char *receive_callback(
	const struct http_request *request, char callback[CALLBACK_MAX + 1])
{
	struct slice query = url_split(slice_of(request->target)).query, value;
	struct buf decoded = {0};
	const char *wrong = NULL;

	callback[0] = '\0';
	if (!request->route.downlink->calls)
		return NULL;
	if ((!url_parameter(query, SLICE("c"), &value) &&
		    !url_parameter(query, SLICE("callback"), &value)) ||
		value.len == 0)
		return "\"callback\" parameter required";
	if (url_decode(&decoded, value, true) &&
		callback_is_name(buf_slice(&decoded))) {
		memcpy(callback, decoded.data, decoded.len);
		callback[decoded.len] = '\0';
	} else {
		wrong = "invalid \"callback\" parameter";
	}
	buf_finish(&decoded);
	return wrong;
}

static bool receive_begin(struct http_request *request)
{
	char callback[CALLBACK_MAX + 1];
	const struct grave *grave;
	unsigned status;

	const char *wrong = receive_callback(request, callback);
	if (wrong != NULL)
		return http_answer_text(request, 500, slice_of(wrong));

	struct session *session = receive_session(request, &grave, &status);
	if (session == NULL && grave == NULL)
		return http_answer_text(request, status,
			slice_of(status == 404 ? "Not found\n" : "Try again later\n"));

	struct receiver *receiver = xcalloc(1, sizeof(*receiver));
	receiver->outlet.ops = &receiver_ops;
	receiver->request = request;
	receiver->link = request->route.downlink;
	memcpy(receiver->callback, callback, sizeof(callback));
	request->receiver = receiver;
	if (grave != NULL)
		return receive_last(receiver, grave->code, grave->reason);
	if (!session_attach(session, &receiver->outlet))
		return receive_last(
			receiver, 2010, SLICE("Another connection still open"));
	receiver->session = session;
	return receiver->link->streams ? stream_begin(receiver) : poll_go_on(receiver);
}

bool http_serve_receive(struct http_request *request)
{
	const struct downlink *link = request->route.downlink;
	bool posts = strcmp(link->method, "POST") == 0;

	if (request->receiver != NULL) /* it was resumed */
		return poll_go_on(request->receiver);
	if (posts && request_is(request, "OPTIONS"))
		return http_serve_preflight(request, "OPTIONS, POST");
	if (!request_is(request, link->method))
		return http_answer_method(request, posts ? "OPTIONS, POST" : "GET");
	return receive_begin(request);
}
