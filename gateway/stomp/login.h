/*
 * Checks a login and a passcode against the configuration's users, or a token whose
 * signature is slow, on another thread, because that takes its time.
 *
 * The accounts that wait take turns, so that a client waits for one check of each
 * other account, however many checks these want.
 */
#ifndef GATEWAY_STOMP_LOGIN_H
#define GATEWAY_STOMP_LOGIN_H

#include "gateway/worker/refusal.h"
#include "gateway/worker/worker.h"
#include "protocol/address.h"

struct logins;

/*
 * Makes the logins of that worker, none yet, for worker->logins. They are a resident:
 * the worker owns and destroys them. Add the broker before.
 */
struct logins *logins_create(struct worker *worker);

/* How many are under way: they wait, are checked, or will be answered late. */
size_t logins_count(const struct logins *logins);

/* True when there is a way to log in: CONNECT must then show a login, or a token. */
bool login_is_needed(const struct config *config);

/* Who wants to log in. */
struct login_request {
	uint64_t participant; /* its number on this worker */
	uint32_t account;     /* of its address */
	struct address address;
	struct slice login, passcode; /* borrowed */
	struct slice token;           /* instead of both; empty: none */
};

/*
 * Checks copies of both on a thread of the pool, then calls logged_in() of the
 * participant, if it still exists. An unknown login takes as long as a wrong passcode:
 * each check hashes once for each cost of the users' hashes. When an address is wrong
 * more than a few times in a second, the participant learns of it a second later.
 *
 * False, counted, when limits.logins of this worker are under way, or the account's
 * share of these: *why says which. logged_in() is not called then.
 */
bool login_check(struct logins *logins, const struct login_request *request,
	enum refusal_kind *why);

#endif
