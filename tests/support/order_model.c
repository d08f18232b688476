#include "tests/support/order_model.h"

#include "gateway/route/route_match.h"
#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

const char *const order_places[ORDER_PLACES] = {"/topic/a", "/topic/b", "/topic/a/x",
	"/topic/b/x", "/queue/a", "/queue/b", "/user/queue/x"};

const char *const order_patterns[ORDER_PATTERNS] = {
	"/topic/*", "/topic/**", "/topic/*/x"};

void order_tell(const struct order *order, const char *format, ...)
{
	va_list values;

	if (!order->trace)
		return;
	fprintf(stderr, "%u: ", order->step);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
}

void order_fail(const struct order *order, const char *format, ...)
{
	char why[256];
	va_list values;

	va_start(values, format);
	vsnprintf(why, sizeof(why), format, values);
	va_end(values);
	ck_abort_msg("seed %" PRIu64 " (POSTERN_SEED plays it alone), step %u: %s",
		order->seed, order->step, why);
}

void order_connects(struct order *order, unsigned client)
{
	order->clients[client] =
		(struct order_client){.connection = ++order->connections};
	ck_assert_uint_lt(order->connections, ORDER_CONNECTIONS);
}

unsigned order_asks(
	struct order *order, unsigned client, enum order_frame frame, unsigned index)
{
	struct order_client *who = &order->clients[client];

	ck_assert_uint_lt(who->asked_count, ORDER_ASKED);
	who->asked[who->asked_count++] = (struct order_receipt){
		frame, ++order->receipts, index, who->frames_said};
	return order->receipts;
}

/* SEND, and COMMIT for the messages in its transaction. */

bool order_matches(const struct order *order, unsigned client,
	const struct order_subscription *subscription,
	const struct order_message *message)
{
	if (message->place == ORDER_OWN)
		return subscription->place == ORDER_OWN &&
		       message->owner == order->clients[client].connection;
	if (subscription->place == ORDER_PLACES) /* the broker's patterns are a trie */
		return !order_is_queue(message->place) &&
		       route_match(slice_of(subscription->destination),
			       slice_of(order_places[message->place]), NULL);
	return subscription->place == message->place;
}

static void order_says(struct order *order, struct order_message *message)
{
	message->said = ++order->said;
	for (unsigned i = 0; i < ORDER_CLIENTS; i++) {
		struct order_client *who = &order->clients[i];

		for (unsigned j = 0; j < who->subscription_count; j++) {
			struct order_subscription *one = &who->subscriptions[j];

			if (one->state == ORDER_JOINED && !who->is_disconnecting &&
				!order_is_queue(message->place) &&
				order_matches(order, i, one, message))
				one->due[message - order->messages] = true;
		}
	}
}

unsigned order_sends(struct order *order, unsigned client, unsigned place,
	unsigned owner, bool in_transaction)
{
	struct order_client *who = &order->clients[client];
	struct order_message *message = &order->messages[order->message_count];

	ck_assert_uint_lt(order->message_count, ORDER_MESSAGES);
	*message = (struct order_message){
		.place = place,
		.owner = owner,
		.sender = who->connection,
		.transaction = in_transaction ? who->transaction : 0,
		.holder = ORDER_NOBODY,
	};
	if (!in_transaction)
		order_says(order, message);
	return order->message_count++;
}

/* Subscriptions. */

unsigned order_subscribes(struct order *order, unsigned client,
	const struct order_subscription *subscription)
{
	struct order_client *who = &order->clients[client];
	struct order_subscription *made = &who->subscriptions[who->subscription_count];

	ck_assert_uint_lt(who->subscription_count, ORDER_SUBSCRIPTIONS);
	*made = *subscription;
	for (unsigned i = 0; i < order->message_count; i++)
		made->past[i] = order->messages[i].is_taken;
	return who->subscription_count++;
}

/* What the subscription has not acknowledged goes back to its queue. */
static void order_gives_back(struct order *order, unsigned client, unsigned index)
{
	for (unsigned i = 0; i < order->message_count; i++) {
		struct order_message *message = &order->messages[i];

		if (message->holder == (int)client && message->consumer == index) {
			message->holder = ORDER_NOBODY;
			message->settling = 0;
		}
	}
}

void order_unsubscribes(struct order *order, unsigned client, unsigned index)
{
	struct order_subscription *one = &order->clients[client].subscriptions[index];

	one->state = ORDER_ENDING;
	memset(one->due, 0, sizeof(one->due));
	order_gives_back(order, client, index);
}

/* Queues and transactions. */

static void order_settled(const struct order *order, unsigned client,
	struct order_message *message, bool is_accepted, unsigned transaction)
{
	const struct order_client *who = &order->clients[client];

	message->holder = ORDER_NOBODY;
	message->settling = 0;
	message->is_accepted = is_accepted;
	message->settler = who->connection;
	message->settled_at = who->frames_said;
	message->settled_in = transaction;
}

void order_settles(struct order *order, unsigned client, struct order_message *message,
	bool is_accepted, unsigned transaction)
{
	if (transaction == 0) {
		order_settled(order, client, message, is_accepted, 0);
		return;
	}
	message->settling = transaction;
	message->is_accepting = is_accepted;
}

void order_commits(struct order *order, unsigned client)
{
	struct order_client *who = &order->clients[client];

	for (unsigned i = 0; i < order->message_count; i++) {
		struct order_message *message = &order->messages[i];

		if (message->transaction == who->transaction)
			order_says(order, message);
		if (message->settling == who->transaction)
			order_settled(order, client, message, message->is_accepting,
				who->transaction);
	}
	who->transaction = 0;
}

void order_aborts(struct order *order, unsigned client)
{
	struct order_client *who = &order->clients[client];

	for (unsigned i = 0; i < order->message_count; i++) {
		struct order_message *message = &order->messages[i];

		if (who->transaction != 0 && message->settling == who->transaction)
			message->settling = 0;
	}
	who->transaction = 0;
}

/* The end of a client. */

void order_disconnects(struct order *order, unsigned client)
{
	struct order_client *who = &order->clients[client];

	who->is_disconnecting = true;
	order_aborts(order, client);
	for (unsigned i = 0; i < who->subscription_count; i++) {
		struct order_subscription *one = &who->subscriptions[i];

		order_gives_back(order, client, i);
		for (unsigned j = 0; j < order->message_count; j++)
			one->owed[j] =
				one->due[j] &&
				(order->messages[j].is_taken ||
					order->messages[j].sender == who->connection);
	}
}

void order_is_lost(struct order *order, unsigned client)
{
	struct order_client *who = &order->clients[client];

	order_aborts(order, client);
	for (unsigned i = 0; i < who->subscription_count; i++)
		order_gives_back(order, client, i);
	who->is_over = true;
	if (who->has_last)
		return;
	order->is_unsure[who->connection] = true;
	for (unsigned i = 0; i < order->message_count; i++) {
		struct order_message *message = &order->messages[i];

		if (message->settler != who->connection ||
			message->settled_at <= who->frames_sure)
			continue;
		message->may_be_gone = message->may_be_gone || message->is_accepted;
		message->unsure_in = message->is_accepted ? message->settled_in : 0;
		message->is_accepted = false;
	}
}
