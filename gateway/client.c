/*
 * A client is the STOMP conversation on a session: frames come in pieces and in
 * crowds, commands go to the broker, answers come back as receipts in order.
 *
 *   before CONNECT -- CONNECT --> connected -- DISCONNECT, ERROR --> ended
 *
 * After its end a client hears nothing more; its session closes when what was
 * said has left.
 */
#include "gateway/broker/broker.h"
#include "gateway/handlers.h"
#include "gateway/log.h"
#include "gateway/receipts.h"
#include "gateway/session.h"
#include "protocol/heartbeat.h"
#include "protocol/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>

struct client {
	struct session *session;
	struct worker *worker;
	struct party party;
	struct stomp_parser *parser;
	enum stomp_version version;
	bool connected;
	bool disconnecting; /* DISCONNECT came: closes after the last receipt */
	bool ended;
	uint64_t requests; /* numbers what homes will answer */
	struct receipts receipts;

	/* Frames that came behind one that is not done yet wait. */
	bool waiting;
	struct buf kept;
	struct task resume;

	/* One timer: the first frame until CONNECT, heart-beats from then on. */
	struct timer timer;
	uint32_t beat_every;   /* ms; 0: we send none */
	uint32_t expect_every; /* ms; 0: we expect none */
};

static struct broker *client_broker(const struct client *client)
{
	return client->worker->broker;
}

static const struct config *client_config(const struct client *client)
{
	return client->worker->config;
}

/* Speaking. */

static void client_write(struct client *client, struct buf *frame)
{
	session_send_text(client->session, buf_slice(frame), false);
	buf_finish(frame);
}

static void client_end(struct client *client, unsigned code, struct slice reason)
{
	if (client->ended)
		return;
	client->ended = true;
	broker_leave(client_broker(client), &client->party);
	loop_timer_stop(client->worker->loop, &client->timer);
	session_close(client->session, code, reason);
}

/* STOMP 1.2, ERROR: the culprit is named, then the connection closes. */
static void client_fail(
	struct client *client, struct slice receipt, struct slice message)
{
	struct buf frame = {0};

	if (client->ended)
		return;
	stomp_write_begin(&frame, STOMP_ERROR);
	if (!client->connected)
		stomp_write_header_plain(
			&frame, SLICE("version"), SLICE("1.0,1.1,1.2"));
	stomp_write_header(&frame, client->version, SLICE("message"), message);
	if (receipt.len > 0)
		stomp_write_header(
			&frame, client->version, SLICE("receipt-id"), receipt);
	stomp_write_header_plain(&frame, SLICE("content-type"), SLICE("text/plain"));
	stomp_write_header_number(&frame, SLICE("content-length"), message.len);
	stomp_write_end(&frame, message);
	client_write(client, &frame);
	client_end(client, 1002, SLICE("STOMP error"));
}

static struct slice frame_receipt(const struct stomp_frame *frame)
{
	const struct slice *receipt = stomp_header(frame, SLICE("receipt"));

	return receipt == NULL ? SLICE("") : *receipt;
}

/* Refuses `frame`; the buf is the caller's, who may have filled it. */
static void client_refuse(
	struct client *client, const struct stomp_frame *frame, struct buf *why)
{
	client_fail(client, frame_receipt(frame), buf_slice(why));
	buf_finish(why);
}

static void client_flush_receipts(struct client *client)
{
	struct slice id;

	while (!client->ended && receipts_due(&client->receipts, &id)) {
		struct buf frame = {0};

		stomp_write_begin(&frame, STOMP_RECEIPT);
		stomp_write_header(&frame, client->version, SLICE("receipt-id"), id);
		stomp_write_end(&frame, SLICE(""));
		client_write(client, &frame);
		receipts_drop(&client->receipts);
	}
	if (client->disconnecting && receipts_is_empty(&client->receipts))
		client_end(client, 1000, SLICE("Goodbye"));
}

/* The frame's receipt, if it asked for one, leaves after that many answers. */
static void client_expect(struct client *client, const struct stomp_frame *frame,
	uint64_t request, size_t answers)
{
	const struct slice *receipt = stomp_header(frame, SLICE("receipt"));

	if (receipt == NULL)
		return;
	receipts_expect(&client->receipts, request, *receipt, answers);
	if (answers == 0)
		client_flush_receipts(client);
}

static void client_answer(struct party *party, uint64_t request, struct slice error)
{
	struct client *client = container_of(party, struct client, party);

	if (error.len > 0) {
		client_fail(client, receipts_find(&client->receipts, request), error);
		return;
	}
	receipts_answer(&client->receipts, request);
	client_flush_receipts(client);
}

/* Heart-beats (STOMP 1.2, Heart-beating). */

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

static void client_plan(struct client *client)
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

static void on_timer(struct timer *timer)
{
	struct client *client = container_of(timer, struct client, timer);
	uint64_t now = loop_now(client->worker->loop);

	if (session_state(client->session) >= SESSION_CLOSING)
		return; /* it hears and says nothing any more */
	if (!client->connected) {
		client_fail(client, SLICE(""), SLICE("No CONNECT came in time"));
		return;
	}
	if (client->expect_every > 0 &&
		now - session_heard_at(client->session) >= client_dead_after(client)) {
		client_fail(client, SLICE(""), SLICE("No heart-beat came in time"));
		return;
	}
	if (client->beat_every > 0 &&
		now - session_sent_at(client->session) >= client_beat_after(client))
		session_send_text(client->session, SLICE("\n"), false);
	client_plan(client);
}

/* CONNECT. */

/* The highest version in the list, in whatever order it stands. */
static bool choose_version(const struct slice *offered, enum stomp_version *version)
{
	bool found = false;

	if (offered == NULL) { /* STOMP 1.0 had no such header */
		*version = STOMP_1_0;
		return true;
	}
	for (struct slice rest = *offered; rest.len > 0;) {
		size_t comma = slice_find(rest, ',');
		struct slice one = slice_first(rest, comma);

		while (one.len > 0 && one.data[0] == ' ')
			one = slice_from(one, 1);
		for (int i = STOMP_1_0; i <= STOMP_1_2; i++) {
			enum stomp_version known = (enum stomp_version)i;

			if (slice_equal(one, stomp_version_name(known)) &&
				(!found || known > *version)) {
				*version = known;
				found = true;
			}
		}
		rest = slice_from(rest, comma + 1);
	}
	return found;
}

static void client_write_connected(
	struct client *client, struct heartbeat ours, bool negotiated)
{
	struct buf frame = {0};
	char beats[32];
	int len = snprintf(beats, sizeof(beats), "%u,%u", ours.send, ours.want);

	stomp_write_begin(&frame, STOMP_CONNECTED);
	if (negotiated)
		stomp_write_header_plain(
			&frame, SLICE("version"), stomp_version_name(client->version));
	stomp_write_header_plain(
		&frame, SLICE("heart-beat"), (struct slice){beats, (size_t)len});
	stomp_write_header_plain(
		&frame, SLICE("server"), SLICE("Postern/" POSTERN_VERSION));
	stomp_write_header_plain(
		&frame, SLICE("session"), session_label(client->session));
	stomp_write_end(&frame, SLICE(""));
	client_write(client, &frame);
}

static struct stomp_limits limits_after_connect(const struct config *config)
{
	return (struct stomp_limits){
		config->limits.frame, config->limits.headers, config->limits.header};
}

static struct stomp_limits limits_before_connect(const struct config *config)
{
	struct stomp_limits limits = limits_after_connect(config);

	limits.frame = config->limits.connect_frame;
	return limits;
}

static void on_connect(struct client *client, const struct stomp_frame *frame)
{
	const struct times *times = &client_config(client)->times;
	const struct heartbeat ours = {
		(uint32_t)times->stomp_send, (uint32_t)times->stomp_want};
	const struct slice *versions = stomp_header(frame, SLICE("accept-version"));
	const struct slice *beats = stomp_header(frame, SLICE("heart-beat"));
	struct heartbeat theirs = {0, 0};
	struct buf why = {0};

	if (client->connected)
		buf_append(&why, SLICE("The client is connected already"));
	else if (!choose_version(stomp_header(frame, SLICE("accept-version")),
			 &client->version))
		buf_append(&why, SLICE("No version in common"));
	else if (beats != NULL && !heartbeat_parse(*beats, &theirs))
		buf_append(&why, SLICE("The heart-beat header is malformed"));
	if (why.len > 0) {
		client_refuse(client, frame, &why);
		return;
	}

	struct stomp_limits limits = limits_after_connect(client_config(client));
	stomp_parser_set(client->parser, client->version, &limits);
	client->connected = true;
	client_write_connected(client, ours, versions != NULL);
	client->beat_every = heartbeat_interval(ours, theirs);
	client->expect_every = heartbeat_interval(theirs, ours);
	client_plan(client);
}

/* The other commands. */

/* The broker's part: what it takes is answered, and a receipt then leaves. */
static void client_ask(struct client *client, const struct stomp_frame *frame,
	enum broker_result (*ask)(struct broker *broker, struct broker_call *call))
{
	struct buf why = {0};
	struct broker_call call = {
		.party = &client->party,
		.frame = frame,
		.version = client->version,
		.request = frame_receipt(frame).len > 0 ? ++client->requests : 0,
		.error = &why,
	};

	/* It answers by posts, so the receipt is expected in time. */
	switch (ask(client_broker(client), &call)) {
	case BROKER_TAKEN:
		client_expect(client, frame, call.request, call.answers);
		break;
	case BROKER_REFUSED:
		client_refuse(client, frame, &why);
		return;
	case BROKER_DENIED:
		break;
	}
	buf_finish(&why);
}

static void client_wait(struct client *client)
{
	client->waiting = true;
}

/* Until its queues have answered the frames behind a COMMIT wait. */
static enum broker_result client_commit(struct broker *broker, struct broker_call *call)
{
	struct client *client = container_of(call->party, struct client, party);
	bool waits = false;
	enum broker_result result = broker_commit(broker, call, &waits);

	if (waits)
		client_wait(client);
	return result;
}

static void on_disconnect(struct client *client, const struct stomp_frame *frame)
{
	client->disconnecting = true;
	client_expect(client, frame, 0, 0);
	client_flush_receipts(client);
}

static void client_obey(struct client *client, const struct stomp_frame *frame)
{
	struct buf why = {0};

	if (!client->connected && frame->command != STOMP_CONNECT &&
		frame->command != STOMP_STOMP) {
		buf_append(&why, SLICE("The first frame must be CONNECT"));
		client_refuse(client, frame, &why);
		return;
	}
	switch (frame->command) {
	case STOMP_CONNECT:
	case STOMP_STOMP:
		on_connect(client, frame);
		break;
	case STOMP_SEND:
		client_ask(client, frame, broker_send);
		break;
	case STOMP_SUBSCRIBE:
		client_ask(client, frame, broker_subscribe);
		break;
	case STOMP_UNSUBSCRIBE:
		client_ask(client, frame, broker_unsubscribe);
		break;
	case STOMP_ACK:
	case STOMP_NACK:
		client_ask(client, frame, broker_settle);
		break;
	case STOMP_BEGIN:
		client_ask(client, frame, broker_begin);
		break;
	case STOMP_COMMIT:
		client_ask(client, frame, client_commit);
		break;
	case STOMP_ABORT:
		client_ask(client, frame, broker_abort);
		break;
	case STOMP_DISCONNECT:
		on_disconnect(client, frame);
		break;
	case STOMP_CONNECTED:
	case STOMP_MESSAGE:
	case STOMP_RECEIPT:
	case STOMP_ERROR:
		buf_append(&why, SLICE("A client does not send that command"));
		client_refuse(client, frame, &why);
		break;
	}
}

/* The handler. */

/* Obeys the frames in *text; what is left there must wait. */
static void client_feed(struct client *client, struct slice *text)
{
	while (!client->ended && !client->disconnecting && !client->waiting) {
		struct stomp_frame frame;

		switch (stomp_parse(client->parser, text, &frame)) {
		case STOMP_PARSE_DONE:
			client_obey(client, &frame);
			break;
		case STOMP_PARSE_MORE:
			return;
		case STOMP_PARSE_BAD:
			client_fail(client, stomp_parser_receipt(client->parser),
				slice_of(stomp_parser_error(client->parser)));
			return;
		}
	}
}

static void client_receive(void *state, struct slice text, bool binary)
{
	struct client *client = state;

	(void)binary;
	if (!client->waiting)
		client_feed(client, &text);
	if (!client->waiting || client->ended)
		return;
	/* A few turns of the loop bring no more than that, unless it is meant badly. */
	if (client->kept.len + text.len > 2 * client_config(client)->limits.frame)
		client_fail(client, SLICE(""), SLICE("Too much came behind a COMMIT"));
	else
		buf_append(&client->kept, text);
}

/* At the top level, by a task: what was kept is obeyed, up to the next wait. */
static void client_resume(struct task *task)
{
	struct client *client = container_of(task, struct client, resume);
	struct buf kept = client->kept;
	struct slice text = buf_slice(&kept);

	client->kept = (struct buf){0};
	client->waiting = false;
	client_feed(client, &text);
	if (client->waiting)
		buf_append(&client->kept, text);
	buf_finish(&kept);
}

static void client_committed(struct party *party)
{
	struct client *client = container_of(party, struct client, party);

	if (client->waiting)
		loop_defer(client->worker->loop, &client->resume);
}

static void client_sent(void *state, uint32_t ordinal)
{
	struct client *client = state;

	if (!client->ended)
		broker_sent(client_broker(client), &client->party, ordinal);
}

static void *client_open(struct session *session)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->session = session;
	client->worker = session_worker(session);
	client->party.session = session;
	client->party.answer = client_answer;
	client->party.committed = client_committed;
	client->resume.run = client_resume;
	client->timer.fire = on_timer;
	receipts_init(&client->receipts);

	struct stomp_limits limits = limits_before_connect(client_config(client));
	client->parser = stomp_parser_create(&limits);
	broker_enter(client_broker(client), &client->party);
	loop_timer_start(client->worker->loop, &client->timer,
		client_config(client)->times.connect);
	return client;
}

static void client_overflow(void *state)
{
	client_fail(state, SLICE(""), SLICE("Slow consumer"));
}

static void client_close(void *state)
{
	struct client *client = state;

	if (!client->ended)
		broker_leave(client_broker(client), &client->party);
	loop_timer_stop(client->worker->loop, &client->timer);
	task_cancel(&client->resume);
	buf_finish(&client->kept);
	receipts_finish(&client->receipts);
	stomp_parser_destroy(client->parser);
	free(client);
}

const struct handler stomp_handler = {
	.name = SLICE_INIT("stomp"),
	.open = client_open,
	.receive = client_receive,
	.sent = client_sent,
	.overflow = client_overflow,
	.close = client_close,
};
