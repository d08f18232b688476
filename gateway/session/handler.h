/*
 * A handler is the application on a session: the STOMP conversation, or a small one
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
	/*
	 * The peer sends pieces of a stream. The handler counts its messages itself,
	 * by session_count_message().
	 */
	bool is_stream;

	/*
	 * The session is new. The handler may send and close. Returns the `state` that
	 * the other functions get.
	 */
	void *(*open)(struct session *session);

	/* One whole message from the peer, borrowed for the call. */
	void (*receive)(void *state, struct slice text, enum payload payload);

	/*
	 * The session ends for the reason `why`. ENDING_CLOSED: the peer has closed
	 * its sending side. ENDING_GOING_AWAY: the gateway stops. After both, the
	 * handler may still send, and must then close the session. At a stop, receive()
	 * may be called until the handler has closed it. ENDING_SLOW_CONSUMER: the
	 * peer reads too slowly and its queue has been emptied. The handler may send a
	 * last message; the session closes when this function returns. NULL: the
	 * session closes immediately.
	 */
	void (*end)(void *state, enum ending why);

	/*
	 * The kernel has taken a message of that subscription whose delivery has the
	 * flag DELIVERY_TOLD. The handler must neither send nor close here. May be
	 * NULL.
	 */
	void (*sent)(void *state, uint32_t ordinal);

	/* The session is over. Called exactly once; frees the state. May be NULL. */
	void (*close)(void *state);
};

#endif
