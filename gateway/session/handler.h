/*
 * A handler is what runs on a session: the STOMP conversation, or a small one
 * such as echo. An endpoint of the configuration pairs a path with a handler.
 * Everything here is called on the session's worker, never re-entrantly.
 */
#ifndef GATEWAY_SESSION_HANDLER_H
#define GATEWAY_SESSION_HANDLER_H

#include "gateway/session/message.h"
#include "gateway/worker/ending.h"
#include "protocol/slice.h"

#include <stdint.h>

struct session;

struct handler {
	/* What comes are pieces of a stream; session_count_message() tells of what. */
	bool is_stream;

	/* The session is new. May send and close. Returns the others' `state`. */
	void *(*open)(struct session *session);

	/* One whole message from the peer, borrowed for the call. */
	void (*receive)(void *state, struct slice text, enum payload payload);

	/*
	 * The session ends, for that reason. ENDING_CLOSED: the peer has closed its
	 * sending side, or the gateway stops. The handler may still send, and must then
	 * close the session. At a stop receive() may be called until it has.
	 * ENDING_SLOW_CONSUMER: the peer reads too slowly and its queue has been
	 * emptied. The handler may send a last message; the session closes when it
	 * returns. NULL: the session closes immediately.
	 */
	void (*end)(void *state, enum ending why);

	/*
	 * The kernel has taken a message of that subscription that was marked to be
	 * told (DELIVERY_TOLD). Nothing may be sent or closed here. May be NULL.
	 */
	void (*sent)(void *state, uint32_t ordinal);

	/* The session is over. Called exactly once; frees the state. May be NULL. */
	void (*close)(void *state);
};

#endif
