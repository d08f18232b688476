/* The frames that clients receive. */
#include "tests/support/order_model.h"
#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdio.h>

/* The value of a header, or "". Valid until the next call. */
static const char *order_header(const char *frame, const char *name)
{
	static char value[128];
	char line[32];

	snprintf(line, sizeof(line), "\n%s:", name);
	const char *at = strstr(frame, line);
	const char *end = strstr(frame, "\n\n");
	value[0] = '\0';
	if (at != NULL && at < end)
		sscanf(at + strlen(line), "%127[^\n]", value);
	return value;
}

static unsigned long order_number(const char *frame, const char *name)
{
	return strtoul(order_header(frame, name), NULL, 10);
}

/* The body of each message is its number. */
static struct order_message *order_message(struct order *order, const char *frame)
{
	const unsigned long number = strtoul(strstr(frame, "\n\n") + 2, NULL, 10);

	order_must(order, number < order->message_count, "nobody has sent %lu", number);
	return &order->messages[number];
}

/* The place in the destination's order. */

static bool order_is_before(
	const struct order_message *a, const struct order_message *b)
{
	return a->epoch < b->epoch || (a->epoch == b->epoch && a->offset < b->offset);
}

static void order_note_place(
	const struct order *order, struct order_message *message, const char *frame)
{
	const long number = message - order->messages;
	uint64_t epoch, offset;

	order_must(order,
		sscanf(order_header(frame, order_is_queue(message->place)
						   ? "message-id"
						   : "x-postern-seq"),
			"%" SCNx64 "-%" SCNu64, &epoch, &offset) == 2,
		"%ld has no place", number);
	if (message->offset != 0) {
		order_must(order, message->epoch == epoch && message->offset == offset,
			"%ld has two places", number);
		return;
	}
	message->epoch = epoch;
	message->offset = offset;
	for (unsigned i = 0; i < order->message_count; i++) {
		const struct order_message *other = &order->messages[i];

		order_must(order,
			other == message || other->offset == 0 ||
				other->place != message->place ||
				other->owner != message->owner ||
				other->sender != message->sender ||
				(other->said < message->said) ==
					order_is_before(other, message),
			"%ld and %u of one sender are in the wrong order", number, i);
	}
}

/* MESSAGE. */

static bool order_follows(
	const struct order_subscription *one, const struct order_message *message)
{
	const unsigned place = message->place;

	return order_is_queue(place) || one->offset[place] == 0 ||
	       (one->epoch[place] == message->epoch &&
		       one->offset[place] + 1 == message->offset);
}

/*
 * The subscription that a message of this id is for. While an UNSUBSCRIBE is not
 * answered, an earlier subscription may have the same id: it comes first.
 */
static struct order_subscription *order_addressee(const struct order *order,
	unsigned client, unsigned id, bool must_ack,
	const struct order_message *message)
{
	const struct order_client *who = &order->clients[client];
	const struct order_subscription *found = NULL;

	for (unsigned i = 0; i < who->subscription_count; i++) {
		const struct order_subscription *one = &who->subscriptions[i];

		if (one->id != id || one->must_ack != must_ack ||
			one->state == ORDER_ENDED ||
			!order_matches(order, client, one, message))
			continue;
		found = one;
		if (order_follows(one, message))
			break;
	}
	order_must(order, found != NULL, "client %u: %td comes to %u, which has gone",
		client, message - order->messages, id);
	return (struct order_subscription *)found;
}

static void order_hears_from_topic(const struct order *order,
	struct order_subscription *one, const struct order_message *message)
{
	const unsigned place = message->place;
	const long number = message - order->messages;

	order_must(order, order_follows(one, message),
		"%s: %" PRIu64 " follows %" PRIu64 " on subscription %u",
		order_places[place], message->offset, one->offset[place], one->id);
	order_must(order, !one->past[number], "%ld was taken before SUBSCRIBE", number);
	one->epoch[place] = message->epoch;
	one->offset[place] = message->offset;
	one->due[number] = one->owed[number] = false;
}

static unsigned order_count_held(
	const struct order *order, unsigned client, unsigned consumer)
{
	unsigned count = 0;

	for (unsigned i = 0; i < order->message_count; i++)
		count += order->messages[i].holder == (int)client &&
			 order->messages[i].consumer == consumer;
	return count;
}

/* The ACK of a client that has vanished had no effect. */
static void order_comes_again(struct order *order, struct order_message *message)
{
	if (!order->may_refuse)
		order->is_undone[message->unsure_in] = true;
	message->unsure_in = 0;
}

static void order_hears_from_queue(struct order *order, unsigned client,
	const struct order_subscription *one, struct order_message *message,
	const char *ack)
{
	const struct order_client *who = &order->clients[client];
	const long number = message - order->messages;

	/* It may have been queued for the client before its home took it back. */
	if (one->state == ORDER_ENDING || who->is_disconnecting) {
		message->may_be_gone = message->may_be_gone || !one->must_ack;
		return;
	}
	const bool is_elsewhere =
		message->is_accepted || message->holder != ORDER_NOBODY;
	order_must(order, !is_elsewhere || order->may_refuse, "%ld is with client %d%s",
		number, message->holder, message->is_accepted ? ", or accepted" : "");
	if (is_elsewhere) { /* one of the clients has not heard its ERROR yet */
		message->may_be_gone = true;
		message->is_accepted = false;
		return;
	}
	order_comes_again(order, message);
	message->may_be_gone = message->is_accepted = false;
	message->settling = 0;
	if (!one->must_ack) {
		message->is_accepted = true;
		message->settler = 0;
		message->holder = ORDER_NOBODY;
		return;
	}
	message->holder = (int)client;
	message->consumer = (unsigned)(one - who->subscriptions);
	snprintf(message->ack, sizeof(message->ack), "%s", ack);
	order_must(order,
		order_count_held(order, client, message->consumer) <= one->prefetch,
		"client %u has more than %u", client, one->prefetch);
}

/* The receipt that comes next. */
static const struct order_receipt *order_next_receipt(const struct order_client *who)
{
	return who->first_asked < who->asked_count ? &who->asked[who->first_asked]
						   : NULL;
}

static void order_hears_message(struct order *order, unsigned client, const char *frame)
{
	const struct order_client *who = &order->clients[client];
	const unsigned id = (unsigned)order_number(frame, "subscription");
	struct order_message *message = order_message(order, frame);
	const long number = message - order->messages;

	order_must(order, message->said != 0, "%ld comes out of a transaction", number);
	order_must(order, !message->is_refused, "%ld was refused", number);
	order_note_place(order, message, frame);
	const bool must_ack = order_header(frame, "ack")[0] != '\0';
	struct order_subscription *one =
		order_addressee(order, client, id, must_ack, message);
	const struct order_receipt *next = order_next_receipt(who);
	/* Else an earlier receipt holds that one up. */
	order_must(order,
		one->state != ORDER_ASKED_FOR || next->frame != ORDER_SUBSCRIBE ||
			&who->subscriptions[next->index] != one,
		"%ld comes before the RECEIPT of SUBSCRIBE", number);
	order_must(order,
		next == NULL || next->frame != ORDER_SEND ||
			&order->messages[next->index] != message ||
			message->transaction != 0,
		"the RECEIPT of %ld waits for its readers", number);
	order->heard++;
	if (order_is_queue(message->place))
		order_hears_from_queue(
			order, client, one, message, order_header(frame, "ack"));
	else
		order_hears_from_topic(order, one, message);
}

/* RECEIPT. */

/*
 * An earlier subscription of the client shows where the later one stands in the order
 * of each topic.
 */
static void order_joins(
	const struct order *order, unsigned client, struct order_subscription *one)
{
	const struct order_client *who = &order->clients[client];

	if (one->state == ORDER_ENDING)
		return;
	one->state = ORDER_JOINED;
	for (unsigned i = 0; i < ORDER_PLACES; i++) {
		const struct order_message any = {.place = i, .owner = who->connection};

		for (unsigned j = 0; !order_is_queue(i) && j < who->subscription_count;
			j++) {
			const struct order_subscription *twin = &who->subscriptions[j];

			if (twin == one || twin->state != ORDER_JOINED ||
				twin->offset[i] == 0 ||
				!order_matches(order, client, one, &any))
				continue;
			order_must(order,
				one->offset[i] == 0 ||
					one->offset[i] == twin->offset[i],
				"%s: subscription %u has %" PRIu64 ", not %" PRIu64
				" at its RECEIPT",
				order_places[i], one->id, one->offset[i],
				twin->offset[i]);
			one->epoch[i] = twin->epoch[i];
			one->offset[i] = twin->offset[i];
		}
	}
}

static void order_is_committed(struct order *order, unsigned transaction)
{
	for (unsigned i = 0; i < order->message_count; i++) {
		if (order->messages[i].transaction == transaction)
			order->messages[i].is_taken = true;
	}
	order->commits++;
}

static void order_is_disconnected(const struct order *order, struct order_client *who)
{
	for (unsigned i = 0; i < who->subscription_count; i++) {
		for (unsigned j = 0; j < order->message_count; j++)
			order_must(order, !who->subscriptions[i].owed[j],
				"%u has not come before the RECEIPT of DISCONNECT", j);
	}
	who->has_last = true;
}

static void order_hears_receipt(struct order *order, unsigned client, const char *frame)
{
	struct order_client *who = &order->clients[client];
	const unsigned long got = order_number(frame, "receipt-id");
	const struct order_receipt *next = order_next_receipt(who);

	order_must(order, next != NULL, "client %u: receipt %lu is one too many",
		client, got);
	order_must(order, got == next->number,
		"client %u: receipt %lu comes instead of %u", client, got,
		next->number);
	who->first_asked++;
	who->frames_sure = next->frames_said;
	switch (next->frame) {
	case ORDER_SEND:
		if (order->messages[next->index].said != 0 &&
			order->messages[next->index].transaction == 0)
			order->messages[next->index].is_taken = true;
		break;
	case ORDER_SUBSCRIBE:
		order_joins(order, client, &who->subscriptions[next->index]);
		break;
	case ORDER_UNSUBSCRIBE:
		who->subscriptions[next->index].state = ORDER_ENDED;
		break;
	case ORDER_COMMIT:
		order_is_committed(order, next->index);
		break;
	case ORDER_DISCONNECT:
		order_is_disconnected(order, who);
		break;
	case ORDER_OTHER:
		break;
	}
}

/* ERROR: a queue was full. */

/* It had no effect at all. */
static void order_is_not_committed(struct order *order, unsigned transaction)
{
	for (unsigned i = 0; i < order->message_count; i++) {
		struct order_message *message = &order->messages[i];

		if (message->transaction == transaction) {
			order_must(order, message->offset == 0,
				"%u comes of a COMMIT that was refused", i);
			message->is_refused = true;
		}
		if (message->settled_in == transaction)
			message->is_accepted = false;
	}
}

static void order_hears_error(struct order *order, unsigned client, const char *frame)
{
	struct order_client *who = &order->clients[client];
	const unsigned long receipt = order_number(frame, "receipt-id");

	order_must(order,
		order->may_refuse && strcmp(order_header(frame, "message"),
					     "The queue is full") == 0,
		"client %u hears %s", client, frame);
	who->has_failed = true;
	for (unsigned i = who->first_asked; i < who->asked_count; i++) {
		const struct order_receipt *asked = &who->asked[i];

		if (asked->number != receipt)
			continue;
		if (asked->frame == ORDER_COMMIT)
			order_is_not_committed(order, asked->index);
		else if (asked->frame == ORDER_SEND)
			order->messages[asked->index].is_refused = true;
	}
}

/* The stream. */

static void order_hears_end(struct order *order, unsigned client, const char *text)
{
	struct order_client *who = &order->clients[client];
	const char *wanted = who->has_failed ? "close 1002" : "close 1000";

	order_must(order, strncmp(text, wanted, strlen(wanted)) == 0,
		"client %u hears %s", client, text);
	order_must(order, who->has_failed || who->has_last,
		"client %u is closed before the RECEIPT of DISCONNECT", client);
	order_is_lost(order, client);
}

static void order_hears_frame(struct order *order, unsigned client, const char *frame)
{
	struct order_client *who = &order->clients[client];

	order_tell(order, "client %u hears %s", client, frame);
	order_must(order, !who->is_over, "client %u hears more than its end", client);
	if (strncmp(frame, "close ", 6) == 0) {
		order_hears_end(order, client, frame);
		return;
	}
	order_must(order, !who->has_last && !who->has_failed,
		"client %u hears more than its last frame", client);
	if (strncmp(frame, "MESSAGE\n", 8) == 0)
		order_hears_message(order, client, frame);
	else if (strncmp(frame, "RECEIPT\n", 8) == 0)
		order_hears_receipt(order, client, frame);
	else if (strncmp(frame, "CONNECTED\n", 10) == 0 && !who->is_connected)
		who->is_connected = true;
	else
		order_hears_error(order, client, frame);
}

void order_hears(struct order *order, unsigned client, struct slice output)
{
	struct buf frame = {0};

	while (output.len > 0) {
		if (output.data[0] == ' ')
			output = slice_from(output, 1);
		const size_t end = slice_find(output, '\0');
		buf_append(&frame, slice_first(output, end));
		buf_append_char(&frame, '\0');
		order_hears_frame(order, client, frame.data);
		buf_clear(&frame);
		output = slice_from(output, end + 1);
	}
	buf_finish(&frame);
}

/* Rest, and the end. */

/* Others have received a part of it, or its client knows that it has taken effect. */
static bool order_is_sure(
	const struct order *order, const struct order_message *message)
{
	if (message->said == 0 || message->is_refused)
		return false;
	if (message->is_taken || message->offset != 0 ||
		!order->is_unsure[message->sender])
		return true;
	for (unsigned i = 0; message->transaction != 0 && i < order->message_count;
		i++) {
		if (order->messages[i].transaction == message->transaction &&
			order->messages[i].offset != 0)
			return true;
	}
	return false;
}

void order_rests(const struct order *order)
{
	for (unsigned i = 0; i < ORDER_CLIENTS; i++) {
		const struct order_client *who = &order->clients[i];

		if (who->is_over)
			continue;
		order_must(order, order_next_receipt(who) == NULL,
			"client %u: receipt %u has not come", i,
			order_next_receipt(who)->number);
		order_must(order, !who->is_disconnecting && !who->has_failed,
			"client %u is not closed", i);
		for (unsigned j = 0; j < who->subscription_count; j++) {
			const struct order_subscription *one = &who->subscriptions[j];

			for (unsigned k = 0; k < order->message_count; k++)
				order_must(order,
					!one->due[k] || !order_is_sure(order,
								&order->messages[k]),
					"client %u: %u has not come to %s", i, k,
					one->destination);
		}
	}
}

void order_finds(struct order *order, struct slice frame)
{
	struct buf text = {0};

	buf_append(&text, frame);
	buf_append_char(&text, '\0');
	struct order_message *message = order_message(order, text.data);
	const long number = message - order->messages;
	order_must(order, message->said != 0 && !message->is_refused,
		"%ld is in its queue, and was not sent", number);
	order_must(order, !message->is_accepted, "%ld is left after its ACK", number);
	order_note_place(order, message, text.data);
	order_comes_again(order, message);
	message->is_left = true;
	buf_finish(&text);
}

void order_ends(const struct order *order)
{
	for (unsigned i = 0; i < order->message_count; i++) {
		const struct order_message *message = &order->messages[i];

		order_must(order,
			!order_is_queue(message->place) ||
				!order_is_sure(order, message) || message->is_left ||
				message->is_accepted || message->may_be_gone,
			"%u is lost", i);
		order_must(order,
			message->transaction == 0 || message->offset == 0 ||
				!order->is_undone[message->transaction],
			"%u comes of a COMMIT whose ACKs had no effect", i);
	}
}
