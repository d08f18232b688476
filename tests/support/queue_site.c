#include "tests/support/queue_site.h"

#include "tests/support/unit.h"

#include <stdio.h>

struct queue_site queue_site;

void queue_site_begin(struct queue_rules rules)
{
	const struct hash_key key = {1, 2};

	rules.metrics = &queue_site.metrics;
	queue_site.queue = queue_create(SLICE("/queue/a"), 5, &rules, &key);
}

void queue_site_setup(void)
{
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
		queue_put(
			queue_site.queue, queue_site_message((char[]){*bodies, '\0'}));
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
	while (queue_deliver(queue_site.queue, &delivery)) {
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
