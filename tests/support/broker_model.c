#include "tests/support/broker_model.h"

#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct model model;

void model_tell(const char *format, ...)
{
	va_list values;

	if (!model.trace)
		return;
	fprintf(stderr, "%u: ", model.step);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
}

void model_fail(const char *format, ...)
{
	char why[256];
	va_list values;

	va_start(values, format);
	vsnprintf(why, sizeof(why), format, values);
	va_end(values);
	ck_abort_msg("seed %" PRIu64 " (POSTERN_SEED plays it alone), step %u: %s",
		model.seed, model.step, why);
}

/* Settling. */

/* No client has the message any more, for whatever reason. */
static void let_go(struct model_message *message)
{
	message->holder = NOBODY;
	message->settling = 0;
}

void model_settled(struct model_message *message, enum outcome outcome)
{
	let_go(message);
	switch (outcome) {
	case OUTCOME_ACCEPT:
		message->fate = ACCEPTED;
		return;
	case OUTCOME_REJECT:
		message->dead = ++message->rejections == NACKS;
		return;
	case OUTCOME_DISCARD:
		message->dead = true;
		return;
	}
}

void model_give_back(int index)
{
	for (unsigned i = 0; i < model.message_count; i++) {
		if (model.messages[i].holder == index)
			let_go(&model.messages[i]);
	}
}

void model_lose(int index)
{
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->holder == index && ++message->losses == LOSSES)
			message->dead = true;
	}
	model_give_back(index);
}

void model_forget(struct model_client *client)
{
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->fate == OPEN &&
			message->transaction == client->transaction)
			message->fate = DROPPED;
		if (message->settling != 0 && message->settling == client->transaction)
			message->settling = 0;
	}
	client->transaction = 0;
}

/* Hearing. */

static unsigned held_by(int client)
{
	unsigned count = 0;

	for (unsigned i = 0; i < model.message_count; i++)
		count += model.messages[i].holder == client;
	return count;
}

/* The id ends in the number of the delivery, from the second one on. */
static void hear_id(struct model_message *message, bool redelivered, const char *ack)
{
	const char *point = strchr(ack, '.');
	const unsigned attempt =
		point == NULL ? 1 : (unsigned)strtoul(point + 1, NULL, 10);

	must(attempt > message->attempt, "the id %s follows %s", ack, message->ack);
	must(redelivered == (point != NULL), "the id %s, %sredelivered", ack,
		redelivered ? "" : "not ");
	if (message->attempt > 0)
		memcpy(message->late, message->ack, sizeof(message->late));
	message->attempt = attempt;
	snprintf(message->ack, sizeof(message->ack), "%s", ack);
}

static void hear_from_queue(int index, unsigned body, bool redelivered, const char *ack)
{
	struct model_client *client = &model.clients[index];
	struct model_message *message = &model.messages[body];

	model_tell("client %d hears %u%s", index, body, redelivered ? " again" : "");
	must(body < model.message_count, "nobody has sent %u", body);
	must(client->consuming && !message->is_topic && message->place == client->queue,
		"%u is astray", body);
	must(message->fate != ACCEPTED, "%u comes after it was accepted", body);
	must(message->fate != OPEN && message->fate != DROPPED,
		"%u comes out of a transaction", body);
	must(!message->dead, "%u is dead", body);
	must(message->holder == NOBODY, "%u is with client %d", body, message->holder);
	must(redelivered || !message->heard, "%u does not say that it comes again",
		body);
	if (message->fate == PERHAPS)
		message->fate = SURE;
	message->heard = true;
	model.heard_count++;
	if (!client->must_ack) {
		model_settled(message, OUTCOME_ACCEPT);
		return;
	}
	message->holder = index;
	model.heard_order[body] = ++client->order;
	hear_id(message, redelivered, ack);
	must(held_by(index) <= client->prefetch, "client %d has more than %u", index,
		client->prefetch);
}

static void hear_commit(struct model_client *client)
{
	const unsigned transaction = client->committing;

	client->committing = 0;
	for (unsigned i = 0; i < model.message_count; i++) {
		struct model_message *message = &model.messages[i];

		if (message->transaction == transaction && message->fate == PERHAPS)
			message->fate = SURE;
	}
}

/* One message: MESSAGE{subscription:...}...[body]. */
static void hear_message(int index, const char *text)
{
	struct listener *listener = &model.clients[index].listener;
	const char *end = strchr(text, ']'), *ack = strstr(text, "{ack:");
	const char *again = strstr(text, "{redelivered:true}");
	const unsigned body = (unsigned)strtoul(strchr(text, '[') + 1, NULL, 10);
	unsigned id;
	char acked[64] = "";

	if (sscanf(text, "MESSAGE{subscription:t%u}", &id) == 1) {
		model_tell("client %d hears %u on a topic", index, body);
		listener_hears(listener, id, body);
		return;
	}
	if (ack != NULL && ack < end)
		sscanf(ack, "{ack:%63[^}]", acked);
	hear_from_queue(index, body, again != NULL && again < end, acked);
}

void model_hear(int index)
{
	const char *at = memory_outlet_got(&model.clients[index].peer->memory);

	for (; (at = strpbrk(at, "MRE")) != NULL; at += strcspn(at, " ")) {
		if (strncmp(at, "RECEIPT{receipt-id:t", 20) == 0)
			listener_hears_receipt(&model.clients[index].listener);
		else if (strncmp(at, "RECEIPT", 7) == 0)
			hear_commit(&model.clients[index]);
		else if (strncmp(at, "MESSAGE{", 8) == 0)
			hear_message(index, at);
		else
			model_fail("client %d hears %s", index, at);
	}
}

void model_hear_all(void)
{
	for (int i = 0; i < CLIENTS; i++)
		model_hear(i);
}

void model_rest(void)
{
	still_workers_settle(model.workers);
	model_hear_all();
	for (unsigned i = 0; i < model.message_count; i++) {
		model.messages[i].taken = model.messages[i].said != 0;
		for (int j = 0; j < CLIENTS; j++)
			must(!model.clients[j].listener.due[i],
				"client %d does not hear %u", j, i);
	}
}

void model_look_at_lanes(void)
{
	model.waited += still_workers_lanes(model.workers) > 0;
	if (model.is_narrow)
		must(still_workers_longest_wait(model.workers) <=
				(ADDRESSES + 1) * (model.quantum + CLIENTS + 1),
			"an account waits for more than the others' turns");
}

bool model_is_paused(const struct model_client *client)
{
	return session_is_paused(client->peer->memory.session);
}
