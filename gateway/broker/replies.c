#include "gateway/broker/replies.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/private.h"
#include "gateway/broker/subscription.h"
#include "protocol/number.h"

#include <inttypes.h>
#include <sys/random.h>

enum { TAG_LEN = 32 }; /* 128 bits in hexadecimal digits */

static const struct slice addresses = SLICE_INIT("reply:");

struct slice replies_destination(void)
{
	return SLICE("/user/queue/replies");
}

void reply_keys_init(struct reply_keys *keys)
{
	while (getrandom(keys, sizeof(*keys), 0) != sizeof(*keys))
		;
}

static void replies_append_tag(
	const struct broker *broker, uint64_t number, struct buf *out)
{
	const struct slice bytes = {(const char *)&number, sizeof(number)};

	for (size_t i = 0; i < 2; i++)
		buf_printf(out, "%016" PRIx64,
			hash_slice(&broker->reply_keys.halves[i], bytes));
}

void replies_append(
	const struct broker *broker, struct handle participant, struct buf *out)
{
	buf_printf(out, "/reply-queue/%" PRIu64 "-%" PRIx64 "-", participant.worker,
		participant.number);
	replies_append_tag(broker, participant.number, out);
}

bool replies_is_token(struct slice rest)
{
	const size_t dash = slice_find(rest, '-');

	return dash > 0 && rest.len == dash + 1 + TAG_LEN;
}

void replies_append_address(struct slice token, struct buf *address)
{
	buf_append(address, addresses);
	buf_append(address, token);
}

bool replies_is_address(struct slice address)
{
	return slice_starts_with(address, addresses);
}

/* The participant that the address names; NULL: nobody, or the tag is wrong. */
static struct participant *replies_find(
	const struct broker *broker, struct slice address)
{
	const struct slice token = slice_from(address, addresses.len);
	const struct slice rest = slice_from(token, slice_find(token, '-') + 1);
	const size_t dash = slice_find(rest, '-');
	struct buf tag = {0};
	uint64_t number;

	if (!number_read_hex(slice_first(rest, dash), UINT64_MAX, &number))
		return NULL;
	replies_append_tag(broker, number, &tag);
	const bool is_right =
		slice_equal_constant_time(slice_from(rest, dash + 1), buf_slice(&tag));
	buf_finish(&tag);
	return is_right ? broker_participant(broker, number) : NULL;
}

/* Its subscriptions to the destination, by whatever name it has called that. */
static void replies_deliver_to(struct participant *participant, struct message *message)
{
	struct buf own = {0};

	private_own_address(
		participant, slice_from(replies_destination(), strlen("/user")), &own);
	for (size_t i = 0; i < participant->subscription_count; i++) {
		struct subscription *one = participant->subscriptions[i];

		if (one->audience != NULL && one->joining == 0 &&
			slice_equal(subscription_address(one), buf_slice(&own)))
			subscription_deliver(one, message, 0, true);
	}
	buf_finish(&own);
}

void replies_deliver(struct broker *broker, struct message *message)
{
	struct participant *participant =
		replies_find(broker, message_address(message));

	if (participant != NULL && participant->session != NULL)
		replies_deliver_to(participant, message);
}
