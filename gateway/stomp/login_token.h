/*
 * Logs in by a JSON Web Token. HMAC and RSA take less than 40 us and are verified at
 * once. Signatures on curves take up to 0.8 ms and are verified on the pool.
 */
#ifndef GATEWAY_STOMP_LOGIN_TOKEN_H
#define GATEWAY_STOMP_LOGIN_TOKEN_H

#include "gateway/broker/participant.h"
#include "gateway/worker/worker.h"

struct config;
struct stomp_frame;

/*
 * True when a header of the frame shows a token, by login.token_headers; then *token is
 * it, and points into the frame. It may be empty: that is a bad token, not none. A
 * passcode is one only if it looks like one. "Bearer" before it is taken off.
 */
bool login_token_of_frame(const struct config *config, const struct stomp_frame *frame,
	struct slice *token);

/*
 * Verifies the token by the configuration's issuers. False when that is slow: let
 * login_check() call login_token_verify(). Else *verdict is filled in.
 */
bool login_token_decide(
	struct worker *worker, struct slice token, struct login_verdict *verdict);

/* Verifies a token, also a slow one. Reads only the configuration: on any thread. */
void login_token_verify(
	const struct config *config, struct slice token, struct login_verdict *verdict);

#endif
