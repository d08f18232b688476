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
 * True when there was no memory for the frame of a large message. The session must end:
 * nothing may overtake the message.
 */
static inline bool pulled_is_refused(const struct pulled *pulled)
{
	return pulled->what == SESSION_NEXT_MESSAGES && pulled->count == 0;
}

/*
 * Appends the session's next SockJS frame to *frame, or nothing if there is none. It
 * takes messages until the frame has `budget` bytes, and always one, unless that is
 * refused for want of memory. They stay queued until session_popped() gets the result.
 */
struct pulled framing_pull(
	struct session *session, enum wire wire, size_t budget, struct buf *frame);

/* Appends SockJS's close frame, c[code,"reason"], escaped as `wire` needs it. */
void framing_close(
	struct buf *frame, enum wire wire, unsigned code, struct slice reason);

#endif
