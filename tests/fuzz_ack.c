/*
 * Acknowledgements: each line is an ACK or NACK of a client that has one subscription
 * with ack:client and one with ack:client-individual. Its first byte selects command
 * and version; the text up to a blank is the id, the rest is the subscription. Only
 * messages in a model of both subscriptions may be taken, and only those that the
 * frame means. Of the second subscription, half of the messages are redelivered.
 */
#include "gateway/broker/internal.h"
#include "gateway/broker/subscription.h"
#include "gateway/session/session.h"
#include "tests/support/fuzz.h"
#include "tests/support/still_workers.h"

#include <inttypes.h>
#include <stdio.h>

enum { EPOCH = 0x1f, MESSAGES = 6, SUBSCRIPTIONS = 2, LINES_MAX = 40 };

struct play {
	struct worker *worker;
	struct broker *broker;
	struct participant participant;
	struct subscription *subscriptions[SUBSCRIPTIONS]; /* "client", "one" */
	bool waits[SUBSCRIPTIONS][MESSAGES + 1];           /* by the offset */
};

static uint16_t attempt_of(unsigned index, uint64_t offset)
{
	return index == 1 && offset > MESSAGES / 2 ? 2 : 1;
}

/* Of a topic, so that no home must be asked. */
static void play_subscribe(struct play *play, unsigned index, const char *name)
{
	const struct slice id = slice_of(name);
	struct subscription *subscription = subscription_create(
		play->broker, &play->participant, &id, SLICE("/topic/a"), STOMP_1_2);

	subscription->kind = SUBSCRIPTION_LOCAL;
	subscription->ack = index == 0 ? ACK_CLIENT : ACK_INDIVIDUAL;
	play->subscriptions[index] = subscription;
	for (uint64_t offset = 1; offset <= MESSAGES; offset++) {
		unacked_push(&subscription->unacked, (struct place){EPOCH, offset},
			attempt_of(index, offset), 0);
		play->waits[index][offset] = true;
	}
}

static size_t count_waiting(const struct play *play, unsigned index)
{
	size_t count = 0;

	for (unsigned offset = 1; offset <= MESSAGES; offset++)
		count += play->waits[index][offset];
	return count;
}

static void check_subscriptions(const struct play *play)
{
	for (unsigned index = 0; index < SUBSCRIPTIONS; index++) {
		const struct unacked *unacked = &play->subscriptions[index]->unacked;

		assert(unacked->count == count_waiting(play, index));
		for (size_t i = 0; i < unacked->count; i++)
			assert(play->waits[index]
					  [unacked_at(unacked, i)->place.offset]);
	}
}

/* Removes from the model the messages that an acknowledgement of that one means. */
static void model_settle(struct play *play, unsigned index, uint64_t offset)
{
	assert(play->waits[index][offset]);
	for (uint64_t at = index == 0 ? 1 : offset; at <= offset; at++)
		play->waits[index][at] = false;
}

/* The number after zeros that may stand before it. */
static bool is_number(struct slice text, const char *number)
{
	while (text.len > 1 && text.data[0] == '0')
		text = slice_from(text, 1);
	return slice_equal(text, slice_of(number));
}

/* "1f-OFFSET" or "1f-OFFSET-ORDINAL"; with `ordinal` 0 there is none. */
static bool is_id(struct slice id, uint64_t offset, unsigned ordinal, uint16_t attempt)
{
	const size_t point = slice_find(id, '.');

	if (attempt == 1 ? point != id.len : !is_number(slice_from(id, point + 1), "2"))
		return false;
	id = slice_first(id, point);
	const struct slice epoch = slice_first(id, slice_find(id, '-'));
	const struct slice rest = slice_from(id, epoch.len + 1);
	const struct slice place = slice_first(rest, slice_find(rest, '-'));
	const struct slice last = slice_from(rest, place.len + 1);
	char wanted[24], behind[24];

	snprintf(wanted, sizeof(wanted), "%" PRIu64, offset);
	snprintf(behind, sizeof(behind), "%u", ordinal);
	return is_number(epoch, "1f") && is_number(place, wanted) &&
	       (ordinal == 0 ? place.len == rest.len : is_number(last, behind));
}

/*
 * Finds the first message that waits, by the id with or without the ordinal. Returns
 * how many there are.
 */
static unsigned model_find(struct play *play, struct slice id, bool has_ordinal,
	const struct slice *subscription, unsigned *found, uint64_t *found_offset)
{
	unsigned count = 0;

	for (unsigned index = 0; index < SUBSCRIPTIONS; index++) {
		const struct subscription *one = play->subscriptions[index];

		if (subscription != NULL &&
			!slice_equal(name_text(one->id), *subscription))
			continue;
		for (uint64_t offset = 1; offset <= MESSAGES; offset++) {
			if (!play->waits[index][offset] ||
				!is_id(id, offset, has_ordinal ? one->ordinal : 0,
					attempt_of(index, offset)))
				continue;
			if (count++ > 0)
				continue; /* the first counts */
			*found = index;
			*found_offset = offset;
		}
	}
	return count;
}

/* The message of an accepted frame must be one that is unacknowledged. */
static void model_take(struct play *play, struct slice id, enum stomp_version version,
	const struct slice *subscription)
{
	unsigned index;
	uint64_t offset;

	/* In 1.2 a message-id counts if no other subscription has it. */
	if (version == STOMP_1_2
			? model_find(play, id, true, NULL, &index, &offset) == 0 &&
				  model_find(play, id, false, NULL, &index, &offset) !=
					  1
			: model_find(play, id, false, subscription, &index, &offset) ==
				  0)
		assert(!"a message that does not wait was acknowledged");
	model_settle(play, index, offset);
}

static void play_line(struct play *play, struct slice line)
{
	static const enum stomp_version versions[] = {STOMP_1_0, STOMP_1_1, STOMP_1_2};
	const unsigned how = line.len > 0 ? (unsigned char)line.data[0] : 0;
	const enum stomp_version version = versions[how % 3];
	const struct slice rest = slice_from(line, 1);
	const struct slice id = slice_first(rest, slice_find(rest, ' '));
	const struct slice subscription = slice_from(rest, id.len + 1);
	struct stomp_header headers[] = {
		{version == STOMP_1_2 ? SLICE("id") : SLICE("message-id"), id},
		{SLICE("subscription"), subscription},
	};
	const struct stomp_frame frame = {
		.command = how / 3 % 2 ? STOMP_NACK : STOMP_ACK,
		.headers = headers,
		.header_count = subscription.len > 0 ? 2 : 1};
	struct broker_refusal refusal = {.kind = REFUSALS};
	struct broker_call call = {.participant = &play->participant,
		.frame = &frame,
		.version = version,
		.refusal = &refusal};

	/* The parser lets no NUL into a header. */
	if (slice_find(rest, '\0') < rest.len)
		return;
	if (broker_settle(play->broker, &call) == BROKER_TAKEN)
		model_take(
			play, id, version, version == STOMP_1_1 ? &subscription : NULL);
	else
		assert(refusal.kind != REFUSALS);
	check_subscriptions(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = fuzz_slice(data, size);
	struct play play = {.worker = still_workers_create_of(1, "")->all[0]};

	play.broker = play.worker->broker;
	play.participant.session =
		still_workers_open(play.worker, "/echo", SESSION_RAW, "");
	broker_enter(play.broker, &play.participant);
	play_subscribe(&play, 0, "client");
	play_subscribe(&play, 1, "one");
	for (int i = 0; i < LINES_MAX && rest.len > 0; i++)
		play_line(&play, fuzz_line(&rest));
	broker_leave(play.broker, &play.participant);
	still_workers_settle(play.worker->workers);
	still_workers_destroy(play.worker->workers);
	return 0;
}
