/*
 * WebSocket. libwebsockets answers the handshake, keeps what the kernel does not take,
 * and owns the connection. Frames we read and write ourselves.
 *
 * We read them, since libwebsockets (4.1 to 4.3) does not tell of a PING: it answers
 * the first of those that come in one read, behind the answers to messages that came
 * behind it. RFC 6455, 5.5.3 wants the most recent one answered. And we write them, all
 * that waits for a session in one write: one send() instead of four epoll_ctl() and a
 * send() for each message (measured: 0.8 to 0.96 of a bare send loop, against 0.38 to
 * 0.47).
 */
#ifndef TRANSPORTS_WS_WS_H
#define TRANSPORTS_WS_WS_H

#include "gateway/session/session.h"
#include "protocol/http_head.h"

struct ws;

/*
 * Makes the WebSocket carrier of that worker; libwebsockets joins its loop. It logs
 * through us until it runs, then not at all. NULL after logging why.
 */
struct ws *ws_create(struct worker *worker);

/*
 * Runs turns of the loop until libwebsockets has closed its handles, so nothing else
 * may be left that such a turn could meet. NULL is fine.
 */
void ws_destroy(struct ws *ws);

/*
 * Takes over a socket whose upgrade head, which http_upgrade_check() has passed, has
 * been read; answers 101 and opens a session. On failure the socket closes.
 */
void ws_adopt(struct ws *ws, int fd, const struct http_head *head,
	const struct endpoint *endpoint, enum session_framing framing,
	const struct peer *peer);

/*
 * Publishers may be read again: reads from the connections that were paused because
 * inboxes were full.
 */
void ws_resume_reading(struct ws *ws);

/*
 * The end of a turn: reads the connections that have more. True when one of them still
 * has: the loop must not wait then.
 */
bool ws_turn(struct ws *ws);

#endif
