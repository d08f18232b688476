#include "tests/support/witness.h"

#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void witness_init(struct witness *witness, uint64_t seed)
{
	*witness = (struct witness){.seed = seed, .digest = 0xcbf29ce484222325};
}

void witness_finish(struct witness *witness)
{
	free(witness->messages);
}

void witness_fail(const struct witness *witness, const char *format, ...)
{
	char why[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	ck_abort_msg(
		"seed %" PRIu64 ", step %u: %s", witness->seed, witness->step, why);
}

void witness_trace(const struct witness *witness, const char *format, ...)
{
	va_list arguments;

	if (!witness->trace)
		return;
	fprintf(stderr, "%u: ", witness->step);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* Recording sent frames. */

unsigned witness_says_send(
	struct witness *witness, unsigned client, bool to_all, unsigned topic)
{
	struct witness_message *message;

	witness->messages = xrealloc(witness->messages,
		(witness->message_count + 1) * sizeof(*witness->messages));
	message = &witness->messages[witness->message_count];
	*message = (struct witness_message){.sender = client};
	for (unsigned i = 0; i < witness->topics; i++) {
		message->to[i] = to_all || i == topic;
		if (message->to[i])
			message->number[i] = witness->clients[client].said[i]++;
	}
	return witness->message_count++;
}

unsigned witness_asks_receipt(
	struct witness *witness, unsigned client, enum due_kind kind, unsigned index)
{
	struct witness_client *who = &witness->clients[client];

	ck_assert_uint_lt(who->due_count, DUE_MAX);
	who->due[who->due_count++] =
		(struct due){kind, ++witness->receipt_count, index};
	return witness->receipt_count;
}

unsigned witness_says_subscribe(
	struct witness *witness, unsigned client, unsigned id, unsigned topic)
{
	struct witness_client *who = &witness->clients[client];

	ck_assert_uint_lt(who->subscription_count, FINISHED_MAX);
	struct witness_subscription *made =
		&who->subscriptions[who->subscription_count];
	*made = (struct witness_subscription){.topic = topic, .id = id};
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		made->heard[i].earliest = witness->clients[i].taken[topic];
	/* A session is obeyed in the order in which it speaks. */
	made->heard[client].earliest = witness->clients[client].said[topic];
	return who->subscription_count++;
}

void witness_says_unsubscribe(
	struct witness *witness, unsigned client, unsigned id, size_t queued)
{
	struct witness_subscription *one = witness_subscription(witness, client, id);

	one->ended = true;
	one->until = witness->clients[client].frames + queued;
}

void witness_says_disconnect(struct witness *witness, unsigned client)
{
	struct witness_client *who = &witness->clients[client];

	who->disconnecting = true;
	for (unsigned i = 0; i < who->subscription_count; i++) {
		struct witness_subscription *one = &who->subscriptions[i];

		for (unsigned j = 0; j < CLIENTS_MAX; j++)
			one->heard[j].owed = witness->clients[j].taken[one->topic];
		one->heard[client].owed = who->said[one->topic];
	}
}

void witness_sees_lost(struct witness *witness, unsigned client)
{
	witness->clients[client].over = true;
}

struct witness_subscription *witness_subscription(
	struct witness *witness, unsigned client, unsigned id)
{
	struct witness_client *who = &witness->clients[client];

	for (unsigned i = who->subscription_count; i-- > 0;) {
		if (who->subscriptions[i].id == id)
			return who->subscriptions[i].ended ? NULL
							   : &who->subscriptions[i];
	}
	return NULL;
}

/* Hearing. */

static void digest(struct witness *witness, uint64_t what)
{
	witness->digest = (witness->digest ^ what) * 0x100000001b3;
}

/* The value of a header, or empty. */
static struct slice header(struct slice frame, struct slice name)
{
	while (frame.len > 0) {
		size_t end = slice_find(frame, '\n');
		struct slice line = slice_first(frame, end);

		if (line.len == 0)
			break;
		if (slice_starts_with(line, name) && line.len > name.len &&
			line.data[name.len] == ':')
			return slice_from(line, name.len + 1);
		frame = slice_from(frame, end + 1);
	}
	return SLICE("");
}

static uint64_t number(struct slice text, int base)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%.*s", SLICE_ARGS(text));
	return strtoull(digits, NULL, base);
}

/* The subscription that a frame of this index may still belong to. */
static struct witness_subscription *find_addressee(
	struct witness_client *who, unsigned id, uint64_t index)
{
	for (unsigned i = 0; i < who->subscription_count; i++) {
		struct witness_subscription *one = &who->subscriptions[i];

		if (one->id == id && (!one->ended || index < one->until))
			return one;
	}
	return NULL;
}

/* The place of a message in its topic: it must be the same for all clients. */
static void check_place(struct witness *witness, struct witness_message *message,
	unsigned topic, uint64_t epoch, uint64_t offset)
{
	if (message->offset[topic] != 0) {
		promise(witness,
			message->epoch[topic] == epoch &&
				message->offset[topic] == offset,
			"topic %u: a message has two places", topic);
		return;
	}
	for (unsigned i = 0; i < witness->message_count; i++)
		promise(witness,
			witness->messages[i].epoch[topic] != epoch ||
				witness->messages[i].offset[topic] != offset,
			"topic %u: two messages have one place", topic);
	message->epoch[topic] = epoch;
	message->offset[topic] = offset;
}

/* The topic's own order. */
static void check_next(struct witness *witness, struct witness_subscription *one,
	uint64_t epoch, uint64_t offset)
{
	promise(witness, one->epoch == 0 || one->epoch == epoch,
		"topic %u was made again under a subscriber", one->topic);
	promise(witness, one->epoch == 0 || offset == one->offset + 1,
		"topic %u: %" PRIu64 " follows %" PRIu64, one->topic, offset,
		one->offset);
	one->epoch = epoch;
	one->offset = offset;
}

/* The order of one sender. */
static void check_turn(const struct witness *witness, struct witness_subscription *one,
	const struct witness_message *message)
{
	struct heard *heard = &one->heard[message->sender];
	unsigned got = message->number[one->topic];

	if (heard->any) {
		promise(witness, got == heard->next,
			"topic %u: %u of client %u came instead of %u", one->topic, got,
			message->sender, heard->next);
	} else {
		promise(witness, got >= heard->earliest,
			"topic %u: %u of client %u was taken before SUBSCRIBE",
			one->topic, got, message->sender);
		promise(witness, !one->joined || got <= heard->latest,
			"topic %u: %u of client %u came first, %u was lost", one->topic,
			got, message->sender, heard->latest);
	}
	heard->any = true;
	heard->next = got + 1;
}

static void hear_message(struct witness *witness, unsigned client, struct slice frame)
{
	struct witness_client *who = &witness->clients[client];
	struct slice rest = frame;
	unsigned id = (unsigned)number(header(frame, SLICE("subscription")), 10);
	struct slice destination = header(frame, SLICE("destination"));

	while (rest.len > 0 && !slice_starts_with(rest, SLICE("\n\n")))
		rest = slice_from(rest, 1);
	uint64_t body = number(slice_from(rest, 2), 10);
	struct witness_subscription *one = find_addressee(who, id, who->frames - 1);
	promise(witness, one != NULL, "client %u: %" PRIu64 " is for nobody", client,
		body);
	promise(witness, body < witness->message_count, "nobody has said %" PRIu64,
		body);
	struct witness_message *message = &witness->messages[body];
	uint64_t topic = number(slice_from(destination, strlen("/topic/")), 10) -
			 witness->first_topic;
	promise(witness, topic == one->topic && message->to[topic],
		"client %u: %" PRIu64 " is astray", client, body);
	struct slice place = header(frame, SLICE("message-id"));
	size_t dash = slice_find(place, '-');
	uint64_t epoch = number(slice_first(place, dash), 16);
	uint64_t offset = number(slice_from(place, dash + 1), 10);
	check_next(witness, one, epoch, offset);
	check_place(witness, message, one->topic, epoch, offset);
	check_turn(witness, one, message);
	witness->heard_count++;
	digest(witness, body * 64 + id);
}

/* Its client knows from now on that it receives the messages. */
static void join(struct witness *witness, struct witness_subscription *one)
{
	if (one->joined)
		return;
	one->joined = true;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		one->heard[i].latest = witness->clients[i].said[one->topic];
}

/* Everything that was taken before DISCONNECT was sent has come. */
static void check_owed(const struct witness *witness, unsigned client)
{
	const struct witness_client *who = &witness->clients[client];

	for (unsigned i = 0; i < who->subscription_count; i++) {
		const struct witness_subscription *one = &who->subscriptions[i];

		for (unsigned j = 0; j < CLIENTS_MAX && !one->ended; j++) {
			const struct heard *heard = &one->heard[j];
			unsigned got = heard->any    ? heard->next
				       : one->joined ? heard->latest
						     : heard->owed;

			promise(witness, got >= heard->owed,
				"client %u, topic %u: %u of client %u comes behind the "
				"receipt of DISCONNECT",
				client, one->topic, got, j);
		}
	}
}

/*
 * When destinations run out, a SUBSCRIBE may have failed: its receipt never comes, and
 * the session continues. `got` has come; 0: unknown which.
 */
static void forget_failed(
	const struct witness *witness, struct witness_client *who, uint64_t got)
{
	while (witness->destinations_run_out && who->due_first < who->due_count &&
		who->due[who->due_first].kind == DUE_SUBSCRIBE &&
		who->due[who->due_first].receipt != got)
		who->due_first++;
}

static void hear_receipt(struct witness *witness, unsigned client, struct slice frame)
{
	struct witness_client *who = &witness->clients[client];
	uint64_t got = number(header(frame, SLICE("receipt-id")), 10);

	forget_failed(witness, who, got);
	promise(witness, who->due_first < who->due_count,
		"client %u: receipt %" PRIu64 " is one too many", client, got);
	const struct due *due = &who->due[who->due_first++];
	promise(witness, got == due->receipt,
		"client %u: receipt %" PRIu64 " came instead of %u", client, got,
		due->receipt);
	digest(witness, got << 32);
	if (due->kind == DUE_SUBSCRIBE)
		join(witness, &who->subscriptions[due->index]);
	if (due->kind == DUE_DISCONNECT)
		check_owed(witness, client);
	if (due->kind != DUE_SEND)
		return;
	const struct witness_message *message = &witness->messages[due->index];
	for (unsigned i = 0; i < witness->topics; i++) {
		if (message->to[i])
			who->taken[i] = message->number[i] + 1;
	}
}

static void hear_error(struct witness *witness, unsigned client, struct slice frame)
{
	struct witness_client *who = &witness->clients[client];
	struct slice message = header(frame, SLICE("message"));

	if (slice_equal(message, SLICE("Slow consumer")))
		promise(witness, who->slow || witness->queues_run_over,
			"client %u is not slow", client);
	else
		witness_fail(witness, "client %u: %.*s", client, SLICE_ARGS(message));
	who->failed = true;
	digest(witness, 1);
}

static void hear_frame(struct witness *witness, unsigned client, struct slice frame)
{
	struct witness_client *who = &witness->clients[client];
	struct slice command = slice_first(frame, slice_find(frame, '\n'));
	bool first = slice_equal(command, SLICE("CONNECTED"));

	promise(witness, !who->failed, "client %u hears more than its ERROR", client);
	who->frames++;
	if (slice_equal(command, SLICE("ERROR"))) { /* all else may have been dropped */
		hear_error(witness, client, frame);
		return;
	}
	promise(witness, who->connected != first, "client %u hears %.*s", client,
		SLICE_ARGS(command));
	who->connected = true;
	if (slice_equal(command, SLICE("MESSAGE")))
		hear_message(witness, client, frame);
	else if (slice_equal(command, SLICE("RECEIPT")))
		hear_receipt(witness, client, frame);
	else
		promise(witness, first, "client %u hears %.*s", client,
			SLICE_ARGS(command));
}

/* "close CODE REASON", or "end" without one. */
static void hear_end(struct witness *witness, unsigned client, struct slice text)
{
	struct witness_client *who = &witness->clients[client];
	unsigned code = 0;

	if (slice_starts_with(text, SLICE("close ")))
		code = (unsigned)number(slice_from(text, strlen("close ")), 10);
	forget_failed(witness, who, 0);
	bool fits = code == 0      ? who->slow
		    : code == 1000 ? who->disconnecting && !who->failed &&
					     who->due_first == who->due_count
		    : code == 1001 ? witness->stopping
		    : code == 1002 ? who->failed
		    : code == 1008 ? who->slow || witness->queues_run_over
				   : false;
	promise(witness, fits, "client %u has no reason to hear: %.*s", client,
		SLICE_ARGS(text));
	who->over = true;
	digest(witness, code);
}

static void hear_entry(struct witness *witness, unsigned client, struct slice entry)
{
	const struct witness_client *who = &witness->clients[client];
	bool given_up = slice_equal(entry, SLICE("end"));

	witness_trace(witness, "client %u hears %.*s", client, SLICE_ARGS(entry));
	/* This may follow a close that a slow kernel holds. */
	if (who->over && who->slow && given_up)
		return;
	promise(witness, !who->over, "client %u hears something after its end", client);
	if (given_up || slice_starts_with(entry, SLICE("close ")))
		hear_end(witness, client, entry);
	else
		hear_frame(witness, client, entry);
}

void witness_hears(struct witness *witness, unsigned client, struct slice bytes)
{
	while (bytes.len > 0) {
		if (bytes.data[0] == ' ')
			bytes = slice_from(bytes, 1);
		size_t end = slice_find(bytes, '\0');
		hear_entry(witness, client, slice_first(bytes, end));
		bytes = slice_from(bytes, end + 1);
	}
}

static void subscription_rests(struct witness *witness, unsigned client,
	const struct witness_subscription *one)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		const struct heard *heard = &one->heard[i];
		unsigned said = witness->clients[i].said[one->topic];
		bool all = heard->any    ? heard->next == said
			   : one->joined ? said <= heard->latest
					 : true;

		promise(witness, all,
			"client %u, topic %u: of client %u, who said %u, %u has not "
			"come",
			client, one->topic, i, said,
			heard->any ? heard->next : heard->latest);
	}
}

void witness_rests(struct witness *witness, unsigned client)
{
	struct witness_client *who = &witness->clients[client];

	if (who->over)
		return;
	promise(witness, who->connected, "client %u has not heard CONNECTED", client);
	forget_failed(witness, who, 0);
	promise(witness, who->due_first == who->due_count,
		"client %u: receipt %u has not come", client,
		who->due[who->due_first].receipt);
	promise(witness, !who->disconnecting && !who->failed,
		"client %u: its close has not come", client);
	for (unsigned i = 0; i < who->subscription_count; i++) {
		struct witness_subscription *one = &who->subscriptions[i];

		if (one->ended)
			continue;
		subscription_rests(witness, client, one);
		/* A subscription that may have failed is known by its receipt alone. */
		if (!witness->destinations_run_out)
			join(witness, one);
	}
}
