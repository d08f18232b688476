/*
 * COMMIT in two phases. First every queue reserves room for its messages. If all can,
 * everything is sent in order; else the reservations are given back.
 */
#include "gateway/broker/memory.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

struct reserve_post {
	struct post post;
	struct handle commit;
	size_t index; /* of the reservation */
	uint64_t messages, bytes;
	bool is_granted;
	enum refusal_kind why; /* if the room is missing */
	struct slice address;
};

static void reserve_post_send(struct broker *broker, uint64_t commit, size_t index,
	const struct reservation *reservation,
	void (*run)(struct worker *worker, struct post *post))
{
	struct reserve_post reserve = {
		.post.run = run,
		.commit = {broker->worker->index, commit},
		.index = index,
		.messages = reservation->messages,
		.bytes = reservation->bytes,
		.address = reservation->address,
	};

	worker_post_copy(broker->worker, worker_home(broker->worker, reserve.address),
		&reserve.post, sizeof(reserve),
		(struct slice *[]){&reserve.address, NULL});
}

/* Runs at the home. */
static void unreserve_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct queue *queue = memory_queue(worker->broker, reserve->address);

	assert(queue != NULL);
	queue_unreserve(queue, reserve->messages, reserve->bytes);
	memory_serve(worker->broker, queue);
	free(reserve);
}

/* Runs at the participant: all queues have answered. */
static void memory_decide(struct broker *broker, struct commit *commit)
{
	const struct reservation *refused = NULL;
	struct broker_refusal refusal;

	for (size_t i = 0; i < commit->reservation_count; i++) {
		if (refused == NULL && !commit->reservations[i].is_granted)
			refused = &commit->reservations[i];
	}
	if (refused == NULL && commit_is_wanted(broker, commit)) {
		commit_apply(broker, commit, memory_send_reserved);
		return;
	}
	for (size_t i = 0; i < commit->reservation_count; i++) {
		if (commit->reservations[i].is_granted)
			reserve_post_send(
				broker, 0, i, &commit->reservations[i], unreserve_run);
	}
	memory_refuse(broker, &refusal,
		refused != NULL ? refused->why : REFUSAL_QUEUE_FULL,
		refused != NULL ? refused->address : SLICE(""));
	commit_fail(broker, commit, &refusal);
}

/* Runs at the participant. */
static void memory_reserved_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct broker *broker = worker->broker;
	struct entry *entry = registry_find(&broker->commits, reserve->commit.number);
	struct commit *commit = container_of(entry, struct commit, entry);

	commit->reservations[reserve->index].is_granted = reserve->is_granted;
	commit->reservations[reserve->index].why = reserve->why;
	free(reserve);
	if (--commit->waiting == 0)
		memory_decide(broker, commit);
}

/* Runs at the home. */
static void reserve_run(struct worker *worker, struct post *post)
{
	struct reserve_post *reserve = container_of(post, struct reserve_post, post);
	struct queue *queue = memory_open_queue(worker->broker, reserve->address);

	reserve->is_granted =
		queue != NULL && memory_reserve(worker->broker, queue,
					 reserve->messages, reserve->bytes);
	reserve->why = queue == NULL ? REFUSAL_DESTINATIONS : REFUSAL_QUEUE_FULL;
	if (queue != NULL)
		memory_serve(worker->broker, queue);
	reserve->post.run = memory_reserved_run;
	worker_post(worker, (unsigned)reserve->commit.worker, &reserve->post);
}

static struct reservation *commit_reservation(
	struct commit *commit, struct slice address)
{
	for (size_t i = 0; i < commit->reservation_count; i++) {
		if (slice_equal(commit->reservations[i].address, address))
			return &commit->reservations[i];
	}
	struct reservation *made = &commit->reservations[commit->reservation_count++];
	*made = (struct reservation){.address = address};
	return made;
}

void memory_commit(struct broker *broker, struct commit *commit)
{
	commit->reservations =
		xcalloc(commit->count + 1, sizeof(*commit->reservations));
	for (size_t i = 0; i < commit->count; i++) {
		const struct message *message = commit->actions[i].message;

		if (message == NULL || commit->actions[i].is_reply ||
			!destination_is_queue(broker, message_address(message)))
			continue;
		struct reservation *reservation =
			commit_reservation(commit, message_address(message));
		reservation->messages++;
		reservation->bytes += message_size(message);
	}
	commit->waiting = commit->reservation_count;
	for (size_t i = 0; i < commit->reservation_count; i++) {
		reserve_post_send(broker, commit->entry.number, i,
			&commit->reservations[i], reserve_run);
	}
	if (commit->waiting == 0)
		memory_decide(broker, commit);
}
