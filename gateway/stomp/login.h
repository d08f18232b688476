/*
 * Who logs in: a login and a passcode are checked against the configuration's users,
 * away from the loop, since a hash takes its time.
 */
#ifndef GATEWAY_STOMP_LOGIN_H
#define GATEWAY_STOMP_LOGIN_H

#include "gateway/worker/worker.h"

/* True when users are configured: then CONNECT must have a login and a passcode. */
bool login_is_needed(const struct config *config);

/*
 * Checks copies of both on a thread of the pool, then calls logged_in() of the
 * participant of that number, if it is still there. An unknown login takes as long as a
 * wrong passcode. False, counted, when limits.logins of this worker are being checked;
 * then nothing is called.
 */
bool login_check(struct worker *worker, uint64_t participant, struct slice login,
	struct slice passcode);

#endif
