/*
 * What the files of the broker share: its state on one worker. In the order of a
 * message's flight:
 *
 *   broker.c        its participants, kinds of destinations, denials and answers
 *   send.c          a message's destination decides who takes it
 *   subscribe.c     a subscription's, too
 *   app.c           application routes
 *   resolve.h       what a client writes, as all of these go by it
 *   private.c       destinations of users and sessions
 *   transaction.c   what waits for COMMIT
 *   commit.c        and what becomes of it then
 *   memory.h        the built-in engine: posts to the homes of destinations
 *   topic.c         a topic at its home
 *   queue.h         a queue at its home
 *   audience.c      the subscribers of this worker
 *   subscription.c  one of them: delivery, and what it has to acknowledge
 *   settle.c        ACK and NACK
 *
 * Each post of theirs runs on the worker where its data lives.
 */
#ifndef GATEWAY_BROKER_INTERNAL_H
#define GATEWAY_BROKER_INTERNAL_H

#include "gateway/broker/broker.h"
#include "gateway/broker/engine.h"
#include "gateway/broker/pattern.h"
#include "gateway/broker/queue.h"
#include "gateway/broker/service.h"
#include "gateway/broker/unacked.h"
#include "gateway/config/config.h"
#include "gateway/session/outbound.h"
#include "gateway/worker/resident.h"

enum { FAN_OUT_MESSAGES = 16 };

/* Messages of one destination that are fanned out together, in one walk. */
struct fan_out {
	struct message *messages[FAN_OUT_MESSAGES]; /* a reference each */
	size_t count;                               /* 0: none */
};

struct broker {
	struct resident resident;
	struct worker *worker;
	unsigned workers; /* how many there are */
	const struct engine *engine;
	const struct service *const *services; /* up to a NULL */
	struct registry participants;
	struct registry subscriptions;
	struct registry commits;
	struct table audiences;      /* by address: who listens on this worker */
	struct pattern_set patterns; /* the audiences of those */
	struct list unfinished; /* audiences that a fan-out has not reached in full */
	struct fan_out fan_out; /* under way here */
	struct table topics;    /* by address: those that have their home here */
	struct list
		idle_topics; /* without subscribers of their own, the oldest first */
	uint64_t idle_count;
	struct pattern_set remote_patterns; /* of all workers */
	bool *wanting;                      /* which workers the next message goes to */
	struct table queues;                /* the same */
	uint64_t epoch;                     /* of the latest destination */
	struct place place; /* of the latest message that needs no home */
};

enum ack_mode { ACK_AUTO, ACK_CLIENT, ACK_INDIVIDUAL };

enum subscription_kind {
	SUBSCRIPTION_TOPIC,
	SUBSCRIPTION_PATTERN, /* of topics: all homes know it */
	SUBSCRIPTION_QUEUE,
	SUBSCRIPTION_LOCAL, /* no home: of a temporary queue, or of a reply */
};

struct subscription {
	struct entry entry;
	struct participant *participant;
	struct name *id;          /* NULL: STOMP 1.0 without one */
	struct name *destination; /* as the client calls it */
	bool is_alias;    /* and its messages must show that: they have another name */
	uint32_t ordinal; /* in its participant */
	enum stomp_version version;
	enum ack_mode ack;
	enum subscription_kind kind;
	unsigned joining;          /* homes that have not answered */
	struct audience *audience; /* NULL: a queue's, or for nothing more to come */
	size_t position;           /* in the audience */
	struct unacked unacked;
};

/* broker.c */

/* Refuses: fills *refusal in (broker_refusal.h). Returns BROKER_REFUSED. */
enum broker_result broker_refuse(struct broker_refusal *refusal, enum refusal_kind kind,
	const char *what, const struct slice *value);

/*
 * Answers a request by a post to the participant. NULL: it is taken. Else `refusal`
 * names the destination that it is about as clients know it; both are copied.
 */
void broker_answer(struct broker *broker, struct handle participant, uint64_t request,
	const struct broker_refusal *refusal);

/*
 * As broker_answer(), without a post: only on the participant's own worker. Does
 * nothing when the participant has gone.
 */
void broker_tell(struct broker *broker, uint64_t participant, uint64_t request,
	const struct broker_refusal *refusal);

/*
 * The participant as posts name it: such a name stays valid, and finds nothing, after
 * the session has ended.
 */
struct handle broker_handle(
	const struct broker *broker, const struct participant *participant);

/*
 * By its address, so that private queues do not count: they have addresses of their
 * own.
 */
bool broker_is_queue(const struct broker *broker, struct slice address);

/*
 * True for an address with wildcards. Private addresses are none, whatever is in them:
 * they do not begin with a slash.
 */
bool broker_is_pattern(struct slice address);

/* By broker.prefixes. Says nothing of the topic's existence. */
bool broker_is_topic(const struct broker *broker, struct slice destination);

/*
 * By app.prefixes. On true *rest is what stands after the prefix; a route need not
 * match.
 */
bool broker_is_app(
	const struct broker *broker, struct slice destination, struct slice *rest);

/*
 * The destination that the frame names; NULL, with the call's refusal, for a bad one.
 */
const struct slice *broker_destination(
	const struct broker *broker, const struct broker_call *call);

/* A header that the frame must have: NULL, with the call's refusal, when it has not. */
const struct slice *broker_header(
	const struct broker_call *call, const char *name, bool may_be_empty);

/* send.c */

/* Where what is sent goes. Zeroed at first; target_finish() frees what it has. */
struct target {
	struct buf shown;   /* the destination that receivers see */
	struct buf address; /* what homes know it by */
	bool is_reply;      /* to the temporary queue of a session at `worker` */
	unsigned worker;
};

/*
 * Finds out where a SEND to that destination goes, and fills *target in anew. Refused
 * when no prefix owns the destination, or it is a pattern. Not for /app, which has no
 * target of its own.
 */
enum broker_result broker_aim(const struct broker *broker, struct slice destination,
	struct target *target, struct broker_refusal *refusal);

/* Frees both names and zeroes the target. */
void target_finish(struct target *target);

/* Where the messages of a SEND go: to the engine at once, or into a transaction. */
struct publication {
	struct broker *broker;
	struct participant *participant;
	uint64_t request;
	size_t answers;                  /* to the request, that will come */
	struct transaction *transaction; /* NULL: none */
};

/*
 * A message with the frame's headers and body goes to `target`. False, with a refusal,
 * when the transaction is too large.
 */
bool broker_emit(struct publication *publication, const struct stomp_frame *frame,
	const struct target *target, struct broker_refusal *refusal);

/* subscribe.c */

/* The home of a subscription does not take it: it ends, and its name is remembered. */
void subscription_refuse(struct broker *broker, struct subscription *subscription);

/* False, with the call's refusal, when the id is taken or there are too many. */
bool broker_may_subscribe(const struct broker *broker, const struct broker_call *call,
	const struct slice *id, const struct slice *destination);

/*
 * app.c: a SEND to /app: renders the route that matches and emits a message to each of
 * its destinations. `rest` stands after the prefix. All destinations are checked before
 * the first message is emitted. Refused when no route matches, or when the body lacks
 * what the template needs.
 */
enum broker_result app_send(struct publication *publication,
	const struct stomp_frame *frame, struct slice destination, struct slice rest,
	struct broker_refusal *refusal);

/*
 * A SUBSCRIBE to a route with "reply": delivers one answer immediately, and no more
 * messages later. Refused where the route has none. No home learns of the subscription.
 */
enum broker_result app_subscribe(struct broker *broker, struct broker_call *call,
	const struct slice *id, struct slice destination, enum ack_mode ack);

/* private.c */

/*
 * True for /user/..., as clients name it. *rest is what stands after that and points
 * into the destination.
 */
bool private_is_user(struct slice destination, struct slice *rest);

/* True for /temp-queue/..., a name that each session understands as its own. */
bool private_is_temporary(struct slice destination);

/*
 * True for /reply-queue/TOKEN, which Postern has put into a reply-to. Only
 * private_aim_reply() finds out whether the token is good.
 */
bool private_is_reply(struct slice destination, struct slice *token);

/*
 * Appends the address that homes know the participant's own /user + rest by: that of
 * its user or, without a login, of its session.
 */
void private_own_address(
	const struct participant *participant, struct slice rest, struct buf *address);

/*
 * What stands after /user/ in a SEND. False when that names no user or no queue. The
 * user need not be connected.
 */
bool private_aim_user(struct slice rest, struct target *target);

/*
 * A token is WORKER-... of private_reply_to(). False when it names no worker of this
 * process. The session may have ended meanwhile: then the message is dropped at its
 * worker.
 */
bool private_aim_reply(
	const struct broker *broker, struct slice token, struct target *target);

/* A temporary queue of the participant under that id, which may be NULL. */
struct subscription *private_open_temporary(struct broker *broker,
	struct participant *participant, const struct slice *id,
	struct slice destination, enum stomp_version version);

/*
 * A reply-to that names a temporary queue of the participant, as others can use it; the
 * queue is made if need be. False when that is one subscription too many.
 */
bool private_reply_to(struct broker *broker, const struct broker_call *call,
	struct slice destination, struct buf *reply);

/*
 * Posts the message to the worker of a session's temporary queue; takes the only
 * reference over. That worker answers the request, also when the session has ended.
 */
void private_reply(struct broker *broker, unsigned worker, struct message *message,
	struct handle participant, uint64_t request);

/*
 * The next place of messages that have no home, such as those to a temporary queue:
 * unique on this worker and in the order of calls.
 */
struct place private_place(struct broker *broker);

/* memory_queue.c: when the broker ends: frees all queues with their messages. */
void memory_finish(struct broker *broker);

/* topic.c: a topic at its home. */

struct topic;

/*
 * The topic of that address, or NULL: nobody subscribes here and no pattern holds it.
 * Only at the address's home.
 */
struct topic *topic_find(const struct broker *broker, struct slice address);

/*
 * Finds or makes the topic at its home. NULL, counted, when limits.destinations is
 * reached. With `is_promised` it never fails: for a message to a topic that only
 * patterns match, of which at most limits.idle_topics stay.
 */
struct topic *topic_open(struct broker *broker, struct slice address, bool is_promised);

/* One more subscriber at that worker. A topic that was idle is so no longer. */
void topic_join(struct broker *broker, struct topic *topic, unsigned worker);

/*
 * One subscriber less at that worker. The last one frees the topic; while there are
 * patterns the topic stays idle, so that its numbers go on.
 */
void topic_leave(struct broker *broker, struct topic *topic, unsigned worker);

/*
 * One more subscriber to a pattern at that worker. Every home counts them, since any
 * may own a topic that matches.
 */
void pattern_join(struct broker *broker, struct slice pattern, unsigned worker);

/* The same, one less. With the last pattern all idle topics are freed. */
void pattern_leave(struct broker *broker, struct slice pattern, unsigned worker);

/* Notes in broker->wanting which workers have subscribers; false when none has. */
bool topic_is_heard(struct broker *broker, struct slice address);

/*
 * Numbers the message and posts one copy to each worker that topic_is_heard() has
 * noted. Takes over the caller's reference, which must be the only one.
 */
void topic_publish(struct broker *broker, struct topic *topic, struct message *message);

/* From a node of broker->topics. */
struct topic *topic_of_node(struct table_node *node);

/* Over all workers. Patterns do not count. */
uint64_t topic_subscribers(const struct broker *broker, const struct topic *topic);

/* Of its latest message; the offset is 0 before the first. */
struct place topic_place(const struct topic *topic);

/*
 * When the broker ends: frees all topics. Their subscribers' sessions have ended
 * before.
 */
void topics_finish(struct broker *broker);

/* audience.c */

/*
 * Those who get the messages of an address on this worker. Makes the audience if need
 * be. A fan-out that is under way does not reach the new member.
 */
void audience_add(
	struct broker *broker, struct slice address, struct subscription *subscription);

/*
 * The subscription has an audience. The last one frees it. Allowed during a fan-out:
 * nobody is skipped and nobody is served twice.
 */
void audience_remove(struct broker *broker, struct subscription *subscription);

/* Of the topic or pattern. The bytes live as long as the audience. */
struct slice audience_address(const struct audience *audience);

/*
 * Starts a fan-out to the members that the address has now. It may last several turns,
 * in which members leave and others join; who joins gets nothing of it. One fan-out of
 * an address at a time.
 */
void audience_start_fan_out(struct broker *broker, struct slice address);

/*
 * Delivers the messages of that address, in their order, to the next `most` members;
 * each gets all of them together. True when no member is left to get them: then the
 * fan-out is over.
 */
bool audience_fan_out_step(
	struct broker *broker, const struct fan_out *fan_out, size_t most);

/*
 * refused.c: the id of a SUBSCRIBE that was refused while the session went on, or its
 * destination where it had no id. Its UNSUBSCRIBE is no mistake. At most as many as
 * limits.subscriptions: then the oldest is forgotten.
 */
void refused_remember(struct broker *broker, struct participant *participant,
	const struct slice *id, struct slice destination);

/*
 * Takes that SUBSCRIBE out of the memory. True when it was there: then the UNSUBSCRIBE
 * is no mistake.
 */
bool refused_forget(struct participant *participant, const struct slice *id,
	const struct slice *destination);

/* When the session ends: forgets all of them. */
void refused_drop(struct participant *participant);

/* subscription.c */

/*
 * A subscription of the participant, which frees it. It has neither a home nor an
 * audience yet, so it gets nothing.
 */
struct subscription *subscription_create(struct broker *broker,
	struct participant *participant, const struct slice *id,
	struct slice destination, enum stomp_version version);

/*
 * UNSUBSCRIBE: frees the subscription. Deliveries that are on their way find nothing;
 * what it had of a queue is requeued. Returns how many answers to `request` will come
 * from homes.
 */
size_t subscription_end(
	struct broker *broker, struct subscription *subscription, uint64_t request);

/*
 * The same when its session has ended. What the kernel had taken of a queue counts as
 * lost with its consumer.
 */
void subscription_lose(struct broker *broker, struct subscription *subscription);

/* The subscription of that id, or without one of that destination, or NULL. */
struct subscription *subscription_find(const struct participant *participant,
	const struct slice *id, const struct slice *destination);

/*
 * Of STOMP 1.0, whose SUBSCRIBE may have no id: the one of that destination, or NULL. A
 * NULL destination finds nothing.
 */
struct subscription *subscription_find_nameless(
	const struct participant *participant, const struct slice *destination);

/*
 * By the ordinal that ack ids and deliveries carry, in logarithmic time. NULL: it has
 * ended since.
 */
struct subscription *subscription_at(
	const struct participant *participant, uint32_t ordinal);

/*
 * What the engine knows it by: the destination, or a private address of the session's
 * own. The bytes live as long as the subscription.
 */
struct slice subscription_address(const struct subscription *subscription);

/*
 * Puts the message into the session's queue, under the destination that the client has
 * subscribed to. Takes its own reference. `flags` are of enum delivery_flags.
 */
void subscription_deliver(
	struct subscription *subscription, struct message *message, unsigned flags);

/* transaction.c: when the session ends: none of its transactions happens. */
void transactions_drop(struct participant *participant);

/*
 * commit.c: when the broker ends: frees the commits that still wait for homes, whoever
 * asked.
 */
void commits_finish(struct broker *broker);

#endif
