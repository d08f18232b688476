/*
 * Plain STOMP over TCP. Input goes to the session as it comes, cut anywhere. Output is
 * joined into one write for each session and turn.
 */
#ifndef TRANSPORTS_TCP_TCP_H
#define TRANSPORTS_TCP_TCP_H

#include "gateway/base/io.h"

struct tcp;
struct worker;

/*
 * Makes the carrier of plain STOMP of that worker, which the caller owns. It has no
 * listener: the door hands sockets over.
 */
struct tcp *tcp_create(struct worker *worker);

/*
 * Ends every remaining connection. Their sockets close at the end of the turn, so a
 * turn must follow. NULL is fine.
 */
void tcp_destroy(struct tcp *tcp);

/*
 * Takes over a non-blocking connection and opens a session. If no session can be
 * opened, the peer gets an ERROR and the connection closes.
 */
void tcp_adopt(struct tcp *tcp, struct io io, const struct sockaddr *address);

/*
 * The end of a turn: writes and reads for the connections with more. True when one
 * still has more: the loop must not wait then.
 */
bool tcp_turn(struct tcp *tcp);

/*
 * The inboxes have room again: reads from the connections that were paused because
 * they were full.
 */
void tcp_resume_reading(struct tcp *tcp);

#endif
