/*
 * WebSocket. libwebsockets answers the handshake, keeps the bytes that the kernel does
 * not take, and owns the connection. Postern reads and writes the frames itself.
 *
 * libwebsockets has no loop and no timers. Postern watches the socket, and calls it for
 * three things: to adopt a socket, to write on when the kernel takes bytes again, and
 * to close. In libuv's loop each new WebSocket cost ten system calls more, and 124
 * bytes.
 *
 * Reading: libwebsockets (4.1 to 4.3) does not report a PING. It answers the first
 * PING of a read, after the answers to messages that came later than that PING. RFC
 * 6455, 5.5.3 wants the most recent one answered. Writing: Postern joins everything
 * that is queued for a session into one write. That costs one send() instead of four
 * epoll_ctl() and a send() for each message (measured: 0.8 to 0.96 of a bare send
 * loop, against 0.38 to 0.47).
 */
#ifndef TRANSPORTS_WS_WS_H
#define TRANSPORTS_WS_WS_H

#include "gateway/base/io.h"
#include "gateway/session/session.h"
#include "protocol/http_head.h"

struct ws;

/*
 * Makes the WebSocket carrier of that worker. libwebsockets logs through Postern until
 * it runs, then not at all. NULL after logging why.
 */
struct ws *ws_create(struct worker *worker);

/* Closes the WebSockets that are left; their sessions are lost. NULL is fine. */
void ws_destroy(struct ws *ws);

/* A descriptor that is watched already, for WATCH_IN | WATCH_GONE by edges. */
struct ws_watched {
	struct watch *watch;
	/* What was reported to the watch, and is still to be seen to: */
	bool readable; /* there are bytes after the head */
	bool gone;     /* the peer has shut down its side */
};

/*
 * Takes over a connection whose upgrade head was read and has passed
 * http_upgrade_check(). Answers 101 and opens a session. On failure the connection
 * closes.
 *
 * `watched` is NULL when nothing watches the descriptor. Otherwise that watch ends, in
 * any case; a watch of the WebSocket goes on in its place.
 */
void ws_adopt(struct ws *ws, struct io io, const struct http_head *head,
	const struct endpoint *endpoint, enum session_framing framing,
	const struct peer *peer, const struct ws_watched *watched);

/*
 * The inboxes have room again: reads from the connections that were paused because
 * they were full.
 */
void ws_resume_reading(struct ws *ws);

/*
 * The end of a turn: reads the connections that have more input. True when one of them
 * still has more: the loop must not wait then.
 */
bool ws_turn(struct ws *ws);

#endif
