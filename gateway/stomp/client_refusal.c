#include "gateway/stomp/client_refusal.h"

#include "gateway/stomp/client_internal.h"

enum client_answer client_answer_to(
	enum refusal_class class, bool is_connected, bool is_soft, bool has_errors)
{
	if (!is_connected)
		return CLIENT_ANSWER_ERROR;
	switch (class) {
	case REFUSAL_MALFORMED:
		break;
	case REFUSAL_DENIED:
		return is_soft && has_errors ? CLIENT_ANSWER_MESSAGE
					     : CLIENT_ANSWER_ERROR;
	case REFUSAL_FAILED:
		return has_errors ? CLIENT_ANSWER_MESSAGE : CLIENT_ANSWER_NONE;
	}
	return CLIENT_ANSWER_ERROR;
}

static enum client_answer client_answer_of(
	const struct client *client, enum refusal_kind kind)
{
	return client_answer_to(refusal_class(kind), client->connected,
		slice_equal(client_config(client)->deny, SLICE("soft")),
		broker_has_errors(&client->participant));
}

/* A retryable refusal names its destination; a broken frame does not. */
static bool refusal_has_destination(const struct client_refusal *refusal)
{
	return refusal->destination.len > 0 &&
	       refusal_class(refusal->kind) != REFUSAL_MALFORMED;
}

static void client_send_error(
	struct client *client, const struct client_refusal *refusal, struct slice text)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_ERROR);
	if (!client->connected)
		stomp_write_header_plain(
			&frame, SLICE("version"), SLICE("1.0,1.1,1.2"));
	stomp_write_header(&frame, client->version, SLICE("message"),
		refusal_sentence(refusal->kind));
	if (refusal->receipt.len > 0)
		stomp_write_header(
			&frame, client->version, SLICE("receipt-id"), refusal->receipt);
	if (refusal_has_destination(refusal))
		stomp_write_header(&frame, client->version, SLICE("denied-destination"),
			refusal->destination);
	if (refusal->ended.len > 0)
		stomp_write_header(&frame, client->version, SLICE("ended-subscription"),
			refusal->ended);
	stomp_write_header_plain(&frame, SLICE("content-type"), SLICE("text/plain"));
	stomp_write_header_number(&frame, SLICE("content-length"), text.len);
	stomp_write_end(&frame, text);
	client_write(client, STOMP_ERROR, &frame);
}

static void client_send_message(
	struct client *client, const struct client_refusal *refusal, struct slice text)
{
	struct stomp_header headers[5] = {
		{SLICE("message"), refusal_sentence(refusal->kind)},
		{SLICE("content-type"), SLICE("text/plain")},
	};
	size_t count = 2;

	if (refusal_has_destination(refusal))
		headers[count++] = (struct stomp_header){
			SLICE("denied-destination"), refusal->destination};
	if (refusal->receipt.len > 0)
		headers[count++] =
			(struct stomp_header){SLICE("receipt-id"), refusal->receipt};
	if (refusal->ended.len > 0)
		headers[count++] = (struct stomp_header){
			SLICE("ended-subscription"), refusal->ended};
	broker_deliver_error(client_broker(client), &client->participant,
		&(struct stomp_frame){.command = STOMP_SEND,
			.headers = headers,
			.header_count = count,
			.body = text});
}

/* Blanks around a value are hard to see, and count since STOMP 1.1. */
static void client_append_hint(struct buf *hint, const struct client_refusal *refusal)
{
	const struct slice value = refusal->value;

	buf_append(hint, refusal->hint);
	if (value.len == 0 || slice_trim(value, SLICE_BLANKS).len == value.len)
		return;
	buf_append(hint, hint->len > 0 ? SLICE(" ") : SLICE(""));
	buf_append(
		hint, SLICE("There is a blank at an end of the value: from STOMP 1.1 "
			    "on, all that stands after the colon counts."));
}

static void client_report(
	struct client *client, const struct client_refusal *refusal, struct buf *text)
{
	struct tap *tap = session_tap(client->session);
	struct buf hint = {0};

	client_append_hint(&hint, refusal);
	refusal_report(client->worker->metrics,
		&(struct refusal){
			.door = DOOR_STOMP,
			.kind = refusal->kind,
			.what = refusal->what,
			.value = refusal->value,
			.is_of_connect = refusal->is_of_connect,
			.hint = buf_slice(&hint),
			.reason = refusal->reason,
			.session = session_label(client->session),
			.user = participant_user(&client->participant),
			.address = session_facts(client->session).address,
		},
		text);
	if (tap != NULL)
		tap->ops->refusal(
			tap, client->session, buf_slice(text), refusal->reason);
	buf_finish(&hint);
}

void client_refuse(struct client *client, const struct client_refusal *refusal)
{
	struct buf text = {0};

	if (client->ended)
		return;
	client_report(client, refusal, &text);
	switch (refusal->ending == ENDING_NONE ? client_answer_of(client, refusal->kind)
					       : CLIENT_ANSWER_ERROR) {
	case CLIENT_ANSWER_ERROR:
		client_send_error(client, refusal, buf_slice(&text));
		session_set_error(client->session, refusal_name(refusal->kind));
		client_end(client, refusal->ending == ENDING_NONE ? ENDING_ERROR
								  : refusal->ending);
		break;
	case CLIENT_ANSWER_MESSAGE:
		client_send_message(client, refusal, buf_slice(&text));
		break;
	case CLIENT_ANSWER_NONE:
		break;
	}
	buf_finish(&text);
}

static void client_refuse_broker(struct client *client,
	const struct broker_refusal *refusal, struct slice receipt,
	const struct slice *destination)
{
	const struct slice named = refusal->destination;

	client_refuse(client,
		&(struct client_refusal){
			.kind = refusal->kind,
			.what = slice_of(refusal->what != NULL ? refusal->what : ""),
			.value = refusal->has_value ? (struct slice){refusal->value,
							      refusal->value_len}
						    : (struct slice){NULL, 0},
			.hint = slice_of(refusal->hint),
			.reason = slice_of(refusal->reason),
			.receipt = receipt,
			.destination = named.len > 0 || destination == NULL
					       ? named
					       : *destination,
		});
}

void client_refuse_frame(struct client *client, const struct stomp_frame *frame,
	const struct broker_refusal *refusal)
{
	client_refuse_broker(client, refusal, frame_receipt(frame),
		stomp_header(frame, SLICE("destination")));
}

void client_refuse_request(
	struct client *client, uint64_t request, const struct broker_refusal *refusal)
{
	client_refuse_broker(
		client, refusal, receipts_find(&client->receipts, request), NULL);
	if (client->ended)
		return;
	client_cancel_receipt(client, request);
}
