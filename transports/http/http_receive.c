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
#include "transports/http/http_internal.h"

#include "gateway/base/progress.h"
#include "gateway/worker/account.h"
#include "protocol/chunk.h"
#include "protocol/xmalloc.h"
#include "transports/http/http_remote.h"
#include "transports/sockjs/callback.h"

#include <errno.h>
#include <stdlib.h>

/* feed.h has the table of the phases. */
enum receiver_phase {
	RECEIVER_ASKING, /* the home has not answered; a poll: no frame yet */
	RECEIVER_POLL,   /* libmicrohttpd writes the answer of a poll */
	RECEIVER_STREAM, /* libmicrohttpd writes head and prelude of a stream */
	RECEIVER_OPEN,   /* the socket is ours: a stream, or a poll that has left */
	RECEIVER_DONE,   /* we have written all; libmicrohttpd may add the end */
	RECEIVER_BROKEN, /* the connection closes */
};

/* The answer of the session's home. */
enum receiver_feed {
	RECEIVER_FEED_SILENT,
	RECEIVER_FEED_THERE,
	RECEIVER_FEED_REFUSED, /* with `refusal` */
};

enum receiver_end {
	RECEIVER_GOES_ON,
	RECEIVER_ENDS,  /* the response ends after `rest` */
	RECEIVER_ENDED, /* no chunk follows `rest` or the written bytes */
};

struct receiver {
	struct http_request *request;
	unsigned home; /* worker of its feed */
	const struct downlink *link;
	enum receiver_phase phase;
	enum receiver_feed feed;
	enum refusal_kind refusal;
	uint32_t account; /* charged for `rest` once the feed has ended, else HOUSE */
	struct buf rest;  /* from the feed, not yet taken by the kernel */
	enum receiver_end end;
	uint32_t charged; /* bytes of memory of `rest` */
	size_t prelude_sent;
	uint64_t acked[2];               /* progress_acked() at RECEIVER_MARK */
	char callback[CALLBACK_MAX + 1]; /* empty: the link takes none */
};

static struct handle receiver_handle(const struct receiver *receiver)
{
	return http_request_handle(receiver->request);
}

static void receiver_tell(struct receiver *receiver, enum feed_news news)
{
	http_remote_tell_feed(http_request_carrier(receiver->request), receiver->home,
		receiver_handle(receiver), news);
}

/* Closes the connection; the feed is notified when the request has ended. */
static void receiver_break(struct receiver *receiver)
{
	receiver->phase = RECEIVER_BROKEN;
	http_connection_resume(receiver->request->connection);
}

static bool receiver_has_left(const struct receiver *receiver)
{
	return receiver->request->connection->mhd == NULL;
}

/* While its feed lives, the session is charged for the rest. */
static void receiver_charge(struct receiver *receiver)
{
	if (receiver->account == ACCOUNT_HOUSE)
		return;
	budget_charge(http_request_carrier(receiver->request)->worker->workers,
		receiver->account,
		budget_change(receiver->charged, receiver->rest.capacity));
	receiver->charged = (uint32_t)receiver->rest.capacity;
}

/* From here on, for sockets that are ours. */

static bool receiver_send(struct receiver *receiver, struct slice bytes);

static void receiver_close(struct receiver *receiver)
{
	if (receiver->link->streams && receiver_has_left(receiver) &&
		receiver->end != RECEIVER_ENDED) {
		receiver->end = RECEIVER_ENDED;
		receiver_send(receiver, SLICE("0\r\n\r\n"));
		return;
	}
	receiver->phase = RECEIVER_DONE;
	http_connection_resume(receiver->request->connection);
}

/*
 * Writes as much of `bytes` as possible and keeps the rest. True when nothing is left;
 * the last bytes also end the response.
 */
static bool receiver_send(struct receiver *receiver, struct slice bytes)
{
	struct http_connection *connection = receiver->request->connection;
	ssize_t taken = 0;

	if (receiver->rest.len == 0)
		taken = io_send(&connection->io, bytes);

	if (taken == -1) {
		if (errno != EAGAIN && errno != EINTR) {
			receiver_break(receiver);
			return false;
		}
		taken = 0;
	}
	if ((size_t)taken < bytes.len) {
		buf_append(&receiver->rest, slice_from(bytes, (size_t)taken));
		/*
		 * The session may be gone: the last bytes have a deadline of their
		 * own.
		 */
		if (receiver->end != RECEIVER_GOES_ON)
			http_connection_set_phase(connection, HTTP_ANSWERING);
		return false;
	}
	if (receiver->end != RECEIVER_GOES_ON)
		receiver_close(receiver);
	return true;
}

/* Writes the rest. */
static void receiver_flush(struct receiver *receiver)
{
	struct buf rest = receiver->rest;

	if (rest.len == 0) {
		if (receiver->end != RECEIVER_GOES_ON)
			receiver_close(receiver);
		return;
	}
	receiver->rest = (struct buf){0};
	const bool written = receiver_send(receiver, buf_slice(&rest));
	buf_finish(&rest);
	receiver_charge(receiver);
	if (written)
		receiver_tell(receiver, FEED_WRITTEN);
}

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

	receiver->phase = RECEIVER_OPEN;
	receiver->rest = (struct buf){0};
	http_write_stream(receiver->request, receiver->link->content_type, &out);
	chunk_begin(&prelude);
	receiver->link->begin(&prelude, slice_of(receiver->callback));
	buf_append(&out, chunk_end(&prelude));
	buf_append(&out, buf_slice(&frame));
	if (receiver_send(receiver, buf_slice(&out)) && frame.len > 0)
		receiver_tell(receiver, FEED_WRITTEN);
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

static bool poll_answer(struct receiver *receiver)
{
	const struct answer answer = poll_frame(receiver, buf_slice(&receiver->rest));

	receiver->phase = RECEIVER_POLL;
	return http_answer(receiver->request, &answer);
}

/* Writes a whole answer to a socket that is ours; true when the kernel has it. */
static bool receiver_answer(struct receiver *receiver, struct answer answer)
{
	struct buf out = {0};

	receiver->phase = RECEIVER_OPEN;
	receiver->end = RECEIVER_ENDED;
	http_write_answer(receiver->request, &answer, &out);
	bool written = receiver_send(receiver, buf_slice(&out));
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

static void receiver_end(struct receiver *receiver)
{
	switch (receiver->phase) {
	case RECEIVER_ASKING:
		/* An empty answer would make the client ask again immediately. */
		receiver_break(receiver);
		break;
	case RECEIVER_STREAM:
		receiver->end = RECEIVER_ENDS;
		break;
	case RECEIVER_OPEN:
		/* A frame that has begun can no longer be finished in time. */
		if (receiver->link->streams && receiver->rest.len == 0)
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

static bool receiver_take(struct receiver *receiver, struct slice bytes, bool last)
{
	receiver->end = last ? RECEIVER_ENDS : RECEIVER_GOES_ON;
	if (receiver->phase == RECEIVER_OPEN)
		return receiver->link->streams
			       ? receiver_send(receiver, bytes)
			       : receiver_answer(receiver, poll_frame(receiver, bytes));
	buf_append(&receiver->rest, bytes);
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
		written = receiver_take(receiver, word->bytes, word->last);
		break;
	case RECEIVER_END:
		receiver->account = word->account;
		receiver_charge(receiver);
		receiver_end(receiver);
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
		.receiver = receiver_handle(receiver),
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
