/*
 * A commit is a transaction on its way to the engines: all of it takes effect, in
 * order, or nothing.
 *
 *   PREPARE   The engines that have a part are asked one after the other, the memory
 *             engine first. Each makes sure that its part will be taken.
 *   APPLY     All are prepared: each lets its part take effect.
 *   RELEASE   One has refused: those that were prepared give back what they reserved.
 *
 * An engine that cannot reserve (engine.h) lets its part take effect at PREPARE, and
 * does nothing at APPLY. It is the last one that is asked, and the only such engine:
 * what it has done stays. "In order" holds within one engine; its part comes first.
 * No engine answers commit->request before APPLY.
 */
#ifndef GATEWAY_BROKER_COMMIT_H
#define GATEWAY_BROKER_COMMIT_H

#include "gateway/broker/broker.h"
#include "gateway/broker/outcome.h"
#include "gateway/session/message.h"

struct engine;
struct subscription;

/* A message to send, or a delivery to settle. */
struct action {
	struct engine *engine;   /* whose part it is; NULL: nobody's */
	struct message *message; /* owned; NULL: settles */
	char *named;             /* owned: where the client has sent it; or NULL */
	bool is_reply;           /* to a temporary queue at `worker` */
	unsigned worker;

	uint32_t ordinal; /* the subscription's */
	struct place place;
	enum outcome outcome;
};

enum commit_step {
	COMMIT_PREPARE,
	COMMIT_APPLY,
	COMMIT_RELEASE,
};

struct commit {
	struct entry entry; /* in broker->commits */
	uint64_t participant, request;
	struct action *actions;
	size_t count;
	size_t asked;             /* how many engines were asked, and are prepared */
	bool must_follow;         /* a part has taken effect at PREPARE */
	struct broker_call *call; /* the COMMIT, until its call returns */
};

/*
 * Frees the array, and the names and messages that are still in it. An action whose
 * message was sent has NULL there.
 */
void actions_free(struct action *actions, size_t count);

/*
 * True while everything that the actions acknowledge is still unacknowledged:
 * subscriptions may have ended since.
 */
bool actions_are_possible(const struct participant *participant,
	const struct action *actions, size_t count);

/*
 * The actions will not take effect: the deliveries that they would have acknowledged
 * can be acknowledged again.
 */
void actions_unmark(const struct participant *participant, const struct action *actions,
	size_t count);

/*
 * Takes the actions over, which are possible, and asks the engines. Their messages have
 * taken credits (credit.h). Sets call->answers, and call->waits if the commit is still
 * under way: resume() then follows. Refused when an engine has refused within this
 * call.
 */
enum broker_result commit_start(struct broker *broker, struct broker_call *call,
	struct action *actions, size_t count);

/*
 * The same after the call of `request` has returned, with one answer promised: resume()
 * follows in any case, perhaps within this.
 */
void commit_start_late(struct broker *broker, const struct participant *participant,
	uint64_t request, struct action *actions, size_t count);

/* The broker ends: frees the commits that still wait for engines. */
void commits_finish(struct broker *broker);

/* For engines. */

/*
 * The next action of that engine's part, from the index *at on, which moves behind it.
 * NULL at the end. The engine takes the message out at APPLY, or when it has taken
 * effect, and leaves NULL. It then gives the message's credits back (credit.h); those
 * of messages that stay come back with the commit's end.
 */
struct action *commit_next(
	struct commit *commit, const struct engine *engine, size_t *at);

/*
 * The subscription whose delivery the action settles. NULL if there is nothing to
 * settle: the subscription has ended, or is one of a topic.
 */
struct subscription *commit_subscription(const struct broker *broker,
	const struct commit *commit, const struct action *action);

/*
 * An action that settles takes effect now: forgets the delivery. Returns
 * commit_subscription(), whose engine settles the message.
 */
struct subscription *commit_settled(struct broker *broker, const struct commit *commit,
	const struct action *action);

/*
 * The engine has prepared its part; or has not, and has given back what it had
 * reserved: `refusal` says why, and names its destination. Once for each PREPARE, also
 * within the engine's commit(). The commit may be freed when this returns.
 */
void commit_prepared(struct engine *engine, struct commit *commit,
	const struct broker_refusal *refusal);

#endif
