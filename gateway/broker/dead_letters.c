#include "gateway/broker/dead_letters.h"

#include "gateway/base/log.h"
#include "gateway/broker/credit.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETRY_MS = 1000 };

struct slice dead_letters_address(const struct config *config, struct slice address)
{
	return slice_equal(config->dead_letter, address) ? SLICE("")
							 : config->dead_letter;
}

static struct slice letters_to(
	const struct dead_letters *letters, const struct queue *queue)
{
	return dead_letters_address(
		letters->broker->worker->config, queue_destination(queue));
}

/* For people, in the dead letter and in the log. */
static struct slice dead_reason_text(const struct dead *dead, char *text, size_t size)
{
	const char *what = "";

	switch (dead->reason) {
	case DEAD_REJECTED:
		what = "rejected";
		break;
	case DEAD_LOST:
		what = "lost with its consumer";
		break;
	case DEAD_DISCARDED:
		return SLICE("discarded by its consumer");
	case DEAD_EXPIRED:
		return SLICE("expired");
	case DEAD_IDLE:
		return SLICE("left in a queue that nobody used");
	case DEAD_REASONS:
		abort();
	}
	return (struct slice){text, (size_t)snprintf(text, size, "%s %" PRIu64 " times",
					    what, dead->times)};
}

/* The queue stays in the list while it has dead messages, after all others there. */
static void letters_line_up(struct list *list, struct queue *queue)
{
	list_remove(queue_dead_link(queue));
	if (queue_has_dead(queue))
		list_append(list, queue_dead_link(queue));
}

void dead_letters_add(struct dead_letters *letters, struct queue *queue)
{
	if (!list_is_linked(queue_dead_link(queue)))
		letters_line_up(letters_to(letters, queue).len > 0 ? &letters->sending
								   : &letters->dropping,
			queue);
}

/* The first queue of the list, or NULL. A reload may have moved it to the other one. */
static struct queue *letters_next(
	struct dead_letters *letters, struct list *list, struct list *other)
{
	while (!list_is_empty(list)) {
		struct queue *queue = queue_of_dead_link(list->next);

		if ((letters_to(letters, queue).len > 0) == (list == &letters->sending))
			return queue;
		letters_line_up(other, queue);
	}
	return NULL;
}

/* Dropping. */

static bool letters_drop_one(struct dead_letters *letters)
{
	struct queue *queue =
		letters_next(letters, &letters->dropping, &letters->sending);
	struct dead dead;
	char text[64];

	if (queue == NULL)
		return false;
	if (queue_send_dead(queue, &dead)) {
		const struct slice reason = dead_reason_text(&dead, text, sizeof(text));

		log_warn("queue %.*s: a message is dropped, %.*s",
			SLICE_ARGS(queue_destination(queue)), SLICE_ARGS(reason));
		queue_settle_dead(queue, dead.item, true);
	}
	letters_line_up(&letters->dropping, queue);
	memory_serve(letters->broker, queue);
	return true;
}

/* Sending. */

static bool letters_may_send(const struct dead_letters *letters)
{
	const size_t next = (letters->request + 1) % LETTERS_UNDER_WAY;

	/* An answer may be missing that is older than others, after a reload. */
	return !letters->is_parked && letters->under_way < letters->most &&
	       letters->letters[next].queue == NULL;
}

static void letters_send(
	struct dead_letters *letters, struct queue *queue, const struct dead *dead)
{
	struct broker *broker = letters->broker;
	char text[64];
	const struct slice to = letters_to(letters, queue);
	const struct stomp_header made[] = {
		{SLICE("x-postern-from"), queue_destination(queue)},
		{SLICE("x-postern-reason"), dead_reason_text(dead, text, sizeof(text))},
	};
	struct message *letter = message_forward(dead->message, to, made, 2);
	const struct handle sender = broker_handle(broker, &letters->sender);

	/* It stays charged to the sender of its message. */
	message_set_account(letter, message_account(dead->message));
	credit_take(broker, letter);
	letters->config = broker->worker->config;
	letters->letters[++letters->request % LETTERS_UNDER_WAY] =
		(struct letter){queue, dead->item};
	letters->under_way++;
	letters->is_woken = false;
	if (broker_engine(broker, to) == &broker->memory->engine)
		memory_send_letter(broker, letter, sender, letters->request);
	else
		broker_send_message(broker, letter, sender, letters->request);
}

static bool letters_send_one(struct dead_letters *letters)
{
	struct queue *queue =
		letters_may_send(letters)
			? letters_next(letters, &letters->sending, &letters->dropping)
			: NULL;
	struct dead dead;

	if (queue == NULL)
		return false;
	if (queue_send_dead(queue, &dead))
		letters_send(letters, queue, &dead);
	letters_line_up(&letters->sending, queue);
	return true;
}

static void letters_park(struct dead_letters *letters, enum refusal_kind why)
{
	struct broker *broker = letters->broker;
	const struct slice to = broker->worker->config->dead_letter;

	if (!letters->is_parked)
		log_warn("dead letters are parked: queue %.*s has no room",
			SLICE_ARGS(to));
	letters->is_parked = true;
	letters->most = 1;
	/* A queue of the memory engine wakes who waits, but only for its own room. */
	if (why != REFUSAL_QUEUE_FULL ||
		broker_engine(broker, to) != &broker->memory->engine)
		loop_timer_start(broker->worker->loop, &letters->retry, RETRY_MS);
}

/* As participant_ops.answer(): the dead-letter queue has taken the letter, or not. */
static void letters_answer(struct participant *sender, uint64_t request,
	const struct published *published, const struct broker_refusal *refusal)
{
	struct dead_letters *letters =
		container_of(sender, struct dead_letters, sender);
	struct letter *letter = &letters->letters[request % LETTERS_UNDER_WAY];
	struct queue *queue = letter->queue;

	(void)published;
	queue_settle_dead(queue, letter->item, refusal == NULL);
	letter->queue = NULL;
	letters->under_way--;
	if (refusal != NULL)
		letters_park(letters, refusal->kind);
	else if (letters->most < LETTERS_UNDER_WAY)
		letters->most *= 2;
	memory_serve(letters->broker, queue);
}

static void letters_retry(struct timer *timer)
{
	container_of(timer, struct dead_letters, retry)->is_parked = false;
}

/* Room. */

struct room_post {
	struct post post;
	unsigned from;
};

static void room_post_send(struct broker *broker, unsigned to,
	void (*run)(struct worker *worker, struct post *post))
{
	struct room_post *room = xmalloc(sizeof(*room));

	*room = (struct room_post){.post = {.size = sizeof(*room), .run = run},
		.from = broker->worker->index};
	worker_post(broker->worker, to, &room->post);
}

/* Runs at the home: the worker that was woken has nothing to send. */
static void pass_run(struct worker *worker, struct post *post)
{
	dead_letters_wake(&worker->broker->memory->letters);
	free(container_of(post, struct room_post, post));
}

/* Runs at a worker that waits. */
static void wake_run(struct worker *worker, struct post *post)
{
	struct room_post *room = container_of(post, struct room_post, post);
	struct dead_letters *letters = &worker->broker->memory->letters;

	letters->is_parked = false;
	letters->is_woken = true;
	letters->waker = room->from;
	free(room);
}

void dead_letters_await(struct dead_letters *letters, unsigned worker)
{
	for (unsigned i = 0; i < letters->waiting_count; i++) {
		if (letters->waiting[i] == worker)
			return;
	}
	letters->waiting[letters->waiting_count++] = worker;
}

void dead_letters_wake(struct dead_letters *letters)
{
	struct broker *broker = letters->broker;
	const struct queue *queue =
		memory_queue(broker, broker->worker->config->dead_letter);

	if (letters->waiting_count == 0 || (queue != NULL && !queue_has_room(queue)))
		return;
	room_post_send(broker, letters->waiting[0], wake_run);
	letters->waiting_count--;
	memmove(letters->waiting, letters->waiting + 1,
		letters->waiting_count * sizeof(*letters->waiting));
}

bool dead_letters_turn(struct dead_letters *letters)
{
	const struct worker *worker = letters->broker->worker;
	bool more = true;

	/* After a reload another queue may be the dead-letter queue. */
	if (letters->is_parked && letters->config != worker->config)
		letters->is_parked = false;
	do {
		more = letters_drop_one(letters);
		more = letters_send_one(letters) || more;
	} while (more && !worker_turn_is_over(worker));
	/* The answer to a letter under way comes after the home has seen it. */
	if (letters->is_woken && !more) {
		letters->is_woken = false;
		if (letters->under_way == 0)
			room_post_send(letters->broker, letters->waker, pass_run);
	}
	return more;
}

void dead_letters_start(struct dead_letters *letters, struct broker *broker)
{
	static const struct participant_ops ops = {.answer = letters_answer};

	letters->broker = broker;
	letters->sender.ops = &ops;
	letters->most = LETTERS_UNDER_WAY;
	letters->retry.fire = letters_retry;
	letters->waiting = xcalloc(broker->workers, sizeof(*letters->waiting));
	list_init(&letters->sending);
	list_init(&letters->dropping);
	broker_enter(broker, &letters->sender);
}

void dead_letters_stop(struct dead_letters *letters)
{
	loop_timer_stop(letters->broker->worker->loop, &letters->retry);
	broker_leave(letters->broker, &letters->sender);
	free(letters->waiting);
}
