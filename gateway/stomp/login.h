/*
 * Who logs in: a login and a passcode are checked against the configuration's users,
 * away from the loop, since a hash takes its time.
 */
#ifndef GATEWAY_STOMP_LOGIN_H
#define GATEWAY_STOMP_LOGIN_H

#include "gateway/worker/worker.h"

/* True when a client must log in. */
bool login_is_needed(const struct config *config);

/*
 * Checks, and then tells the participant of that number, if it is still there, by its
 * logged_in(). False when limits.logins of this worker are being checked already. Who
 * is nobody takes as long as somebody with a wrong passcode.
 */
bool login_check(struct worker *worker, uint64_t participant, struct slice login,
	struct slice passcode);

#endif
