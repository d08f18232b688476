/*
 * Checks a login and a passcode against the configuration's users, on another thread,
 * because a hash takes its time.
 */
#ifndef GATEWAY_STOMP_LOGIN_H
#define GATEWAY_STOMP_LOGIN_H

#include "gateway/worker/worker.h"

/* True when users are configured: CONNECT must then have a login and a passcode. */
bool login_is_needed(const struct config *config);

/*
 * Checks copies of both on a thread of the pool, then calls logged_in() of the
 * participant of that number, if it still exists. An unknown login takes as long as a
 * wrong passcode: each check hashes once for each cost of the users' hashes. False,
 * counted, when this worker already checks limits.logins; logged_in() is not called
 * then.
 */
bool login_check(struct worker *worker, uint64_t participant, struct slice login,
	struct slice passcode);

#endif
