/*
 * STOMP straight over TCP, for back ends and command lines: the same sessions, and no
 * framing around their frames. The listener is the door's (tcp.listen).
 */
#ifndef TRANSPORTS_TCP_H
#define TRANSPORTS_TCP_H

#include "gateway/session.h"

struct tcp;

struct tcp *tcp_create(struct worker *worker);

/* Ends every connection; no session is left. NULL is fine. */
void tcp_destroy(struct tcp *tcp);

/* Takes the socket over and opens its session; closes it when there is no room. */
void tcp_adopt(struct tcp *tcp, int fd, const struct peer *peer);

/* Reads again from those that it held while worker_is_full(). */
void tcp_relieve(struct tcp *tcp);

#endif
