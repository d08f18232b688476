/*
 * Plain STOMP over TCP: bytes that come go to the session as they come, cut
 * anywhere; bytes that wait leave joined, in one write of a session and turn.
 */
#ifndef TRANSPORTS_TCP_TCP_H
#define TRANSPORTS_TCP_TCP_H

#include <stdbool.h>
#include <sys/socket.h>

struct tcp;
struct worker;

/*
 * Makes the carrier of plain STOMP of that worker, which the caller owns. It listens
 * nowhere: the door hands it sockets.
 */
struct tcp *tcp_create(struct worker *worker);

/*
 * Ends every connection that is left. Their sockets close at the end of the turn, so a
 * turn must follow. NULL is fine.
 */
void tcp_destroy(struct tcp *tcp);

/*
 * Takes over a non-blocking socket and opens a session. When there can be none, the
 * peer gets an ERROR and the socket closes.
 */
void tcp_adopt(struct tcp *tcp, int fd, const struct sockaddr *address);

/*
 * The end of a turn: writes and reads for the connections that have more. True when one
 * still has: the loop must not wait then.
 */
bool tcp_turn(struct tcp *tcp);

/*
 * Publishers may be read again: reads from the connections that were paused because
 * inboxes were full.
 */
void tcp_resume_reading(struct tcp *tcp);

#endif
