/*
 * The broker routes frames of clients to the homes of destinations, and messages back.
 * A destination's prefix decides: a broker prefix is a topic, an application prefix is
 * a route of the configuration.
 *
 * Everything is asynchronous: posts carry requests to homes, and answers back to the
 * participant. A home answers the requests of a participant in the order of asking; if
 * a request goes to several homes, each of them answers it.
 */
#ifndef GATEWAY_BROKER_BROKER_H
#define GATEWAY_BROKER_BROKER_H

#include "gateway/broker/broker_refusal.h"
#include "gateway/broker/participant.h"
#include "gateway/worker/worker.h"
#include "protocol/stomp.h"

struct broker;
struct engine_share;
struct sender;
struct service;

/*
 * Makes the broker's part on that worker, for worker->broker. It is a resident: the
 * worker owns it and destroys it, after all participants have left. `workers` is the
 * number of workers. `services` ends with NULL, `shares` with a share without a life
 * (engine.h): the destinations that the memory engine does not own. Both must outlive
 * the broker.
 */
struct broker *broker_create(struct worker *worker, unsigned workers,
	const struct service *const *services, const struct engine_share *shares);

/* The worker of this part of the broker. Only that worker's thread may call it. */
struct worker *broker_worker(const struct broker *broker);

/*
 * Calls `visit` for each participant that has a session, between broker_enter() and
 * broker_leave(), in no order. `visit` must call neither.
 */
void broker_for_each_participant(struct broker *broker,
	void (*visit)(const struct participant *participant, void *context),
	void *context);

/*
 * Registers a participant, whose ops are set, and its session if it has one. The
 * caller keeps the memory, which must neither move nor be freed before broker_leave().
 */
void broker_enter(struct broker *broker, struct participant *participant);

/*
 * The session ends: ends all subscriptions and transactions of the participant.
 * Answers and deliveries that are under way are dropped. The homes of the subscriptions
 * learn of it in the next turns.
 */
void broker_leave(struct broker *broker, struct participant *participant);

enum broker_result {
	BROKER_TAKEN,
	BROKER_REFUSED, /* *refusal has the reason; nothing was done */
};

/* Refuses: fills *refusal in (broker_refusal.h). Returns BROKER_REFUSED. */
enum broker_result broker_refuse(struct broker_refusal *refusal, enum refusal_kind kind,
	const char *what, const struct slice *value);

/* The arguments of the functions below: a frame of a participant, and its request. */
struct broker_call {
	struct participant *participant;
	const struct stomp_frame *frame;
	enum stomp_version version;
	uint64_t request;

	/* Set when the frame is taken. */
	size_t answers; /* how many to `request` will come, as far as is known */
	/*
	 * Its next frame must wait for resume(): it is not decided, or its account has
	 * no credits left (credit.h). `answers` is above 0.
	 */
	bool waits;

	struct broker_refusal *refusal; /* filled in when refused */
	struct broker_refusal
		*kept; /* NULL, or the bytes that `refusal` points into: free() it */
};

/*
 * STOMP's SUBSCRIBE. The subscription gets the messages that its home takes after it
 * has answered. The participant remembers the id of a refused SUBSCRIBE, so that the
 * later UNSUBSCRIBE is no mistake.
 */
enum broker_result broker_subscribe(struct broker *broker, struct broker_call *call);

/*
 * STOMP's UNSUBSCRIBE. Nothing more of the subscription is queued after this call; the
 * receipt waits for its home's answer. Refused when the participant has no such
 * subscription.
 */
enum broker_result broker_unsubscribe(struct broker *broker, struct broker_call *call);

/*
 * STOMP's SEND: the prefix of the destination decides where the message goes. With a
 * transaction header it waits for COMMIT.
 */
enum broker_result broker_send(struct broker *broker, struct broker_call *call);

/*
 * As broker_send(), for a sender that is no client. call->participant has no session
 * and gets the answers; it may be NULL: nobody gets them. Refused with a transaction,
 * and with a reply-to below /temp-queue: both belong to a session.
 */
enum broker_result broker_publish(
	struct broker *broker, const struct sender *sender, struct broker_call *call);

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
 * STOMP's ABORT. Drops everything in the transaction; the deliveries that it would
 * have acknowledged can be acknowledged again. Refused when the transaction is not
 * open.
 */
enum broker_result broker_abort(struct broker *broker, struct broker_call *call);

/*
 * STOMP's COMMIT. It is refused as a whole, or all its messages and acknowledgements
 * take effect. It may wait.
 */
enum broker_result broker_commit(struct broker *broker, struct broker_call *call);

/*
 * Who has let a call wait (broker_call) says first how many more answers to its
 * request will come, beyond those that the call has told of; then answers; and resumes
 * the participant once. Never within that call. Both do nothing when the participant
 * has gone.
 */
void broker_expect(
	struct broker *broker, uint64_t participant, uint64_t request, size_t answers);
void broker_resume(struct broker *broker, uint64_t participant);

/*
 * DISCONNECT: every home answers `request`, if it is not 0. By then the home has taken
 * all frames of the participant, and all that it had dispatched to this session has
 * come. What waits in lanes of others does not count. Never refused.
 */
enum broker_result broker_sync(struct broker *broker, struct broker_call *call);

/*
 * True while the participant of that number is on this worker: between broker_enter()
 * and broker_leave().
 */
bool broker_has_participant(const struct broker *broker, uint64_t participant);

/*
 * Calls logged_in() of the participant of that number, whose login was checked. When it
 * has gone, drops the identity.
 */
void broker_tell_login(struct broker *broker, uint64_t participant,
	const struct login_verdict *verdict);

/* True when the participant subscribes to its own /user/queue/errors. */
bool broker_has_errors(const struct participant *participant);

/* Delivers `frame`, a SEND, to the participant's own /user/queue/errors only. */
void broker_deliver_error(struct broker *broker, struct participant *participant,
	const struct stomp_frame *frame);

/*
 * The kernel has taken the next delivery on the subscription of that ordinal. A
 * delivery from a queue that needs no acknowledgement is settled now. Does nothing
 * when the subscription has ended.
 */
void broker_sent(
	struct broker *broker, struct participant *participant, uint32_t ordinal);

#endif
