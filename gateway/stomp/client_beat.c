/*
 * Heart-beats (STOMP 1.2, Heart-beating), and the time until CONNECT.
 *
 * A browser slows down the timers of a hidden page to one a minute, so a healthy page
 * may be silent for longer than it has promised. Postern therefore probes a silent
 * client before it ends it: by a PING, or by whether its machine acknowledges what it
 * is sent.
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

void client_reschedule(struct client *client)
{
	uint64_t now = loop_now(client->worker->loop), next = UINT64_MAX;

	if (client->beat_every > 0)
		next = client_beat_at(client);
	if (client->expect_every > 0)
		next = client_earlier(next, client_earlier(client_probe_at(client),
						    client_dead_at(client)));
	if (next == UINT64_MAX)
		loop_timer_stop(client->worker->loop, &client->timer);
	else
		loop_timer_start(client->worker->loop, &client->timer,
			next > now ? next - now : 0);
}

void client_on_timer(struct timer *timer)
{
	struct client *client = container_of(timer, struct client, timer);
	uint64_t now = loop_now(client->worker->loop);

	if (session_state(client->session) >= SESSION_CLOSING)
		return; /* the client is closing */
	if (!client->connected) {
		metrics_refuse(client->worker->metrics, BOUND_CONNECT_TIME);
		client_refuse_lateness(client, stomp_parser_is_inside(client->parser)
						       ? REFUSAL_UNFINISHED
						       : REFUSAL_CONNECT_TIME);
		return;
	}
	if (client->expect_every > 0 && now >= client_dead_at(client)) {
		client_refuse_lateness(client, REFUSAL_SILENCE);
		return;
	}
	if (client->expect_every > 0 && now >= client_probe_at(client))
		client_probe(client);
	if (client->beat_every > 0 && now >= client_beat_at(client))
		session_send_text(client->session, SLICE("\n"), PAYLOAD_TEXT);
	client_reschedule(client);
}
