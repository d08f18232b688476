/* Heart-beats (STOMP 1.2, Heart-beating), and the time until CONNECT. */
#include "gateway/client_internal.h"

#include "gateway/client_refusal.h"
#include "gateway/metrics.h"

/* A peer may be late: twice the interval, and never less than 5 s more. */
static uint64_t client_dead_after(const struct client *client)
{
	uint64_t every = client->expect_every;

	return every * 2 > every + 5000 ? every * 2 : every + 5000;
}

/* We beat a little early, since the way takes its time too. */
static uint64_t client_beat_after(const struct client *client)
{
	return (uint64_t)client->beat_every * 9 / 10;
}

void client_plan(struct client *client)
{
	uint64_t now = loop_now(client->worker->loop), next = UINT64_MAX;

	if (client->beat_every > 0)
		next = session_sent_at(client->session) + client_beat_after(client);
	if (client->expect_every > 0) {
		uint64_t dead =
			session_heard_at(client->session) + client_dead_after(client);

		next = dead < next ? dead : next;
	}
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
		return; /* it hears and says nothing any more */
	if (!client->connected) {
		metrics_refuse(client->worker->metrics, BOUND_CONNECT_TIME);
		client_refuse_lateness(client, stomp_parser_is_inside(client->parser)
						       ? REFUSAL_UNFINISHED
						       : REFUSAL_CONNECT_TIME);
		return;
	}
	if (client->expect_every > 0 &&
		now - session_heard_at(client->session) >= client_dead_after(client)) {
		client_refuse_lateness(client, REFUSAL_SILENCE);
		return;
	}
	if (client->beat_every > 0 &&
		now - session_sent_at(client->session) >= client_beat_after(client))
		session_send_text(client->session, SLICE("\n"), false);
	client_plan(client);
}
