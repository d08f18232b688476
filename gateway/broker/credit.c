#include "gateway/broker/credit.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/transaction.h"
#include "gateway/session/message.h"
#include "gateway/worker/account.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	CREDIT_MESSAGES = 1024,
	CREDIT_BYTES = 4 << 20,
	GRACE = 4,    /* frames of a participant without credits */
	RESUMED = 16, /* participants that one post resumes */
};

/* The participants of one account that wait on this worker. */
struct waiting {
	struct table_node node; /* its key is the account */
	uint32_t account;
	struct list participants;
};

void credits_init(struct credits *credits, const struct hash_key *key)
{
	*credits = (struct credits){.messages = CREDIT_MESSAGES, .bytes = CREDIT_BYTES};
	table_init(&credits->waiting, key);
}

void credits_finish(struct credits *credits)
{
	assert(credits->waiting.count == 0);
	table_finish(&credits->waiting);
}

static struct accounts *credit_accounts(const struct broker *broker)
{
	return broker->worker->workers->accounts;
}

static void credit_add(
	struct broker *broker, uint32_t account, enum account_sum sum, int64_t amount)
{
	account_add(credit_accounts(broker), account, sum, amount);
}

static int64_t credit_sum(
	const struct broker *broker, uint32_t account, enum account_sum sum)
{
	return account_sum(credit_accounts(broker), account, sum);
}

/* In halves of the credits: above the last, no participant has a grace. */
enum { CREDIT_HALF = 1, CREDIT_ALL = 2, CREDIT_GRACE = 8 };

/* True when more than so many halves of the credits are taken. */
static bool credit_is_taken(
	const struct broker *broker, uint32_t account, int64_t halves)
{
	const struct credits *credits = &broker->credits;

	return credit_sum(broker, account, ACCOUNT_SENDS) >
		       credits->messages * halves / 2 ||
	       credit_sum(broker, account, ACCOUNT_SEND_BYTES) >
		       credits->bytes * halves / 2;
}

/* Giving back. */

struct resume_post {
	struct post post;
	uint32_t account;
};

static struct waiting *waiting_find(const struct broker *broker, uint32_t account)
{
	struct table_node *node =
		table_find(&broker->credits.waiting, account_key(&account));

	return node == NULL ? NULL : container_of(node, struct waiting, node);
}

static struct waiting *waiting_open(struct broker *broker, uint32_t account)
{
	struct waiting *waiting = waiting_find(broker, account);

	if (waiting != NULL)
		return waiting;
	waiting = xcalloc(1, sizeof(*waiting));
	waiting->account = account;
	list_init(&waiting->participants);
	table_insert(&broker->credits.waiting, &waiting->node,
		account_key(&waiting->account));
	return waiting;
}

void credit_forget(struct broker *broker, struct participant *participant)
{
	struct waiting *waiting;

	if (!list_is_linked(&participant->waiting))
		return;
	waiting = waiting_find(broker, participant->account);
	list_remove(&participant->waiting);
	credit_add(broker, participant->account, ACCOUNT_WAITING, -1);
	if (!list_is_empty(&waiting->participants))
		return;
	table_remove(&broker->credits.waiting, &waiting->node);
	free(waiting);
}

/*
 * Runs at each worker when half of an account's credits is back. Some participants go
 * on, the one that has waited longest first; the others in a later turn.
 */
static void credit_resume_run(struct worker *worker, struct post *post)
{
	const uint32_t account = container_of(post, struct resume_post, post)->account;
	struct broker *broker = worker->broker;
	struct waiting *waiting;

	for (int i = 0; (waiting = waiting_find(broker, account)) != NULL &&
			!credit_is_taken(broker, account, CREDIT_HALF);
		i++) {
		struct participant *next = container_of(
			waiting->participants.next, struct participant, waiting);

		if (i == RESUMED) {
			worker_post(worker, worker->index, post);
			return;
		}
		credit_forget(broker, next);
		next->overdrawn = 0;
		if (next->committing != NULL)
			transaction_resume(broker, next);
		else
			next->ops->resume(next);
	}
	free(post);
}

/* Whoever waits must notice, on whatever worker. */
static void credit_post_resume(struct broker *broker, uint32_t account)
{
	for (unsigned i = 0; i < broker->workers; i++) {
		struct resume_post *resume = xmalloc(sizeof(*resume));

		*resume = (struct resume_post){
			.post = {.size = sizeof(*resume), .run = credit_resume_run},
			.account = account,
		};
		worker_post(broker->worker, i, &resume->post);
	}
}

/* Returns true when the sum fell to half of `most`. */
static bool credit_subtract(struct broker *broker, uint32_t account,
	enum account_sum sum, int64_t amount, int64_t most)
{
	const int64_t after =
		account_add(credit_accounts(broker), account, sum, -amount);

	return after <= most / 2 && after + amount > most / 2;
}

/*
 * A participant counts itself as held before it looks at the sums for the last time;
 * here the sums change before the look at that count. One of both sees the other.
 */
static void credit_note_half(struct broker *broker, uint32_t account)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (credit_sum(broker, account, ACCOUNT_WAITING) > 0)
		credit_post_resume(broker, account);
}

static void credit_return(
	struct broker *broker, uint32_t account, int64_t messages, int64_t bytes)
{
	const struct credits *credits = &broker->credits;
	const bool half_of_messages = credit_subtract(
		broker, account, ACCOUNT_SENDS, messages, credits->messages);
	const bool half_of_bytes = credit_subtract(
		broker, account, ACCOUNT_SEND_BYTES, bytes, credits->bytes);

	if (half_of_messages || half_of_bytes)
		credit_note_half(broker, account);
}

void credit_give(struct broker *broker, const struct message *message)
{
	const uint32_t account = message_account(message);

	if (account != ACCOUNT_HOUSE)
		credit_return(broker, account, 1, (int64_t)message_size(message));
}

void credit_give_posts(struct broker *broker, uint32_t account, int64_t count)
{
	if (account != ACCOUNT_HOUSE && credit_subtract(broker, account, ACCOUNT_SENDS,
						count, broker->credits.messages))
		credit_note_half(broker, account);
}

/* Taking. */

void credit_take(struct broker *broker, const struct message *message)
{
	const uint32_t account = message_account(message);

	if (account == ACCOUNT_HOUSE)
		return;
	credit_add(broker, account, ACCOUNT_SENDS, 1);
	credit_add(broker, account, ACCOUNT_SEND_BYTES, (int64_t)message_size(message));
}

void credit_take_posts(struct broker *broker, uint32_t account, int64_t count)
{
	if (account != ACCOUNT_HOUSE)
		credit_add(broker, account, ACCOUNT_SENDS, count);
}

/*
 * Adds the participant to those that wait. False, and it is not added, when half of
 * the credits is back.
 */
static bool credit_enlist(struct broker *broker, struct participant *participant)
{
	const uint32_t account = participant->account;

	credit_add(broker, account, ACCOUNT_WAITING, 1);
	atomic_thread_fence(memory_order_seq_cst);
	if (!credit_is_taken(broker, account, CREDIT_HALF)) {
		credit_add(broker, account, ACCOUNT_WAITING, -1);
		return false;
	}
	list_append(
		&waiting_open(broker, account)->participants, &participant->waiting);
	return true;
}

bool credit_await(struct broker *broker, struct participant *participant)
{
	const uint32_t account = participant->account;

	if (account == ACCOUNT_HOUSE || !credit_is_taken(broker, account, CREDIT_ALL)) {
		participant->overdrawn = 0;
		return false;
	}
	if (participant->overdrawn < GRACE &&
		!credit_is_taken(broker, account, CREDIT_GRACE)) {
		participant->overdrawn++;
		return false;
	}
	if (credit_enlist(broker, participant))
		return true;
	participant->overdrawn = 0;
	return false;
}

/*
 * Other workers may do the same at this moment: who adds first has the credits. True
 * when the account did not owe before.
 */
static bool credit_claim(
	struct broker *broker, uint32_t account, int64_t messages, int64_t bytes)
{
	struct accounts *accounts = credit_accounts(broker);
	const struct credits *credits = &broker->credits;

	const int64_t messages_before =
		account_add(accounts, account, ACCOUNT_SENDS, messages) - messages;
	const int64_t bytes_before =
		account_add(accounts, account, ACCOUNT_SEND_BYTES, bytes) - bytes;

	if (messages_before <= credits->messages && bytes_before <= credits->bytes)
		return true;
	credit_return(broker, account, messages, bytes);
	return false;
}

bool credit_take_commit(struct broker *broker, struct participant *participant,
	int64_t messages, int64_t bytes)
{
	const uint32_t account = participant->account;

	if (account == ACCOUNT_HOUSE || messages == 0)
		return true;
	if (messages <= GRACE && participant->overdrawn < GRACE &&
		!credit_is_taken(broker, account, CREDIT_GRACE)) {
		credit_add(broker, account, ACCOUNT_SENDS, messages);
		credit_add(broker, account, ACCOUNT_SEND_BYTES, bytes);
	} else {
		while (!credit_claim(broker, account, messages, bytes)) {
			if (credit_enlist(broker, participant))
				return false;
		}
	}
	participant->overdrawn = GRACE;
	return true;
}

enum broker_result credit_conclude(
	struct broker *broker, struct broker_call *call, enum broker_result result)
{
	if (result == BROKER_TAKEN && call->answers > 0 && !call->waits &&
		call->participant != NULL)
		call->waits = credit_await(broker, call->participant);
	return result;
}
