/*
 * ACK and NACK. What a client may acknowledge is known here as well as at the home,
 * so a wrong one fails at once. On topics both mean nothing, but must be right.
 */
#include "gateway/broker/internal.h"
#include "gateway/broker/transaction.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Reads digits up to `end` and moves behind it. False for none, and for too many. */
static bool read_number(struct slice *text, unsigned base, char end, uint64_t *number)
{
	size_t len = slice_find(*text, end);

	*number = 0;
	if (len == 0 || len > 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text->data[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
							: base;
		if (digit >= base)
			return false;
		*number = *number * base + digit;
	}
	*text = slice_from(*text, len + 1);
	return true;
}

/* EPOCH-OFFSET, as message.c writes it; `end` follows, or nothing. */
static bool read_place(struct slice *text, char end, struct place *place)
{
	return read_number(text, 16, '-', &place->epoch) &&
	       read_number(text, 10, end, &place->offset);
}

/* What a frame acknowledges. */
struct acknowledged {
	struct subscription *subscription;
	size_t index; /* in its unacked; SIZE_MAX: it was forgotten */
};

static bool is_acknowledgeable(struct subscription *subscription, struct place place,
	struct acknowledged *found)
{
	if (subscription == NULL || subscription->ack == ACK_AUTO)
		return false;
	found->subscription = subscription;
	found->index = unacked_find(&subscription->unacked, place);
	return found->index != SIZE_MAX || (subscription->kind != SUBSCRIPTION_QUEUE &&
						   subscription->unacked.has_forgotten);
}

/* STOMP 1.2: the MESSAGE's ack header, which is its place and the ordinal. */
static bool find_by_ack(
	const struct party *party, struct slice id, struct acknowledged *found)
{
	struct place place;
	uint64_t ordinal;

	return read_place(&id, '-', &place) && read_number(&id, 10, '\0', &ordinal) &&
	       ordinal <= UINT32_MAX &&
	       is_acknowledgeable(
		       subscription_at(party, (uint32_t)ordinal), place, found);
}

/* Before: the message-id, and from 1.1 on the subscription. */
static bool find_by_message(const struct party *party, struct slice id,
	const struct slice *subscription, struct acknowledged *found)
{
	struct place place;

	if (!read_place(&id, '\0', &place))
		return false;
	if (subscription != NULL)
		return is_acknowledgeable(
			subscription_find(party, subscription, NULL), place, found);
	for (size_t i = 0; i < party->subscription_count; i++) {
		if (is_acknowledgeable(party->subscriptions[i], place, found))
			return true;
	}
	return false;
}

static bool find_acknowledged(
	const struct broker_call *call, struct acknowledged *found)
{
	const enum stomp_version version = call->version;
	const struct slice *id = stomp_header(
		call->frame, version == STOMP_1_2 ? SLICE("id") : SLICE("message-id"));
	const struct slice *subscription =
		version == STOMP_1_1 ? stomp_header(call->frame, SLICE("subscription"))
				     : NULL;

	if (id == NULL || (version == STOMP_1_1 && subscription == NULL)) {
		buf_printf(call->error, "%.*s needs %s",
			SLICE_ARGS(stomp_command_name(call->frame->command)),
			version == STOMP_1_2 ? "an id"
			: id == NULL         ? "a message-id"
					     : "a subscription");
		return false;
	}
	if (version == STOMP_1_2
			? find_by_ack(call->party, *id, found)
			: find_by_message(call->party, *id, subscription, found))
		return true;
	buf_append(call->error, SLICE("There is no such message to acknowledge"));
	return false;
}

/* The oldest that the frame means: with ack:client all up to the one that it names. */
static size_t acknowledged_first(const struct acknowledged *found)
{
	return found->subscription->ack == ACK_CLIENT ? 0 : found->index;
}

static void settle_now(
	struct broker *broker, const struct acknowledged *found, bool is_accepted)
{
	struct subscription *subscription = found->subscription;
	struct unacked *unacked = &subscription->unacked;
	size_t at = acknowledged_first(found), left = found->index - at + 1, count = 0;
	struct place *places = xmalloc(left * sizeof(*places));

	for (; left > 0; left--) {
		const struct unacked_item *item = unacked_at(unacked, at);

		if (item->transaction != 0) { /* a transaction has it */
			at++;
			continue;
		}
		places[count++] = item->place;
		unacked_remove(unacked, at);
	}
	if (subscription->kind == SUBSCRIPTION_QUEUE)
		broker->backend->settle(
			broker, subscription, places, count, is_accepted);
	free(places);
}

static bool settle_later(struct broker *broker, struct transaction *transaction,
	const struct acknowledged *found, bool is_accepted, struct buf *error)
{
	struct unacked *unacked = &found->subscription->unacked;

	for (size_t i = acknowledged_first(found); i <= found->index; i++) {
		struct unacked_item *item = unacked_at(unacked, i);

		if (item->transaction != 0)
			continue;
		item->transaction = transaction->number;
		if (!transaction_add(broker, transaction,
			    &(struct action){
				    .ordinal = found->subscription->ordinal,
				    .place = item->place,
				    .is_accepted = is_accepted,
			    },
			    error))
			return false;
	}
	return true;
}

enum broker_result broker_settle(struct broker *broker, struct broker_call *call)
{
	const bool is_accepted = call->frame->command == STOMP_ACK;
	struct transaction *transaction = NULL;
	struct acknowledged found = {NULL, 0};

	if (!is_accepted && call->version == STOMP_1_0) {
		buf_append(call->error, SLICE("STOMP 1.0 has no NACK"));
		return BROKER_REFUSED;
	}
	if (!transaction_of(call, &transaction) || !find_acknowledged(call, &found))
		return BROKER_REFUSED;
	if (found.index == SIZE_MAX)
		return BROKER_TAKEN;
	if (unacked_at(&found.subscription->unacked, found.index)->transaction != 0) {
		buf_append(call->error, SLICE("The message is acknowledged already"));
		return BROKER_REFUSED;
	}
	if (transaction != NULL)
		return settle_later(
			       broker, transaction, &found, is_accepted, call->error)
			       ? BROKER_TAKEN
			       : BROKER_REFUSED;
	settle_now(broker, &found, is_accepted);
	return BROKER_TAKEN;
}

void broker_sent(struct broker *broker, struct party *party, uint32_t ordinal)
{
	struct subscription *subscription = subscription_at(party, ordinal);

	if (subscription == NULL)
		return;
	if (subscription->ack != ACK_AUTO) {
		unacked_tell_sent(&subscription->unacked);
		return;
	}
	if (subscription->unacked.count == 0)
		return;
	struct place place = unacked_at(&subscription->unacked, 0)->place;
	unacked_remove(&subscription->unacked, 0);
	broker->backend->settle(broker, subscription, &place, 1, true);
}
