/* The commands of a connected client. */
#include "gateway/stomp/client_internal.h"

#include "gateway/console/trace.h"
#include "gateway/stomp/client_refusal.h"
#include "gateway/worker/metrics.h"

#include <assert.h>
#include <stdlib.h>

/*
 * Passes the frame to the broker. If the broker takes it, answers follow and the
 * receipt leaves after them.
 */
static void client_ask(struct client *client, const struct stomp_frame *frame,
	enum broker_result (*ask)(struct broker *broker, struct broker_call *call))
{
	struct broker_refusal refusal; /* filled in when refused */
	struct broker_call call = {
		.participant = &client->participant,
		.frame = frame,
		.version = client->version,
		.request = stomp_header(frame, SLICE("receipt")) != NULL
				   ? ++client->requests
				   : 0,
		.refusal = &refusal,
	};

	/* Homes answer by posts, so the receipt is registered before any answer. */
	switch (ask(client_broker(client), &call)) {
	case BROKER_TAKEN:
		assert(!call.waits || call.answers > 0);
		if (call.waits)
			client_wait(client);
		client_expect(client, frame, call.request, call.answers);
		break;
	case BROKER_REFUSED:
		client_refuse_frame(client, frame, &refusal);
		free(call.kept);
		break;
	}
}

void client_send(struct client *client, const struct stomp_frame *frame)
{
	client_ask(client, frame, broker_send);
}

/* Refuses the command itself. */
static void client_refuse_command(
	struct client *client, const struct stomp_frame *frame, enum refusal_kind kind)
{
	client_refuse(client, &(struct client_refusal){
				      .kind = kind,
				      .what = SLICE("command"),
				      .value = stomp_command_name(frame->command),
				      .receipt = frame_receipt(frame),
			      });
}

static void client_on_disconnect(struct client *client, const struct stomp_frame *frame)
{
	client->disconnecting = true;
	client_ask(client, frame, broker_sync);
	client_flush_receipts(client);
}

void client_dispatch(struct client *client, const struct stomp_frame *frame)
{
	struct tap *tap = session_tap(client->session);

	session_count_message(client->session);
	if (tap != NULL)
		tap->ops->frame(tap, client->session, frame);
	counter_add(&client->worker->metrics->frames[DIRECTION_IN][frame->command], 1);
	if (!client->connected && frame->command != STOMP_CONNECT &&
		frame->command != STOMP_STOMP) {
		client_refuse_command(client, frame, REFUSAL_FIRST_FRAME);
		return;
	}
	switch (frame->command) {
	case STOMP_CONNECT:
	case STOMP_STOMP:
		client_connect(client, frame);
		break;
	case STOMP_SEND:
		if (client_is_refresh(client, frame))
			client_refresh(client, frame);
		else if (!client_config(client)->has_rates ||
			 !client_is_early(client, frame))
			client_send(client, frame);
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
		client_ask(client, frame, broker_commit);
		break;
	case STOMP_ABORT:
		client_ask(client, frame, broker_abort);
		break;
	case STOMP_DISCONNECT:
		client_on_disconnect(client, frame);
		break;
	case STOMP_CONNECTED:
	case STOMP_MESSAGE:
	case STOMP_RECEIPT:
	case STOMP_ERROR:
		client_refuse_command(client, frame, REFUSAL_SERVER_COMMAND);
		break;
	}
}
