/*
 * The receiver: a request that brings frames to a client, seen by its connection. Its
 * feed (feed.h) provides the bytes. A poll rests until there are some. A stream's
 * frames are written straight to the socket (22 us a push; resuming the connection for
 * it took 3 ms with 18,000 streams).
 *
 * A request that waits for frames leaves libmicrohttpd (http_leave.c), and Postern
 * writes the whole response. If it cannot leave, it is suspended; libmicrohttpd then
 * writes a poll's answer, and a stream's head, prelude and last chunk.
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_receiver.h"

#include "gateway/base/progress.h"
#include "protocol/chunk.h"
#include "protocol/xmalloc.h"
#include "transports/http/http_remote.h"
#include "transports/sockjs/callback.h"

#include <stdlib.h>

/* Streams. */

/* libmicrohttpd has sent everything before. After the prelude the socket is ours. */
static ssize_t stream_read(void *context, uint64_t position, char *out, size_t room)
{
	struct receiver *receiver = context;
	struct http_connection *connection = receiver->request->connection;

	(void)position;
	if (receiver->phase == RECEIVER_DONE)
		return STREAM_ENDS;
	if (receiver->phase == RECEIVER_BROKEN || connection->http->stopping)
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

	receiver->phase = RECEIVER_OPEN;
	http_connection_suspend(connection);
	if (connection->gone)
		receiver_break(receiver);
	else
		receiver_flush(receiver);
	return 0;
}

/* Writes what libmicrohttpd has not: the head, the prelude, and the first frame. */
static void stream_open(struct receiver *receiver)
{
	struct buf out = {0}, prelude = {0}, frame = receiver->rest;
	const struct slice bytes = slice_from(buf_slice(&frame), receiver->rest_from);

	receiver->phase = RECEIVER_OPEN;
	receiver->rest = (struct buf){0};
	receiver->rest_from = 0;
	http_write_stream(receiver->request, receiver->link->content_type, &out);
	chunk_begin(&prelude);
	receiver->link->begin(&prelude, slice_of(receiver->callback));
	buf_append(&out, chunk_end(&prelude));
	if (receiver_reserve(receiver, &out, bytes.len)) {
		buf_append(&out, bytes);
		if (receiver_send(receiver, buf_slice(&out), &out) && bytes.len > 0)
			receiver_tell(receiver, FEED_WRITTEN);
	}
	buf_finish(&out);
	buf_finish(&prelude);
	buf_finish(&frame);
}

/* False when the connection has left libmicrohttpd. */
static bool stream_begin(struct receiver *receiver)
{
	if (http_leave(receiver->request)) {
		stream_open(receiver);
		return false;
	}
	receiver->phase = RECEIVER_STREAM;
	return http_answer_stream(
		receiver->request, receiver->link->content_type, stream_read, receiver);
}

/* Polls. */

static struct answer poll_frame(const struct receiver *receiver, struct slice frame)
{
	return (struct answer){.status = 200,
		.content_type = receiver->link->content_type,
		.body = frame,
		.caching = CACHING_NEVER,
		.nosniff = receiver->link->calls};
}

/* The returned answer points into `text`. */
static struct answer receiver_refusal(const struct receiver *receiver, struct buf *text)
{
	struct http_request *request = receiver->request;
	struct refusal refusal = {.kind = receiver->refusal};

	if (refusal.kind == REFUSAL_UNKNOWN_SESSION) {
		refusal.what = SLICE("endpoint");
		refusal.value = request->route.endpoint->path;
	}
	return http_refusal(request, &refusal, text);
}

static void poll_release(void *receiver)
{
	(void)receiver;
}

static bool poll_answer(struct receiver *receiver)
{
	struct answer answer = poll_frame(
		receiver, slice_from(buf_slice(&receiver->rest), receiver->rest_from));

	/* The receiver ends when libmicrohttpd has sent the answer. */
	answer.held = receiver;
	answer.release = poll_release;
	receiver->phase = RECEIVER_POLL;
	return http_answer(receiver->request, &answer);
}

/* Writes a whole answer to a socket that is ours; true when the kernel has it. */
static bool receiver_answer(struct receiver *receiver, struct answer answer)
{
	enum { HEAD = 2048 /* about */ };
	struct buf out = {0};
	bool written = false;

	receiver->phase = RECEIVER_OPEN;
	receiver->end = RECEIVER_ENDED;
	if (receiver_reserve(receiver, &out, HEAD + answer.body.len)) {
		http_write_answer(receiver->request, &answer, &out);
		written = receiver_send(receiver, buf_slice(&out), &out);
	}
	buf_finish(&out);
	return written;
}

static bool receiver_refuse(struct receiver *receiver)
{
	struct buf text = {0};
	const struct answer answer = receiver_refusal(receiver, &text);
	const bool good = receiver_has_left(receiver)
				  ? receiver_answer(receiver, answer)
				  : http_answer(receiver->request, &answer);

	buf_finish(&text);
	return good;
}

/* News from the feed. */

static void receiver_end(struct receiver *receiver, bool drops)
{
	switch (receiver->phase) {
	case RECEIVER_ASKING:
		/* An empty answer would make the client ask again immediately. */
		receiver_break(receiver);
		break;
	case RECEIVER_STREAM:
		if (drops)
			receiver_drop_rest(receiver);
		receiver->end = RECEIVER_ENDS;
		break;
	case RECEIVER_OPEN:
		/* A frame that has begun can no longer be finished in time. */
		if (drops && receiver->rest.len > 0)
			receiver_break(receiver);
		else if (receiver->link->streams && receiver->rest.len == 0)
			receiver_close(receiver);
		else if (receiver->link->streams || receiver->rest.len == 0)
			receiver_break(receiver);
		break;
	case RECEIVER_POLL:
	case RECEIVER_DONE:
	case RECEIVER_BROKEN:
		break;
	}
}

static bool receiver_take(struct receiver *receiver, const struct receiver_word *word)
{
	receiver->end = word->last ? RECEIVER_ENDS : RECEIVER_GOES_ON;
	if (receiver->phase == RECEIVER_OPEN)
		return receiver->link->streams
			       ? receiver_send(receiver, word->bytes, word->whole)
			       : receiver_answer(
					 receiver, poll_frame(receiver, word->bytes));
	receiver_keep(receiver, word->bytes, word->whole);
	return false;
}

bool receiver_notify(
	struct http *http, uint64_t number, const struct receiver_word *word)
{
	struct http_request *request = http_request_find(http, number);

	if (request == NULL || request->receiver->phase == RECEIVER_BROKEN)
		return false;
	struct receiver *receiver = request->receiver;
	const struct io *io = &request->connection->io;
	bool written = false;
	switch (word->news) {
	case RECEIVER_BEGIN:
		receiver->feed = RECEIVER_FEED_THERE;
		break;
	case RECEIVER_TAKE:
		written = receiver_take(receiver, word);
		break;
	case RECEIVER_END:
		receiver->account = word->account;
		receiver_charge(receiver);
		receiver_end(receiver, word->drops);
		break;
	case RECEIVER_REFUSE:
		receiver->feed = RECEIVER_FEED_REFUSED;
		receiver->refusal = word->refusal;
		if (receiver->phase == RECEIVER_OPEN)
			receiver_refuse(receiver);
		break;
	case RECEIVER_PROBE:
		receiver_tell(receiver, progress_is_dead(io) ? FEED_DEAD : FEED_ALIVE);
		return false;
	case RECEIVER_MARK:
		receiver->acked[word->waits] = progress_acked(io);
		return false;
	case RECEIVER_LOOK:
		if (progress_acked(io) > receiver->acked[word->waits])
			receiver_tell(receiver, word->waits ? FEED_READS : FEED_TAKEN);
		return false;
	}
	/* A poll that has its session has nothing to write yet. */
	if (receiver->phase == RECEIVER_ASKING && request->connection->suspended &&
		(receiver->link->streams || word->news != RECEIVER_BEGIN))
		http_connection_resume(request->connection);
	return written;
}

/* Events of the connection. */

void http_receiver_writable(struct http_request *request)
{
	if (request->receiver->phase == RECEIVER_OPEN &&
		request->receiver->rest.len > 0)
		receiver_flush(request->receiver);
}

void http_receiver_gone(struct http_request *request)
{
	receiver_break(request->receiver);
}

bool http_receiver_is_done(const struct http_request *request)
{
	if (request->receiver == NULL)
		return request->reply == HTTP_REPLY_WHOLE;
	return request->receiver->phase == RECEIVER_DONE;
}

bool http_receiver_is_over(const struct http_request *request)
{
	if (request->receiver == NULL)
		return request->reply == HTTP_REPLY_WHOLE ||
		       request->reply == HTTP_REPLY_LAST;
	return request->receiver->phase == RECEIVER_DONE ||
	       request->receiver->phase == RECEIVER_BROKEN;
}

void http_receiver_destroy(struct http_request *request, bool completed)
{
	struct receiver *receiver = request->receiver;

	if (receiver->phase == RECEIVER_POLL && completed)
		receiver_tell(receiver, FEED_WRITTEN);
	else if (receiver->phase != RECEIVER_DONE &&
		 receiver->feed != RECEIVER_FEED_REFUSED)
		receiver_tell(receiver, FEED_LOST);
	buf_finish(&receiver->rest);
	receiver_charge(receiver);
	free(receiver);
	request->receiver = NULL;
}

/* The request. */

/*
 * Answers with the feed's news, or rests until it comes. False: the connection closes.
 */
static bool receiver_resume(struct receiver *receiver)
{
	struct http_request *request = receiver->request;

	if (receiver->phase == RECEIVER_BROKEN)
		return false;
	if (receiver->feed == RECEIVER_FEED_REFUSED)
		return receiver_refuse(receiver);
	if (receiver->link->streams && receiver->feed == RECEIVER_FEED_THERE)
		return stream_begin(receiver);
	if (!receiver->link->streams && receiver->rest.len > 0)
		return poll_answer(receiver);
	if (request->connection->gone)
		return false;
	if (!receiver->link->streams && http_leave(request)) {
		receiver->phase = RECEIVER_OPEN;
		return false;
	}
	http_connection_suspend(request->connection);
	return true;
}

static bool receive_begin(struct http_request *request)
{
	const struct http_route *route = &request->route;
	char callback[CALLBACK_MAX + 1];

	enum refusal_kind wrong;

	if (!callback_take(
		    route->downlink, slice_of(request->target), callback, &wrong))
		return http_refuse_kind(request, wrong);

	struct receiver *receiver = xcalloc(1, sizeof(*receiver));
	receiver->request = request;
	receiver->link = route->downlink;
	receiver->home = http_request_home(request);
	memcpy(receiver->callback, callback, sizeof(callback));
	if (request->connection->mhd == NULL && !receiver->link->streams)
		receiver->phase = RECEIVER_OPEN;
	request->receiver = receiver;
	http_request_give_number(request);

	const struct feed_ask ask = {
		.receiver = http_request_handle(request),
		.endpoint = route->endpoint,
		.link = route->downlink,
		.chunked = request->minor > 0,
		.session = route->session,
		.peer = request->peer,
		.callback = slice_of(callback),
	};
	http_remote_ask_feed(http_request_carrier(request), receiver->home, &ask);
	return receiver->phase != RECEIVER_ASKING || receiver_resume(receiver);
}

bool http_receive_is_asked(const struct http_request *request)
{
	char callback[CALLBACK_MAX + 1];
	enum refusal_kind wrong;

	return request->route.kind == ROUTE_DOWNLINK && !request->upgrades &&
	       http_request_is(request, request->route.downlink->method) &&
	       callback_take(request->route.downlink, slice_of(request->target),
		       callback, &wrong);
}

bool http_serve_receive(struct http_request *request)
{
	const struct downlink *link = request->route.downlink;
	bool posts = strcmp(link->method, "POST") == 0;

	if (request->receiver != NULL) /* it was resumed */
		return receiver_resume(request->receiver);
	if (posts && http_request_is(request, "OPTIONS"))
		return http_serve_preflight(request, "OPTIONS, POST");
	if (!http_request_is(request, link->method))
		return http_refuse_method(request, posts ? "OPTIONS, POST" : "GET");
	return receive_begin(request);
}
