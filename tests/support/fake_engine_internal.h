/*
 * Shared by the files of the fake engine only. fake_engine.c is what each worker has of
 * it, fake_line.c moves requests and replies, fake_center.c is the broker at the other
 * end, with the queues of fake_queue.c.
 */
#ifndef TESTS_SUPPORT_FAKE_ENGINE_INTERNAL_H
#define TESTS_SUPPORT_FAKE_ENGINE_INTERNAL_H

#include "gateway/base/inbox.h"
#include "gateway/base/list.h"
#include "gateway/broker/broker_refusal.h"
#include "gateway/broker/internal.h"
#include "gateway/worker/resident.h"
#include "tests/support/fake_engine.h"

/* Of one worker. */
struct fake_part {
	struct engine engine;
	struct resident resident;
	struct list up,
		down; /* its line: of struct fake_request, of struct fake_reply */
};

/* A message, or a delivery to settle. */
struct fake_action {
	struct message *message; /* owned; NULL: settles */
	uint64_t subscription, offset;
	enum outcome outcome;
};

/* On its way to the center, which frees it. */
struct fake_request {
	struct list link;
	unsigned turns; /* before it arrives */
	void (*arrive)(struct fake_part *from, struct fake_request *request);
	uint64_t participant,
		number;   /* whom it is answered, and the engine's request */
	uint64_t commit;  /* instead of these, or 0 */
	struct buf shown; /* the destination, as the client knows it */

	/* Of a SUBSCRIBE or UNSUBSCRIBE. */
	uint64_t subscription;
	struct buf address;
	uint64_t prefetch, lost;

	/* Of anything else: all of these, or nothing. */
	struct fake_action *actions;
	size_t count;
};

/* On its way to a worker. Without post.run, it is an answer. */
struct fake_reply {
	struct post post;
	struct fake_part *part; /* whose line it comes down */
	struct list link;
	unsigned turns; /* before it leaves the line */
	uint64_t participant, number;
	struct published published;
	struct broker_refusal *refusal; /* owned; NULL: taken */
	uint64_t commit, subscription;
	struct message *message; /* owned */
	uint16_t attempt;        /* of a queue to deliver it; 0: it is from no queue */
};

struct fake_destination {
	struct list link; /* in the center */
	struct buf address;
	bool is_queue;
	struct place place; /* of the latest message */
	size_t subscribers; /* by its name */

	/* Of a queue. */
	struct list items;        /* by age; those in flight, too */
	uint64_t messages, bytes; /* in it */
	uint64_t wanted, wanted_bytes;
};

/* A message in a queue. */
struct fake_item {
	struct list link;
	struct message *message;
	struct fake_subscription *holder; /* in flight to it; NULL: it waits */
	uint64_t delivered;               /* when, by the center's clock */
	struct handle rejected_by;
	uint64_t rejections, losses;
	uint16_t attempts; /* to deliver it */
};

struct fake_subscription {
	struct list link; /* in the center, in the order of joining */
	struct handle handle;
	struct buf address;
	struct fake_destination *destination; /* NULL: it is a pattern, or failed */
	bool is_failed;
	uint64_t prefetch;
	uint64_t served; /* when, by the center's clock */
};

struct fake_center {
	struct list destinations, subscriptions;
	struct fake_part **parts;
	unsigned count;            /* of parts that live */
	struct fake_part *current; /* whose request arrives; NULL: none */
	uint64_t clock, epoch;
};

extern struct fake_center *fake_center; /* while a part lives */

/* fake_line.c */

/* Zeroed, but for what answers it. Owned by the caller until fake_request_send(). */
struct fake_request *fake_request_create(
	void (*arrive)(struct fake_part *from, struct fake_request *request),
	uint64_t participant, uint64_t number);
void fake_request_free(struct fake_request *request);

/* The request has arrived, or is lost: its SEND is not on its way any more. */
void fake_request_give_credits(
	struct fake_part *from, const struct fake_request *request);

/* Takes the request over. */
void fake_request_send(struct fake_part *part, struct fake_request *request);

/* Puts a zeroed reply on the line of that part, which owns it. The caller fills it. */
struct fake_reply *fake_reply_create(
	struct fake_part *part, void (*run)(struct worker *worker, struct post *post));
void fake_reply_free(struct fake_reply *reply);

/* The answer to a request. `refusal` may be NULL, and is copied. */
struct fake_reply *fake_reply_answer(struct fake_part *part,
	const struct fake_request *request, const struct broker_refusal *refusal);

/* A turn of the part's worker. True when something is left on its line that moves. */
bool fake_line_turn(struct fake_part *part);

/* Frees what is on the line. */
void fake_line_finish(struct fake_part *part);

/* fake_engine.c: runs at the worker. The center has decided a COMMIT. */
void fake_decided_run(struct worker *worker, struct post *post);

/* fake_center.c: where requests arrive. Each frees its request. */
void fake_center_subscribe(struct fake_part *from, struct fake_request *request);
void fake_center_unsubscribe(struct fake_part *from, struct fake_request *request);
void fake_center_act(struct fake_part *from, struct fake_request *request);
void fake_center_sync(struct fake_part *from, struct fake_request *request);

/*
 * Applies all actions of the request; or none, and fills *refusal in. The request stays
 * the caller's.
 */
bool fake_center_try(struct fake_part *from, struct fake_request *request,
	struct broker_refusal *refusal);

/* A part starts, or stops. The last one takes the center with it. */
void fake_center_enter(struct fake_part *part);
void fake_center_leave(struct fake_part *part);

/* The destination, made if there is none. */
struct fake_destination *fake_destination_open(
	const struct broker *broker, struct slice address);
bool fake_destination_is_used(const struct fake_destination *destination);

/* Sends the subscription a copy of the message. */
void fake_subscription_deliver(const struct fake_subscription *subscription,
	const struct message *message, uint16_t attempt);

/* fake_queue.c */

/* Numbers the message, and takes it over. */
void fake_queue_put(struct fake_destination *queue, struct message *message);

/* Settles what is in flight to the subscription; nothing, if it is not. */
void fake_queue_settle(struct fake_destination *queue,
	const struct fake_subscription *holder, uint64_t offset, enum outcome outcome);

/* Takes back what is in flight to it; the `lost` oldest count as lost with it. */
void fake_queue_leave(struct fake_destination *queue,
	const struct fake_subscription *holder, uint64_t lost);

/* Delivers what it can. */
void fake_queue_serve(struct fake_destination *queue);

void fake_queue_describe(
	const struct fake_destination *queue, struct engine_destination *description);

/* Frees its messages. */
void fake_queue_finish(struct fake_destination *queue);

#endif
