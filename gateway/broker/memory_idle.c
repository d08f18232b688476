/*
 * Queues that hold messages, and that nobody uses: where times.queue_idle is set, their
 * messages become dead letters in the end. Without it, only empty queues go.
 */
#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"

enum { MESSAGES_PER_TURN = 64 };

void memory_use_queue(struct broker *broker, struct queue *queue)
{
	struct memory *memory = broker->memory;
	const uint64_t idle = broker->worker->config->times.queue_idle;

	if (idle == 0 || destination_is_dead_letter(broker, queue_destination(queue)))
		return;
	timers_start(&memory->idles, queue_idle_timer(queue),
		loop_now(broker->worker->loop) + idle);
	memory_await_first(memory, &memory->idles, &memory->idle);
}

static void memory_begin_idle(struct table_node *node, void *context)
{
	memory_use_queue(context, queue_of_node(node));
}

void memory_begin_idles(struct broker *broker)
{
	table_for_each(&broker->memory->queues, memory_begin_idle, broker);
}

void memory_end_idle(struct timer *timer)
{
	struct memory *memory = container_of(timer, struct memory, idle);
	struct broker *broker = memory->engine.broker;
	const uint64_t now = loop_now(broker->worker->loop);
	struct timer *first;

	/* A queue may have thousands. The rest waits for a later turn. */
	for (unsigned i = 0; i < MESSAGES_PER_TURN &&
			     (first = timers_first(&memory->idles)) != NULL &&
			     timers_due(&memory->idles, first) <= now;
		i++) {
		struct queue *queue = queue_of_idle_timer(first);

		/* When its consumers leave, they use it. A reload may have named it. */
		if (broker->worker->config->times.queue_idle == 0 ||
			destination_is_dead_letter(broker, queue_destination(queue)) ||
			queue_consumers(queue) > 0 || !queue_abandon_first(queue))
			timers_stop(&memory->idles, first);
		memory_serve(broker, queue);
	}
	memory_await_first(memory, &memory->idles, &memory->idle);
}
