/*
 * The broker routes what clients say to the homes of destinations and back. A
 * destination's prefix decides: a broker prefix is a topic, an application
 * prefix is a route of the configuration.
 *
 * Everything is asynchronous: homes are reached by posts, and answer by posts
 * to the participant. A participant's requests are answered in the order in which it
 * asked one home; a request to several homes is answered by each.
 */
#ifndef GATEWAY_BROKER_BROKER_H
#define GATEWAY_BROKER_BROKER_H

#include "gateway/broker/broker_refusal.h"
#include "gateway/broker/participant.h"
#include "gateway/worker/worker.h"
#include "protocol/stomp.h"

struct broker;
struct service;

/*
 * Makes the broker's part on that worker, for worker->broker. It is a resident: the
 * worker owns it and destroys it, after all participants have left. `workers` is how
 * many workers there are. `services` ends with NULL and must outlive the broker.
 */
struct broker *broker_create(
	struct worker *worker, unsigned workers, const struct service *const *services);

/*
 * The worker that this part of the broker lives on: the only one whose thread may call
 * it.
 */
struct worker *broker_worker(const struct broker *broker);

/*
 * Calls `visit` for each participant between broker_enter() and broker_leave(), in no
 * order. `visit` must call neither.
 */
void broker_for_each_participant(struct broker *broker,
	void (*visit)(const struct participant *participant, void *context),
	void *context);

/*
 * Registers a participant, whose session and ops are set. The caller keeps the memory,
 * which must neither move nor be freed before broker_leave().
 */
void broker_enter(struct broker *broker, struct participant *participant);

/*
 * When the session ends: ends all subscriptions and transactions of the participant.
 * Answers and deliveries that are on their way find nothing.
 */
void broker_leave(struct broker *broker, struct participant *participant);

enum broker_result {
	BROKER_TAKEN,
	BROKER_REFUSED, /* *refusal says why, and nothing is done */
};

/* Refuses: fills *refusal in (broker_refusal.h). Returns BROKER_REFUSED. */
enum broker_result broker_refuse(struct broker_refusal *refusal, enum refusal_kind kind,
	const char *what, const struct slice *value);

/*
 * What the functions below get: a frame of a participant, and what to answer it under.
 */
struct broker_call {
	struct participant *participant;
	const struct stomp_frame *frame;
	enum stomp_version version;
	uint64_t request;
	size_t answers; /* set when it is taken: how many will come to `request` */
	struct broker_refusal *refusal; /* filled in when it is not taken */
	struct broker_refusal
		*kept; /* NULL, or what `refusal` points into: free() it */
};

/*
 * STOMP's SUBSCRIBE. The subscription gets the messages that its home takes after the
 * home's answer. The participant remembers the id of a refused SUBSCRIBE, so that its
 * UNSUBSCRIBE is no mistake.
 */
enum broker_result broker_subscribe(struct broker *broker, struct broker_call *call);

/*
 * STOMP's UNSUBSCRIBE. Nothing more of the subscription is queued after this call; the
 * receipt waits for its home's answer. Refused when the participant has no such
 * subscription.
 */
enum broker_result broker_unsubscribe(struct broker *broker, struct broker_call *call);

/*
 * STOMP's SEND: the prefix of the destination decides who takes the message. With a
 * transaction header it waits for COMMIT.
 */
enum broker_result broker_send(struct broker *broker, struct broker_call *call);

/*
 * STOMP's ACK and NACK. On topics both mean nothing but must name a message that was
 * delivered. With a transaction header they wait for COMMIT.
 */
enum broker_result broker_settle(struct broker *broker, struct broker_call *call);

/*
 * STOMP's BEGIN. Refused when the transaction is open already, or when the session has
 * as many as limits.transactions.
 */
enum broker_result broker_begin(struct broker *broker, struct broker_call *call);

/*
 * STOMP's ABORT. Nothing of the transaction happens; what it would have acknowledged
 * can be acknowledged again. Refused when the transaction is not open.
 */
enum broker_result broker_abort(struct broker *broker, struct broker_call *call);

/*
 * STOMP's COMMIT. Refused as a whole, or its messages and acknowledgements happen as a
 * whole. *waits is true while homes are asked: the participant's next frame must wait
 * for committed().
 */
enum broker_result broker_commit(
	struct broker *broker, struct broker_call *call, bool *waits);

/*
 * DISCONNECT: every home answers `request`, if it is not 0, when it has taken what the
 * participant has said, and delivered what others had said before. Always taken.
 */
enum broker_result broker_sync(struct broker *broker, struct broker_call *call);

/*
 * Calls logged_in() of the participant of that number, whose login has been checked.
 * Does nothing when the participant has gone.
 */
void broker_tell_login(
	struct broker *broker, uint64_t participant, enum login_verdict verdict);

/* True when the participant subscribes to its own /user/queue/errors. */
bool broker_has_errors(const struct participant *participant);

/* Delivers `frame`, a SEND, to the participant's own /user/queue/errors only. */
void broker_deliver_error(struct broker *broker, struct participant *participant,
	const struct stomp_frame *frame);

/*
 * The kernel has taken the next delivery on the subscription with that ordinal. If it
 * came from a queue and need not be acknowledged, it is settled now. Does nothing when
 * the subscription has ended.
 */
void broker_sent(
	struct broker *broker, struct participant *participant, uint32_t ordinal);

#endif
