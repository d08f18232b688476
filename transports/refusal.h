/* Refusing a connection without the help of a library or a session. */
#ifndef TRANSPORTS_REFUSAL_H
#define TRANSPORTS_REFUSAL_H

#include "protocol/slice.h"

/*
 * Writes an answer with that status and shuts the socket down for writing. The
 * caller must go on reading for a while: closing a socket with unread bytes in
 * it resets the connection, and the answer is lost. Returns -1 when it failed.
 */
int refusal_send(int fd, int status);

/* The same for plain STOMP: an ERROR with that message. */
int refusal_send_stomp(int fd, struct slice message);

#endif
