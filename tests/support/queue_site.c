#include "tests/support/queue_site.h"

#include "tests/support/unit.h"

#include <stdio.h>

struct queue_site queue_site;

void queue_site_begin(struct queue_rules rules)
{
	const struct hash_key key = {1, 2};

	rules.metrics = &queue_site.metrics;
	rules.expiries = &queue_site.expiries;
	queue_site.queue = queue_create(SLICE("/queue/a"), 5, &rules, &key);
}

void queue_site_setup(void)
{
	queue_site.now = 1000;
	queue_site_begin((struct queue_rules){.messages = 10,
		.bytes = 100000,
		.in_flight_bytes = 50000,
		.rejections = 3,
		.losses = 3});
}

void queue_site_teardown(void)
{
	queue_destroy(queue_site.queue);
	/* After every test, the counters have no object that is gone. */
	ck_assert_uint_eq(counter_read(&queue_site.metrics.queue_messages), 0);
	ck_assert_uint_eq(counter_read(&queue_site.metrics.queue_in_flight), 0);
	ck_assert_uint_eq(counter_read(&queue_site.metrics.queue_parked), 0);
	ck_assert_ptr_null(timers_first(&queue_site.expiries));
	timers_finish(&queue_site.expiries);
}

struct message *queue_site_message(const char *body)
{
	const struct stomp_frame frame = {
		.command = STOMP_SEND, .body = slice_of(body)};

	return message_create(&frame, SLICE("/queue/a"), SLICE("/queue/a"));
}

void queue_site_put(const char *bodies)
{
	for (; *bodies != '\0'; bodies++)
		queue_site_put_expiring((char[]){*bodies, '\0'}, 0, 0);
}

void queue_site_put_expiring(const char *body, uint64_t sent_at, uint64_t expires_at)
{
	struct message *message = queue_site_message(body);

	message_set_sent_at(message, sent_at);
	message_set_expiry(message, expires_at);
	queue_put(queue_site.queue, message, queue_site.now);
}

void queue_site_advance(uint64_t milliseconds)
{
	struct timer *first;

	queue_site.now += milliseconds;
	while ((first = timers_first(&queue_site.expiries)) != NULL &&
		timers_due(&queue_site.expiries, first) <= queue_site.now)
		ck_assert_ptr_eq(queue_expire(first), queue_site.queue);
}

char queue_site_body(struct message *message)
{
	const struct view view = {.version = STOMP_1_2};
	const struct slice bytes = message_render(message, &view).bytes;

	return bytes.data[bytes.len - 2];
}

const char *queue_site_deliver_all(void)
{
	static char delivered[256];
	struct queue_delivery delivery;
	size_t len = 0;

	delivered[0] = '\0';
	while (queue_deliver(queue_site.queue, queue_site.now, &delivery)) {
		const int who = delivery.consumer.worker == 1   ? 1
				: delivery.consumer.number == 1 ? 2
								: 3;
		len += (size_t)snprintf(delivered + len, sizeof(delivered) - len,
			"%s%d:%c%s", len > 0 ? " " : "", who,
			queue_site_body(delivery.message),
			delivery.attempt > 1 ? "+" : "");
	}
	return delivered;
}

const char *queue_site_take_dead(void)
{
	static const char *const reasons[] = {
		[DEAD_REJECTED] = "rejected",
		[DEAD_LOST] = "lost",
		[DEAD_DISCARDED] = "discarded",
		[DEAD_EXPIRED] = "expired",
		[DEAD_IDLE] = "idle",
	};
	static char text[256];
	struct pile *pile = NULL;
	struct dead each;
	size_t len = 0;

	text[0] = '\0';
	while (pile != NULL || (pile = queue_take_pile(queue_site.queue)) != NULL) {
		pile_send(pile, &each);
		if (pile_is_empty(pile))
			pile = NULL;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %d:%c",
			len > 0 ? " " : "", reasons[each.reason], (int)each.times,
			queue_site_body(each.message));
		queue_settle_dead(queue_site.queue, each.item, true);
	}
	return text;
}

void queue_site_accept(struct handle consumer, uint64_t offset)
{
	queue_settle(queue_site.queue, consumer, offset, OUTCOME_ACCEPT);
}

void queue_site_reject(struct handle consumer, uint64_t offset)
{
	queue_settle(queue_site.queue, consumer, offset, OUTCOME_REJECT);
}

void queue_site_discard(struct handle consumer, uint64_t offset)
{
	queue_settle(queue_site.queue, consumer, offset, OUTCOME_DISCARD);
}
