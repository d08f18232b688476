/* The frames of the simulation's clients, which their witness records. */
#include "gateway/session/session_internal.h"
#include "tests/support/simulation_internal.h"
#include "tests/support/unit.h"

/* Appends {receipt:N} or not, and the rest of the frame. */
static void finish_frame(struct simulation *sim, unsigned client, enum due_kind kind,
	unsigned index, struct buf *frame, const char *rest)
{
	if (percent(sim, 60))
		buf_printf(frame, "{receipt:%u}",
			witness_asks_receipt(&sim->witness, client, kind, index));
	buf_printf(frame, "%s", rest);
}

static void write_send(struct simulation *sim, unsigned client, struct buf *frame)
{
	struct witness *witness = &sim->witness;
	unsigned topic = below(sim, witness->topics), way = below(sim, 10);
	unsigned message = witness_says_send(witness, client, way == 0, topic);
	char body[16];

	if (way == 0)
		buf_append(frame, SLICE("SEND{destination:/app/all}"));
	else
		buf_printf(frame, "SEND{destination:/%s/%u}", way < 3 ? "app" : "topic",
			witness->first_topic + topic);
	snprintf(body, sizeof(body), "[%u]", message);
	finish_frame(sim, client, DUE_SEND, message, frame, body);
}

static void write_subscribe(
	struct simulation *sim, unsigned client, unsigned id, struct buf *frame)
{
	struct witness *witness = &sim->witness;
	unsigned topic = below(sim, witness->topics);
	unsigned index = witness_says_subscribe(witness, client, id, topic);

	buf_printf(frame, "SUBSCRIBE{id:%u}{destination:/topic/%u}", id,
		witness->first_topic + topic);
	finish_frame(sim, client, DUE_SUBSCRIBE, index, frame, "");
}

static void write_unsubscribe(
	struct simulation *sim, unsigned client, unsigned id, struct buf *frame)
{
	const struct session *session = simulation_session(sim, client);
	size_t queued = session_next(session) == SESSION_NEXT_MESSAGES
				? session->queue.count
				: 0;

	/* The witness already has what the outlet has pulled. */
	queued -= sim->peers[client]->memory.held.count;
	witness_says_unsubscribe(&sim->witness, client, id, queued);
	buf_printf(frame, "UNSUBSCRIBE{id:%u}", id);
	finish_frame(sim, client, DUE_OTHER, 0, frame, "");
}

static void write_disconnect(struct simulation *sim, unsigned client, struct buf *frame)
{
	witness_says_disconnect(&sim->witness, client);
	buf_append(frame, SLICE("DISCONNECT"));
	finish_frame(sim, client, DUE_DISCONNECT, 0, frame, "");
}

static void write_any(struct simulation *sim, unsigned client, struct buf *frame)
{
	const struct witness_client *who = &sim->witness.clients[client];
	unsigned id = below(sim, IDS);

	if (percent(sim, 60))
		write_send(sim, client, frame);
	else if (witness_subscription(&sim->witness, client, id) != NULL)
		write_unsubscribe(sim, client, id, frame);
	else if (who->subscription_count < FINISHED_MAX)
		write_subscribe(sim, client, id, frame);
	else
		write_disconnect(sim, client, frame);
}

void simulation_write_frames(struct simulation *sim, unsigned client, struct buf *bytes)
{
	struct witness_client *who = &sim->witness.clients[client];
	unsigned frames = sim->weather.narrow ? 1 : 1 + below(sim, FRAMES_PER_READ);

	for (; frames > 0 && !who->disconnecting; frames--) {
		struct buf frame = {0};

		if (who->due_count + FRAMES_PER_READ > DUE_MAX || percent(sim, 1))
			write_disconnect(sim, client, &frame);
		else
			write_any(sim, client, &frame);
		buf_append_char(&frame, '\0');
		witness_trace(&sim->witness, "client %u says %s", client, frame.data);
		stomp_peer_write(bytes, frame.data);
		buf_finish(&frame);
	}
}
