/* Logs in by the header in which a trusted proxy names its user. */
#ifndef GATEWAY_STOMP_LOGIN_HEADER_H
#define GATEWAY_STOMP_LOGIN_HEADER_H

#include "gateway/broker/participant.h"

struct config;
struct peer;

/*
 * The verdict about the user and the groups of an opening request (session_shown()).
 * The identity ends after times.user_header.
 */
void login_header_check(const struct config *config, const struct peer *shown,
	struct login_verdict *verdict);

#endif
