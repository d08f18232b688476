/* Refusing a request without the help of a library. */
#ifndef TRANSPORTS_REFUSAL_H
#define TRANSPORTS_REFUSAL_H

/*
 * Writes an answer with that status and shuts the socket down for writing. The
 * caller must go on reading for a while: closing a socket with unread bytes in
 * it resets the connection, and the answer is lost. Returns -1 when it failed.
 */
int refusal_send(int fd, int status);

#endif
