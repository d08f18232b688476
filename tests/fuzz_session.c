/*
 * A whole session: the input is a sequence of actions of a peer, its connection, its
 * broker and the clock, in any order. Always, the session sends nothing after its end,
 * its queue keeps its bounds and its sums, and its next deadline is set.
 */
#include "gateway/session/session_internal.h"
#include "tests/support/fuzz.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"

#include <stdio.h>

enum { QUEUE_MESSAGES = 8, ACK_MAX = 64, ACTS_MAX = 400 };

static const char settings[] =
	"'slow_consumer': '%s', 'limits': {'queue_messages': 8, 'queue_bytes': 4000,"
	" 'subscriptions': 4, 'frame': 2000, 'connect_frame': 500, 'unacked': 8,"
	" 'backlog_messages': 20, 'transactions': 2, 'transaction_actions': 4},"
	" 'exempt_addresses': ['0.0.0.0/0']";

struct play {
	const uint8_t *data;
	size_t size, at;
	struct workers *workers;
	struct worker *worker;
	const char *path;
	struct memory_outlet outlet; /* the peer's end; its session NULL: none */
	bool is_attached;            /* as far as the peer knows */
	bool is_over;                /* the peer has got the end */
	struct stomp_peer *other;    /* a publisher without malice */
	char ack[ACK_MAX];           /* the latest id that the peer has seen */
};

static unsigned play_next(struct play *play)
{
	return play->at < play->size ? play->data[play->at++] : 0;
}

/* NULL when it has ended. */
static struct session *play_session(const struct play *play)
{
	return session_find(play->worker,
		still_workers_endpoint(play->workers, play->path), SLICE("id"));
}

static void play_open(struct play *play, struct session *session)
{
	play->is_attached = memory_outlet_attach(&play->outlet, session);
	assert(play->is_attached);
}

/* The invariants. */

static void check_queue(const struct session *session)
{
	const struct outbound *queue = &session->queue;
	uint64_t bytes = 0, bounded = 0;

	for (size_t i = 0; i < queue->count; i++) {
		const struct delivery *item = outbound_item(queue, i);

		if (item->flags & DELIVERY_FROM_QUEUE)
			continue;
		bytes += message_size(item->message);
		bounded++;
	}
	assert(queue->bytes == bytes && queue->bounded == bounded);
	assert(session->in_outlet <= queue->count);
	assert(bounded <= QUEUE_MESSAGES + session->in_outlet + 1);
}

static void check_clock(const struct session *session)
{
	uint64_t look = session_next_deadline(session), now = session_now(session);

	assert(look == 0 || timer_is_running(&session->timer));
	assert(look == 0 || loop_timer_due(session->worker->loop, &session->timer) <=
				    (look > now ? look : now + 1));
}

static void check_all(struct play *play)
{
	const struct session *session = play_session(play);
	uint64_t count = 0;

	if (session != NULL) {
		check_queue(session);
		check_clock(session);
		assert(session->state != SESSION_CLOSED);
		assert((session->outlet == NULL) == (play->outlet.session == NULL));
	}
	for (unsigned i = 0; i < play->workers->count; i++) {
		uint64_t live = 0;

		list_for_each (link, &play->workers->all[i]->sessions->all)
			live++;
		assert(play->workers->all[i]->live_sessions == live);
		count += live;
	}
	assert(atomic_load(&play->workers->sessions) == count);
}

/* Reads the peer's input: nothing after the end; and ids that it may acknowledge. */
static void play_hear(struct play *play)
{
	const bool was_over = play->is_over;
	const char *got = memory_outlet_got(&play->outlet), *ack;

	assert(!was_over || *got == '\0');
	play->is_over = was_over || (play->is_attached && play->outlet.session == NULL);
	while ((ack = strstr(got, "\nack:")) != NULL) {
		got = ack + strlen("\nack:");
		snprintf(play->ack, sizeof(play->ack), "%.*s", (int)strcspn(got, "\n"),
			got);
	}
}

/* Acts. */

static void say(struct play *play, struct slice bytes)
{
	struct session *session = play_session(play);

	if (session != NULL)
		session_receive(session, bytes, PAYLOAD_TEXT);
}

/* A frame of a conversation that may make sense; "%u" is a small number. */
static void act_frame(struct play *play)
{
	static const char *const frames[] = {
		"CONNECT{accept-version:1.2}{heart-beat:0,0}",
		"CONNECT{accept-version:1.1}{heart-beat:1000,1000}",
		"SUBSCRIBE{destination:/topic/%u}{id:%u}{receipt:s}",
		"SUBSCRIBE{destination:/topic/*}{id:%u}",
		"SUBSCRIBE{destination:/queue/%u}{id:%u}{ack:client-individual}",
		"SUBSCRIBE{destination:/queue/%u}{id:%u}{ack:client}{prefetch-count:2}",
		"SUBSCRIBE{destination:/queue/%u}{id:%u}",
		"SUBSCRIBE{destination:/user/queue/%u}{id:%u}",
		"UNSUBSCRIBE{id:%u}{receipt:u}",
		"SEND{destination:/topic/%u}{receipt:t}[%u]",
		"SEND{destination:/queue/%u}[%u]",
		"SEND{destination:/queue/%u}{reply-to:/temp-queue/%u}[x]",
		"SEND{destination:/queue/%u}{transaction:%u}[x]",
		"BEGIN{transaction:%u}",
		"COMMIT{transaction:%u}{receipt:c}",
		"ABORT{transaction:%u}",
		"DISCONNECT{receipt:bye}",
	};
	const char *chosen =
		frames[play_next(play) % (sizeof(frames) / sizeof(*frames))];
	const unsigned first = play_next(play) % 4, second = play_next(play) % 4;
	struct buf line = {0}, frame = {0};

	for (unsigned number = first; *chosen != '\0'; chosen++) {
		if (*chosen != '%') {
			buf_append_char(&line, *chosen);
			continue;
		}
		buf_append_number(&line, number);
		number = second;
		chosen++;
	}
	buf_append_char(&line, '\0');
	stomp_peer_write(&frame, line.data);
	say(play, buf_slice(&frame));
	buf_finish(&line);
	buf_finish(&frame);
}

static void act_acknowledge(struct play *play)
{
	struct buf frame = {0};

	buf_printf(&frame, "%s\nid:%s\n\n%c", play_next(play) % 2 ? "ACK" : "NACK",
		play->ack, '\0');
	say(play, buf_slice(&frame));
	buf_finish(&frame);
}

static void act_bytes(struct play *play)
{
	size_t len = play_next(play);

	if (len > play->size - play->at)
		len = play->size - play->at;
	struct slice bytes = fuzz_slice(play->data + play->at, len);
	play->at += len;
	say(play, bytes);
}

static void act_publish(struct play *play)
{
	const unsigned kind = play_next(play), count = play_next(play) % 12;
	char frame[128];

	snprintf(frame, sizeof(frame), "SEND{destination:/%s/%u}[%0*u]",
		kind % 2 ? "topic" : "queue", kind / 2 % 4, kind % 64 == 63 ? 90 : 1,
		kind);
	for (unsigned i = 0; i < count && play->other->memory.session != NULL; i++)
		stomp_peer_mutter(play->other, frame);
}

static void act_wait(struct play *play)
{
	static const uint64_t times[] = {1, 50, 900, 4999, 5000, 10001, 30000};

	still_workers_advance(play->workers,
		times[play_next(play) % (sizeof(times) / sizeof(*times))]);
}

static void act_read(struct play *play)
{
	const unsigned how = play_next(play);

	play->outlet.blocked = how % 4 == 0;
	play->outlet.holds = how % 4 == 1;
	play->outlet.budget = how & 0x80 ? 100 : 0;
	if (play->outlet.session != NULL)
		memory_outlet_pull(&play->outlet);
}

static void act_written(struct play *play)
{
	if (play->outlet.session != NULL &&
		play->outlet.held.what != SESSION_NEXT_NOTHING)
		memory_outlet_written(&play->outlet);
}

static void play_forget(struct play *play)
{
	play->is_attached = false;
	play->outlet.session = NULL;
	play->outlet.held = (struct pulled){SESSION_NEXT_NOTHING, 0, 0};
}

/* Like an answered poll, or a stream at its response limit. */
static void act_detach(struct play *play)
{
	if (play->outlet.session == NULL)
		return;
	session_detach(play->outlet.session);
	play_forget(play);
}

static void act_attach(struct play *play)
{
	struct session *session = play_session(play);

	if (session == NULL)
		return;
	if (play->outlet.session == NULL)
		play_open(play, session);
	else
		assert(!session_attach(session, &play->outlet.outlet));
}

static void act_lose(struct play *play)
{
	struct session *session = play_session(play);

	if (session == NULL)
		return;
	play_forget(play);
	session_lost(session, ENDING_INTERRUPTED);
}

static void act_end(struct play *play)
{
	struct session *session = play_session(play);

	switch (play_next(play) % 4) {
	case 0:
		if (session != NULL)
			session_hang_up(session);
		break;
	case 1:
		sessions_shed(play->worker->sessions, 1000);
		break;
	case 2:
		sessions_close_some(play->worker->sessions, 1);
		break;
	case 3:
		if (session != NULL)
			session_close(session, ENDING_HANDLER);
		break;
	}
}

static void act_settle(struct play *play)
{
	(void)play; /* runs after three of four actions */
}

static void play_act(struct play *play)
{
	static void (*const acts[])(struct play *) = {act_frame, act_frame, act_frame,
		act_acknowledge, act_bytes, act_publish, act_publish, act_wait,
		act_read, act_written, act_detach, act_attach, act_lose, act_end,
		act_settle};
	const unsigned chosen = play_next(play);

	acts[chosen / 4 % (sizeof(acts) / sizeof(*acts))](play);
	if (chosen % 4 == 0)
		return; /* the next action comes in the same turn */
	still_workers_settle(play->workers);
	play_hear(play);
	stomp_peer_heard(play->other);
	check_all(play);
}

/* The beginning and the end. */

static void play_begin(struct play *play)
{
	static const char *const policies[] = {"close", "drop-oldest", "latest"};
	const unsigned how = play_next(play);
	const bool raw = how & 1;
	char members[sizeof(settings) + 16];

	snprintf(members, sizeof(members), settings, policies[how / 2 % 3]);
	play->workers = still_workers_create_of(how & 0x40 ? 3 : 1, members);
	play->worker = play->workers->all[0];
	play->path = how & 0x80 ? "/echo" : "/stomp";
	play->other =
		stomp_peer_connect(play->workers->all[play->workers->count - 1], "1.2");
	play->outlet.wire = raw ? WIRE_PLAIN : WIRE_SOCKJS;
	play_open(play, still_workers_open(play->worker, play->path,
				raw ? SESSION_RAW : SESSION_SOCKJS, "id"));
}

static void play_end(struct play *play)
{
	act_lose(play);
	stomp_peer_destroy(play->other);
	still_workers_settle(play->workers);
	assert(atomic_load(&play->workers->sessions) == 0);
	assert(still_workers_subscriptions(play->workers) == 0);
	still_workers_destroy(play->workers);
	memory_outlet_finish(&play->outlet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = {.data = data, .size = size};

	play_begin(&play);
	for (int i = 0; i < ACTS_MAX && play.at < play.size; i++)
		play_act(&play);
	play_end(&play);
	return 0;
}
