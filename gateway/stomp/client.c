/*
 * A client is the STOMP conversation on a session. It joins and splits the incoming
 * pieces into frames, passes commands to the broker, and turns answers into receipts
 * in order.
 *
 *   before CONNECT -- CONNECT --> connected -- DISCONNECT, ERROR --> ended
 *
 * After its end a client reads nothing more; its session closes when the queued output
 * has left.
 */
#include "gateway/stomp/client_internal.h"

#include "gateway/handlers/handlers.h"
#include "gateway/stomp/client_refusal.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Output. */

void client_write(struct client *client, enum stomp_command command, struct buf *frame)
{
	struct message *message = message_create_text(buf_slice(frame), PAYLOAD_TEXT);

	session_send(client->session,
		&(struct delivery){.message = message, .command = (uint8_t)command});
	message_unref(message);
	buf_finish(frame);
}

void client_end(struct client *client, enum ending ending)
{
	if (client->ended)
		return;
	client->ended = true;
	broker_leave(client_broker(client), &client->participant);
	loop_timer_stop(client->worker->loop, &client->timer);
	client_drop_early(client);
	session_close(client->session, ending);
}

struct slice frame_receipt(const struct stomp_frame *frame)
{
	const struct slice *receipt = stomp_header(frame, SLICE("receipt"));

	return receipt == NULL ? SLICE("") : *receipt;
}

/*
 * Receipts took `before` bytes. Those that are due wait for an older one that is not,
 * so a client can make any number of them wait. Few are not charged.
 */
static void client_charge_receipts(struct client *client, size_t before)
{
	const size_t now = receipts_bytes(&client->receipts);

	if ((now >= BUDGET_LEAST || before >= BUDGET_LEAST) &&
		!session_resize(client->session, before, now))
		client_refuse_memory(client, now);
}

void client_flush_receipts(struct client *client)
{
	const size_t before = receipts_bytes(&client->receipts);
	struct slice id;

	while (!client->ended && receipts_due(&client->receipts, &id)) {
		struct buf frame = {0};

		stomp_write_begin(&frame, STOMP_RECEIPT);
		stomp_write_header(&frame, client->version, SLICE("receipt-id"), id);
		stomp_write_end(&frame, SLICE(""));
		client_write(client, STOMP_RECEIPT, &frame);
		receipts_drop(&client->receipts);
	}
	client_charge_receipts(client, before);
	if (client->disconnecting && receipts_is_empty(&client->receipts))
		client_end(client, client->hung_up ? ENDING_CLOSED : ENDING_DISCONNECT);
}

void client_cancel_receipt(struct client *client, uint64_t request)
{
	const size_t before = receipts_bytes(&client->receipts);

	receipts_cancel(&client->receipts, request);
	client_charge_receipts(client, before);
	client_flush_receipts(client);
}

void client_expect(struct client *client, const struct stomp_frame *frame,
	uint64_t request, size_t answers)
{
	const struct slice *receipt = stomp_header(frame, SLICE("receipt"));

	if (receipt == NULL)
		return;
	const size_t before = receipts_bytes(&client->receipts);

	receipts_expect(
		&client->receipts, &client->worker->key, request, *receipt, answers);
	client_charge_receipts(client, before);
	if (answers == 0)
		client_flush_receipts(client);
}

static void client_answer(struct participant *participant, uint64_t request,
	const struct published *published, const struct broker_refusal *refusal)
{
	struct client *client = container_of(participant, struct client, participant);

	(void)published;
	if (refusal != NULL) {
		client_refuse_request(client, request, refusal);
		return;
	}
	receipts_answer(&client->receipts, request);
	client_flush_receipts(client);
}

/* The handler. */

/*
 * After so many frames a client looks whether the time to read is over. If it is, the
 * next frames run at the end of the turn, after those of the others.
 */
enum { FRAMES_PER_LOOK = 16 };

static void client_look_at_clock(struct client *client)
{
	if (client->unlooked++ < FRAMES_PER_LOOK)
		return;
	client->unlooked = 0;
	if (client->ended || client->disconnecting || client->waiting ||
		!worker_reading_is_over(client->worker))
		return;
	client->has_had_part = true;
	client_wait(client);
	client_resume_later(client);
}

/* Runs the frames in *text; the rest of *text must wait. */
static void client_feed(struct client *client, struct slice *text)
{
	while (!client->ended && !client->disconnecting && !client->waiting) {
		struct stomp_frame frame;

		switch (stomp_parse(client->parser, text, &frame)) {
		case STOMP_PARSE_DONE:
			client->frame_begun = false;
			client_dispatch(client, &frame);
			client_look_at_clock(client);
			break;
		case STOMP_PARSE_MORE:
			if (stomp_parser_is_inside(client->parser))
				client_expect_rest(client);
			return;
		case STOMP_PARSE_BAD:
			client_refuse_fault(client);
			return;
		}
	}
}

/*
 * Keeps at most two frames of the largest size: an honest client sends no more while
 * it waits. Of a client that only waits for its next part, this is the rest of what a
 * carrier had read.
 */
static void client_keep(struct client *client, struct slice text)
{
	const size_t most = 2 * client_limits(client, client->connected).frame;
	struct buf hint = {0};

	if (client->has_had_part ||
		client->kept.len - client->kept_from + text.len <= most) {
		buf_append(&client->kept, text);
		return;
	}
	metrics_refuse(client->worker->metrics, BOUND_KEPT);
	buf_printf(&hint, "Twice %s is %zu.",
		client->connected ? "limits.frame" : "limits.connect_frame", most);
	client_refuse(client, &(struct client_refusal){
				      .kind = REFUSAL_KEPT, .hint = buf_slice(&hint)});
	buf_finish(&hint);
}

static void client_take(struct client *client, struct slice text)
{
	client->frame_bytes += (uint32_t)text.len;
	if (!client->waiting)
		client_feed(client, &text);
	if (!client->waiting || client->ended)
		return;
	client_keep(client, text);
}

/* Bytes of memory for what the peer has sent and the client is not done with. */
static size_t client_held(const struct client *client)
{
	return stomp_parser_held(client->parser) + client->kept.capacity +
	       client_early_held(client);
}

static void client_drop_input(struct client *client)
{
	stomp_parser_drop(client->parser);
	buf_finish(&client->kept);
	client->kept_from = 0;
}

/*
 * After some input: charges what is held, which was `before`. A client that may not
 * hold so much ends.
 */
static void client_charge(struct client *client, size_t before)
{
	if (client->ended)
		client_drop_input(client);

	const size_t held = client_held(client);

	if (session_resize(client->session, before, held) || client->ended)
		return;
	client_refuse_memory(client, held);
	client_drop_input(client);
	session_resize(client->session, held, 0);
}

/*
 * SockJS clients cut a long frame into messages by UTF-16 units. A cut character would
 * count as six bytes of its frame, but the content-length counts four.
 */
static void client_receive(void *state, struct slice text, enum payload payload)
{
	struct client *client = state;
	const size_t held = client_held(client);
	char space[4];

	client->spoken = client->connected;
	if (payload == PAYLOAD_TEXT) {
		struct slice before = utf8_join(&client->joiner, &text, space);

		if (before.len > 0)
			client_take(client, before);
	}
	client_take(client, text);
	client_charge(client, held);
}

/* After a hang-up, the client runs all kept frames and gets its receipts, then ends. */
static void client_leave(struct client *client)
{
	if (!client->hung_up || client->waiting || client->ended)
		return;
	client->disconnecting = true;
	client_flush_receipts(client);
}

/* A task, at the loop's top level: runs the kept frames, up to the next wait. */
static void client_resume(struct task *task)
{
	struct client *client = container_of(task, struct client, resume);
	const size_t before = client_held(client);
	struct slice text = slice_from(buf_slice(&client->kept), client->kept_from);

	client->waiting = client->has_had_part = false;
	client_run_early(client);
	client_feed(client, &text);
	client->kept_from = (uint32_t)(client->kept.len - text.len);
	if (!client->waiting) {
		buf_finish(&client->kept);
		client->kept_from = 0;
	}
	client_leave(client);
	client_charge(client, before);
	session_resume(client->session); /* a new wait has its own pause */
}

void client_wait(struct client *client)
{
	client->waiting = true;
	session_pause(client->session);
}

void client_resume_later(struct client *client)
{
	if (client->waiting)
		loop_defer(client->worker->loop, &client->resume);
}

static void client_on_expect(
	struct participant *participant, uint64_t request, size_t answers)
{
	struct client *client = container_of(participant, struct client, participant);

	receipts_more(&client->receipts, request, answers);
}

static void client_on_resume(struct participant *participant)
{
	client_resume_later(container_of(participant, struct client, participant));
}

/* At a stop there is no time for what waits for its rate, and for what follows. */
static void client_leave_early(struct client *client)
{
	client_drop_early(client);
	client->disconnecting = true;
	client_flush_receipts(client);
}

static void client_on_end(void *state, enum ending why)
{
	struct client *client = state;

	if (why == ENDING_SLOW_CONSUMER) {
		client_refuse(client,
			&(struct client_refusal){.kind = REFUSAL_SLOW_CONSUMER});
		return;
	}
	/* Many logins may be checked before this one: there is no time for them. */
	if (why == ENDING_GOING_AWAY && client->connecting != NULL) {
		client_end(client, why);
		return;
	}
	client->hung_up = !client->disconnecting;
	if (why == ENDING_GOING_AWAY && client->early != NULL)
		client_leave_early(client);
	else
		client_leave(client);
}

static void client_sent(void *state, uint32_t ordinal)
{
	struct client *client = state;

	if (!client->ended)
		broker_sent(client_broker(client), &client->participant, ordinal);
}

static void client_on_review(struct participant *participant)
{
	struct client *client = container_of(participant, struct client, participant);

	client_review(client);
	client_reconsider_early(client);
}

static const struct participant_ops client_participant_ops = {
	.answer = client_answer,
	.logged_in = client_logged_in,
	.expect = client_on_expect,
	.resume = client_on_resume,
	.review = client_on_review,
};

static void *client_open(struct session *session)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->session = session;
	client->worker = session_worker(session);
	client->participant.session = session;
	client->participant.account = session_account(session);
	client->participant.ops = &client_participant_ops;
	client->resume.run = client_resume;
	client->timer.fire = client_on_timer;

	struct stomp_limits limits = client_limits(client, false);
	client->parser = stomp_parser_create(&limits, &client->worker->spare);
	broker_enter(client_broker(client), &client->participant);
	loop_deadline_start(client->worker->loop, &client->timer,
		client_config(client)->times.connect);
	return client;
}

static void client_close(void *state)
{
	struct client *client = state;

	if (!client->ended)
		broker_leave(client_broker(client), &client->participant);
	loop_timer_stop(client->worker->loop, &client->timer);
	task_cancel(&client->resume);
	client_drop_early(client);
	buf_finish(&client->kept);
	client_forget_login(client);
	free(client->refreshing);
	identity_unref(client->participant.identity);
	receipts_finish(&client->receipts);
	stomp_parser_destroy(client->parser);
	free(client);
}

const struct handler stomp_handler = {
	.is_stream = true,
	.open = client_open,
	.receive = client_receive,
	.end = client_on_end,
	.sent = client_sent,
	.close = client_close,
};
