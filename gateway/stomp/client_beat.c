/*
 * Heart-beats (STOMP 1.2, Heart-beating), and the time until CONNECT.
 *
 * A browser slows down the timers of a hidden page to one a minute, so a healthy page
 * may be silent for longer than it has promised. Postern therefore probes a silent
 * client before it ends it: by a PING, or by whether its machine acknowledges what it
 * is sent.
 *
 * A peer is judged by loop_deadline_now(), our own beats go by loop_now().
 */
#include "gateway/stomp/client_internal.h"

#include "gateway/stomp/client_refusal.h"
#include "gateway/worker/metrics.h"

enum {
	GRACE = 5000,   /* ms that a peer may be late at least */
	LATE = 1000,    /* ms after which a late peer is probed */
	PROBES = 5,     /* the first probe, then later looks at its result */
	HIDDEN = 65000, /* ms until the first beat of a page that was opened hidden */
	SLOT = 64,      /* ms: beats that are due in one slot leave in one turn */
	SLOTS_OF_A_BEAT = 16, /* a slot is at most this part of the interval */

	/* A frame that grows by so many bytes in times.body is slow, and not late. */
	FRAME_LEAST = 16384,
};

/* A peer may be late: twice the interval, and never less than 5 s more. */
static uint64_t client_patience(const struct client *client)
{
	uint64_t every = client->expect_every;

	return every * 2 > every + GRACE ? every * 2 : every + GRACE;
}

/*
 * The latest sign of life. Before its first frame or beat, acknowledged bytes and
 * polls are no sign of life: if a page has missed CONNECTED, or hangs, its machine
 * continues with both. They only excuse the client until the page must have sent
 * something.
 */
static uint64_t client_seen_at(const struct client *client)
{
	uint64_t heard = session_heard_at(client->session);
	uint64_t attended = session_attended_at(client->session);

	if (client->spoken || attended < heard + HIDDEN)
		return attended;
	return heard + HIDDEN;
}

static uint64_t client_dead_at(const struct client *client)
{
	uint64_t heard = session_heard_at(client->session);
	uint64_t patience = client_patience(client);
	uint64_t dead = client_seen_at(client) + patience;
	uint64_t unspoken = heard + (patience > HIDDEN ? patience : HIDDEN);

	return client->spoken || dead < unspoken ? dead : unspoken;
}

/* When to probe, for the first time or again; UINT64_MAX: no more. */
static uint64_t client_probe_at(const struct client *client)
{
	uint64_t seen = client_seen_at(client);
	uint64_t late = (uint64_t)client->expect_every + LATE;
	unsigned probes = seen == client->silent_since ? client->probes : 0;

	if (probes == PROBES)
		return UINT64_MAX;
	return seen + late + probes * (client_patience(client) - late) / PROBES;
}

static void client_probe(struct client *client)
{
	uint64_t seen = client_seen_at(client);

	if (seen != client->silent_since)
		client->probes = 0;
	client->silent_since = seen;
	session_probe(
		client->session, client->probes++ == 0 ? PROBE_FIRST : PROBE_AGAIN);
}

/*
 * A beat is due after 9/10 of the interval, since the network needs time too. Beats of
 * a worker that are due at about the same time leave in one turn.
 */
static uint64_t client_beat_at(const struct client *client)
{
	uint64_t slot = client->beat_every / SLOTS_OF_A_BEAT;
	uint64_t due = session_sent_at(client->session) +
		       (uint64_t)client->beat_every * 9 / 10;

	if (slot > SLOT)
		slot = SLOT;
	return slot == 0 ? due : due - due % slot;
}

static uint64_t client_earlier(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static uint64_t client_until(uint64_t at, uint64_t now)
{
	return at > now ? at - now : 0;
}

/* How long until the peer is probed or given up, if nothing stands still meanwhile. */
static uint64_t client_until_judged(const struct client *client)
{
	uint64_t now = loop_deadline_now(client->worker->loop);

	return client_until(
		client_earlier(client_probe_at(client), client_dead_at(client)), now);
}

static uint64_t client_frame_due(const struct client *client)
{
	return client->frame_at + client_config(client)->times.body;
}

static void client_begin_frame(struct client *client)
{
	client->frame_begun = true;
	client->frame_at = loop_deadline_now(client->worker->loop);
	client->frame_bytes = 0;
}

/*
 * The timer is set once for many frames: it finds a later one's deadline when it fires.
 * Until CONNECT, times.connect bounds the frame.
 */
void client_expect_rest(struct client *client)
{
	if (!client->connected)
		return;
	if (!client->frame_begun)
		client_begin_frame(client);
	if (!client->frame_watched)
		client_reschedule(client);
}

/*
 * True when the rest of a frame is late. A slow one gets its time again, as does one
 * that Postern does not read.
 */
static bool client_frame_is_late(struct client *client)
{
	if (!client->frame_begun ||
		loop_deadline_now(client->worker->loop) < client_frame_due(client))
		return false;
	if (client->frame_bytes < FRAME_LEAST && !session_is_paused(client->session) &&
		!worker_apply_backpressure(client->worker))
		return true;
	client_begin_frame(client);
	return false;
}

/*
 * The timer counts every millisecond, since our beats do. If a loop stands still, it
 * comes too early for the peer, and is set again.
 */
void client_reschedule(struct client *client)
{
	struct loop *loop = client->worker->loop;
	uint64_t delay = UINT64_MAX;

	client->frame_watched = client->frame_begun;
	if (client->frame_begun)
		delay = client_until(client_frame_due(client), loop_deadline_now(loop));
	if (client->beat_every > 0)
		delay = client_earlier(
			delay, client_until(client_beat_at(client), loop_now(loop)));
	if (client->expect_every > 0)
		delay = client_earlier(delay, client_until_judged(client));
	delay = client_earlier(delay, client_until_expired(client));
	if (delay == UINT64_MAX)
		loop_timer_stop(loop, &client->timer);
	else
		loop_timer_start(loop, &client->timer, delay);
}

void client_on_timer(struct timer *timer)
{
	struct client *client = container_of(timer, struct client, timer);
	uint64_t now = loop_deadline_now(client->worker->loop);

	if (session_state(client->session) >= SESSION_CLOSING)
		return; /* the client is closing */
	if (!client->connected) {
		metrics_refuse(client->worker->metrics, BOUND_CONNECT_TIME);
		client_refuse_lateness(client, stomp_parser_is_inside(client->parser)
						       ? REFUSAL_UNFINISHED
						       : REFUSAL_CONNECT_TIME);
		return;
	}
	if (client_until_expired(client) == 0) {
		client_refuse_expired(client);
		return;
	}
	if (client_frame_is_late(client)) {
		metrics_refuse(client->worker->metrics, BOUND_BODY_TIME);
		client_refuse_lateness(client, REFUSAL_UNFINISHED);
		return;
	}
	if (client->expect_every > 0 && now >= client_dead_at(client)) {
		client_refuse_lateness(client, REFUSAL_SILENCE);
		return;
	}
	if (client->expect_every > 0 && now >= client_probe_at(client))
		client_probe(client);
	if (client->beat_every > 0 &&
		loop_now(client->worker->loop) >= client_beat_at(client))
		session_send_text(client->session, SLICE("\n"), PAYLOAD_TEXT);
	client_reschedule(client);
}
