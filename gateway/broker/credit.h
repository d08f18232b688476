/*
 * Credits bound how much of an account may be on its way to homes: messages, and their
 * bytes, from the SEND until the home dispatches them (an engine, until it has taken
 * them). All workers count together (account.h).
 *
 * A frame takes the credits that it needs, also when there are none: one frame goes
 * beyond. Then its participant waits, as after a call that waits (broker_call), until
 * half of all is back. A COMMIT takes all its credits in one step, and only while its
 * account owes none, so one COMMIT of an account goes beyond, whatever its sessions
 * do. Only participants that publish or subscribe ever wait, and what is on its way
 * needs no credits, so nothing waits in a circle.
 */
#ifndef GATEWAY_BROKER_CREDIT_H
#define GATEWAY_BROKER_CREDIT_H

#include "gateway/base/table.h"
#include "gateway/broker/broker.h"

struct message;

/* On one worker. */
struct credits {
	int64_t messages, bytes; /* of each account, on all workers */
	struct table waiting;    /* by account: participants that wait for credits */
};

void credits_init(struct credits *credits, const struct hash_key *key);

/* All participants have left. */
void credits_finish(struct credits *credits);

/* A message is on its way: takes credits of its account (message_account()). */
void credit_take(struct broker *broker, const struct message *message);

/*
 * The home dispatches the message, or refuses it: gives back what credit_take() took.
 * An engine calls this once for each message of send(), and for one of a commit when
 * it takes the message out of its action. On any worker.
 */
void credit_give(struct broker *broker, const struct message *message);

/* The same for `count` posts of an account that carry no message. */
void credit_take_posts(struct broker *broker, uint32_t account, int64_t count);
void credit_give_posts(struct broker *broker, uint32_t account, int64_t count);

/*
 * A COMMIT takes the credits of so many messages, which have so many bytes. False when
 * the participant's account owes: it takes nothing, and the participant waits, also for
 * other sessions of its account. transaction_resume() follows. A COMMIT of a few
 * messages has the grace of as many frames. After any COMMIT there is none.
 */
bool credit_take_commit(struct broker *broker, struct participant *participant,
	int64_t messages, int64_t bytes);

/*
 * True when the participant's account has no credits left: then it waits, and its
 * resume() follows. A few frames of each participant pass all the same, since one that
 * says little must not wait for others of its account.
 */
bool credit_await(struct broker *broker, struct participant *participant);

/* Sets call->waits, after a call that was taken, as credit_await() says. */
enum broker_result credit_conclude(
	struct broker *broker, struct broker_call *call, enum broker_result result);

/* The participant leaves: it waits no longer. */
void credit_forget(struct broker *broker, struct participant *participant);

#endif
