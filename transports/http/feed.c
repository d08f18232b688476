#include "transports/http/feed.h"

#include "gateway/worker/metrics.h"
#include "protocol/chunk.h"
#include "protocol/xmalloc.h"
#include "transports/base/peer.h"
#include "transports/http/http_internal.h"
#include "transports/http/http_remote.h"
#include "transports/sockjs/framing.h"

#include <assert.h>
#include <stdlib.h>

enum {
	FRAME_BUDGET = 65536,
	LARGE = 4 * FRAME_BUDGET, /* the memory of such a frame is not kept */
	CLOSES_AT_ONCE =
		5, /* old clients that get a close frame poll again immediately */
};

struct feed {
	struct outlet outlet;
	struct http *http;
	struct table_node node;  /* its key is ask.receiver */
	struct session *session; /* NULL: waits for `before` or for the timer */
	struct pulled pulled;    /* the contents of the bytes under way */
	bool busy;               /* bytes are under way */
	bool last;               /* these bytes are the last */
	size_t sent;             /* bytes of frames, for the response limit */

	/*
	 * Two feeds for the same session. A client may come back before this worker
	 * knows that the last answer has left, because another worker has written it;
	 * or because its old connection is dead. The new feed waits until that is
	 * known.
	 */
	struct feed *before, *after;
	struct timer timer;  /* for the close frame of an ended session */
	struct feed_ask ask; /* points to `text`; its endpoint is held */
	char text[];
};

static struct feed *feed_create(struct http *http, const struct feed_ask *ask)
{
	size_t bytes = ask->session.len + peer_size(&ask->peer) + ask->callback.len;
	struct feed *feed = xcalloc(1, sizeof(*feed) + bytes);
	char *at = feed->text;

	feed->http = http;
	feed->ask = *ask;
	endpoint_ref(ask->endpoint);
	feed->ask.session = slice_copy_out(&at, ask->session);
	feed->ask.peer = peer_copy_out(&at, &ask->peer);
	feed->ask.callback = slice_copy_out(&at, ask->callback);
	table_insert(&http->feeds, &feed->node, handle_key(&feed->ask.receiver));
	return feed;
}

static void feed_begin(struct feed *feed);

/* Frees a feed that has no session any more, and starts the next one. */
static void feed_destroy(struct feed *feed)
{
	struct feed *after = feed->after;

	table_remove(&feed->http->feeds, &feed->node);
	loop_timer_stop(feed->http->worker->loop, &feed->timer);
	if (feed->before != NULL)
		feed->before->after = NULL;
	endpoint_unref(feed->ask.endpoint);
	free(feed);
	if (after != NULL) {
		after->before = NULL;
		feed_begin(after);
	}
}

static bool feed_tell(struct feed *feed, enum receiver_news news)
{
	const struct receiver_word word = {.news = news};

	return http_remote_tell_receiver(feed->http, feed->ask.receiver, &word);
}

static void feed_begin_frame(const struct feed *feed, struct buf *out)
{
	chunk_begin(out);
	downlink_begin_frame(feed->ask.link, feed->ask.callback, out);
}

/*
 * Sends the appended frame to the receiver in the form of its transport: a stream's is
 * a chunk.
 */
static bool feed_end_frame(struct feed *feed, struct buf *out)
{
	const struct downlink *link = feed->ask.link;
	bool chunked = link->streams && feed->ask.chunked;

	buf_append(out, link->after);
	feed->pulled.bytes = chunk_body(out).len;
	feed->sent += feed->pulled.bytes;
	feed->last = feed->last || !link->streams ||
		     feed->sent >= feed->ask.endpoint->response_limit;
	const struct receiver_word word = {
		.news = RECEIVER_TAKE,
		.last = feed->last,
		.bytes = chunked ? chunk_end(out) : chunk_body(out),
		.whole = out->capacity > LARGE ? out : NULL,
	};
	return http_remote_tell_receiver(feed->http, feed->ask.receiver, &word);
}

/*
 * The kernel has taken the bytes of the latest frame. False when the feed ends with
 * that.
 */
static bool feed_written(struct feed *feed)
{
	struct session *session = feed->session;
	struct pulled pulled = feed->pulled;

	feed->busy = false;
	session_popped(session, pulled.what, pulled.count, pulled.bytes);
	if (!feed->last)
		return true;
	if (pulled.what != SESSION_NEXT_CLOSE) /* else it has dropped us already */
		session_detach(session);
	feed_destroy(feed);
	return false;
}

/* While bytes are under way, the session is charged for them. */
static void feed_hold(struct feed *feed, bool is_held)
{
	const int64_t bytes = budget_change(0, feed->pulled.bytes);

	session_hold(feed->session, is_held ? bytes : -bytes);
}

/* Bytes above a small holder's are those of one large message. */
static bool feed_may_hold(const struct feed *feed)
{
	return feed->pulled.bytes <= BUDGET_SMALL ||
	       session_may_hold(feed->session, feed->pulled.bytes);
}

/*
 * There is no memory for the frame. The session ends, since what has left cannot be
 * undone. What the receiver has of the frame is freed now.
 */
static void feed_lose(struct feed *feed)
{
	const struct receiver_word word = {.news = RECEIVER_END, .drops = true};

	metrics_refuse(feed->http->worker->metrics, BOUND_MEMORY);
	http_remote_tell_receiver(feed->http, feed->ask.receiver, &word);
	session_lost(feed->session, ENDING_NO_MEMORY);
	feed_destroy(feed);
}

/*
 * False when there is no memory for the frame that was pulled. One for another worker
 * is held for certain: it is not posted before that is admitted.
 */
static bool feed_may_send(const struct feed *feed)
{
	/* Nearly all frames are neither refused, which have no bytes, nor large. */
	if (feed->pulled.bytes - 1 < BUDGET_SMALL)
		return true;
	return !pulled_is_refused(&feed->pulled) &&
	       (feed->ask.receiver.worker == feed->http->worker->index ||
		       feed_may_hold(feed));
}

/* The receiver has not written all bytes yet, and keeps them. */
static void feed_keep(struct feed *feed)
{
	if (feed_may_hold(feed))
		feed_hold(feed, true);
	else
		feed_lose(feed);
}

/*
 * Sends frame after frame, until the queue is empty, the receiver's socket takes no
 * more, or the response has reached its limit. A transport that does not wait gets a
 * beat when the queue is empty.
 */
static void feed_pump(struct feed *feed)
{
	struct buf *frame = &feed->http->scratch;

	while (!feed->busy) {
		feed_begin_frame(feed, frame);
		feed->pulled = framing_pull(
			feed->session, feed->ask.link->wire, FRAME_BUDGET, frame);
		if (feed->pulled.what == SESSION_NEXT_NOTHING) {
			if (!feed->ask.link->at_once)
				break;
			buf_append_char(frame, 'h');
		}
		if (!feed_may_send(feed)) {
			feed_lose(feed);
			break;
		}
		feed->busy = true;
		feed->last = feed->pulled.what == SESSION_NEXT_CLOSE;
		if (!feed_end_frame(feed, frame)) {
			feed_keep(feed);
			break;
		}
		if (!feed_written(feed))
			break;
	}
	if (frame->capacity > LARGE)
		buf_finish(frame);
}

static void feed_on_wake(struct outlet *outlet)
{
	feed_pump(container_of(outlet, struct feed, outlet));
}

/* What the receiver has not written is the receiver's from now on. */
static void feed_tell_end(struct feed *feed)
{
	const struct receiver_word word = {
		.news = RECEIVER_END, .account = session_account(feed->session)};

	if (feed->busy)
		feed_hold(feed, false);
	http_remote_tell_receiver(feed->http, feed->ask.receiver, &word);
}

static void feed_on_end(struct outlet *outlet)
{
	struct feed *feed = container_of(outlet, struct feed, outlet);

	feed_tell_end(feed);
	feed_destroy(feed);
}

/*
 * A silent page gets a heartbeat. The kernel of its machine acknowledges the
 * heartbeat; a poll that gets it polls again.
 */
static void feed_on_probe(struct outlet *outlet, enum probe probe)
{
	struct feed *feed = container_of(outlet, struct feed, outlet);

	feed_tell(feed, probe == PROBE_AGAIN ? RECEIVER_LOOK : RECEIVER_MARK);
	if (probe == PROBE_FIRST)
		session_beat(feed->session);
}

static void feed_on_look(struct outlet *outlet, enum probe probe)
{
	const struct feed *feed = container_of(outlet, struct feed, outlet);
	const struct receiver_word word = {
		.news = probe == PROBE_FIRST ? RECEIVER_MARK : RECEIVER_LOOK,
		.waits = true,
	};

	http_remote_tell_receiver(feed->http, feed->ask.receiver, &word);
}

static const struct outlet_ops feed_ops = {.wake = feed_on_wake,
	.end = feed_on_end,
	.probe = feed_on_probe,
	.look = feed_on_look};

/* Answers without a session, and ends. */

static void feed_refuse(struct feed *feed, enum refusal_kind kind)
{
	const struct receiver_word word = {.news = RECEIVER_REFUSE, .refusal = kind};

	http_remote_tell_receiver(feed->http, feed->ask.receiver, &word);
	feed_destroy(feed);
}

/* Sends one close frame. */
static void feed_say_close(struct feed *feed, unsigned code, struct slice reason)
{
	struct buf frame = {0};

	feed_tell(feed, RECEIVER_BEGIN);
	feed_begin_frame(feed, &frame);
	framing_close(&frame, feed->ask.link->wire, code, reason);
	feed->last = true;
	feed_end_frame(feed, &frame);
	buf_finish(&frame);
	feed_destroy(feed);
}

static void feed_say_ending(struct feed *feed, enum ending ending)
{
	feed_say_close(feed, ending_code(ending), ending_text(ending));
}

/* Late polls. */

static const struct tombstone *feed_find_tombstone(const struct feed *feed)
{
	return session_find_tombstone(
		feed->http->worker, feed->ask.endpoint, feed->ask.session);
}

static void feed_on_timer(struct timer *timer)
{
	struct feed *feed = container_of(timer, struct feed, timer);
	const struct tombstone *tombstone = feed_find_tombstone(feed);

	if (tombstone != NULL)
		feed_say_ending(feed, tombstone->ending);
	else
		feed_say_ending(feed, ENDING_INTERRUPTED);
}

static void feed_visit(struct feed *feed, const struct tombstone *tombstone)
{
	struct worker *worker = feed->http->worker;

	if (tombstone->visits <= CLOSES_AT_ONCE)
		feed_say_ending(feed, tombstone->ending);
	else
		loop_timer_start(
			worker->loop, &feed->timer, worker->config->times.late_poll);
}

/* The session, opened if there was none; NULL after answering. */
static struct session *feed_find_session(struct feed *feed)
{
	struct worker *worker = feed->http->worker;
	const struct feed_ask *ask = &feed->ask;
	struct session *session = session_find(worker, ask->endpoint, ask->session);

	if (session != NULL) {
		if (session_admits(session, &ask->peer) &&
			session_family(session) == ask->link->family)
			return session;
		feed_refuse(feed, REFUSAL_UNKNOWN_SESSION);
		return NULL;
	}
	const struct tombstone *tombstone = feed_find_tombstone(feed);
	if (tombstone != NULL) {
		feed_visit(feed, tombstone);
		return NULL;
	}
	session = session_create(
		worker, ask->endpoint, ask->link->transport, ask->session, &ask->peer);
	if (session == NULL)
		feed_refuse(feed, REFUSAL_BUSY);
	else
		session_set_family(session, ask->link->family);
	return session;
}

/* Its last frame is under way. */
static bool feed_is_leaving(const struct feed *feed)
{
	return feed->busy && feed->last;
}

/* The feed that has the session and for which no other feed waits. */
static struct feed *session_feed(const struct session *session)
{
	struct outlet *outlet = session_outlet(session);

	if (outlet == NULL || outlet->ops != &feed_ops)
		return NULL;
	struct feed *feed = container_of(outlet, struct feed, outlet);
	return feed->after == NULL ? feed : NULL;
}

static void feed_say_occupied(struct feed *feed)
{
	feed_say_close(feed, 2010, SLICE("Another connection still open"));
}

static void feed_begin(struct feed *feed)
{
	struct session *session = feed_find_session(feed);

	if (session == NULL)
		return;
	struct feed *before = session_feed(session);
	if (before != NULL) {
		feed->before = before;
		before->after = feed;
		if (!feed_is_leaving(before))
			feed_tell(before, RECEIVER_PROBE);
		return;
	}
	if (!session_attach(session, &feed->outlet)) {
		feed_say_occupied(feed);
		return;
	}
	feed->session = session;
	feed_tell(feed, RECEIVER_BEGIN);
	feed_pump(feed);
}

/* The next feed gets the messages that this one has not delivered. */
static void feed_give_way(struct feed *feed)
{
	feed_tell_end(feed);
	session_detach(feed->session);
	feed_destroy(feed);
}

void feed_open(struct http *http, const struct feed_ask *ask)
{
	struct feed *feed = feed_create(http, ask);

	feed->outlet.ops = &feed_ops;
	feed->timer.fire = feed_on_timer;
	feed_begin(feed);
}

void feed_notify(struct http *http, struct handle receiver, enum feed_news news)
{
	struct table_node *node = table_find(&http->feeds, handle_key(&receiver));

	if (node == NULL)
		return;
	struct feed *feed = container_of(node, struct feed, node);
	switch (news) {
	case FEED_WRITTEN:
		if (!feed->busy)
			break;
		feed_hold(feed, false);
		if (feed_written(feed))
			feed_pump(feed);
		break;
	case FEED_LOST:
		if (feed->session != NULL)
			session_lost(feed->session, ENDING_INTERRUPTED);
		feed_destroy(feed);
		break;
	case FEED_TAKEN:
		if (feed->session != NULL)
			session_attended(feed->session);
		break;
	case FEED_READS:
		if (feed->session != NULL)
			session_progressed(feed->session);
		break;
	case FEED_ALIVE:
		if (feed->after != NULL && !feed_is_leaving(feed))
			feed_say_occupied(feed->after);
		break;
	case FEED_DEAD:
		if (feed->after != NULL)
			feed_give_way(feed);
		break;
	}
}

void feeds_finish(struct http *http)
{
	struct table_node *node;

	while ((node = table_any(&http->feeds)) != NULL) {
		struct feed *feed = container_of(node, struct feed, node);

		assert(feed->session == NULL);
		table_remove(&http->feeds, node);
		loop_timer_stop(http->worker->loop, &feed->timer);
		endpoint_unref(feed->ask.endpoint);
		free(feed);
	}
	table_finish(&http->feeds);
}
