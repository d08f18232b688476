/* Joins the messages in a session's queue into one SockJS a[...] frame. */
#ifndef TRANSPORTS_SOCKJS_FRAMING_H
#define TRANSPORTS_SOCKJS_FRAMING_H

#include "gateway/session/session.h"
#include "protocol/buf.h"

/* The contents of a frame, for session_popped(). */
struct pulled {
	enum session_next what;
	size_t count;
	size_t bytes; /* as sent */
};

/*
 * Appends the session's next SockJS frame to *frame, or nothing if there is none. It
 * takes messages until the frame has `budget` bytes, and always one. They stay queued
 * until session_popped() gets the result.
 */
struct pulled framing_pull(
	struct session *session, enum wire wire, size_t budget, struct buf *frame);

/* Appends SockJS's close frame, c[code,"reason"], escaped as `wire` needs it. */
void framing_close(
	struct buf *frame, enum wire wire, unsigned code, struct slice reason);

#endif
