/*
 * A handler is what runs on a session: the STOMP conversation, or a small one
 * such as echo. An endpoint of the configuration pairs a path with a handler.
 * Everything here is called on the session's worker, never re-entrantly.
 */
#ifndef GATEWAY_SESSION_HANDLER_H
#define GATEWAY_SESSION_HANDLER_H

#include "protocol/slice.h"

#include <stdint.h>

struct session;

struct handler {
	struct slice name;

	/* What comes are pieces of a stream; session_count_message() tells of what. */
	bool is_stream;

	/* The session is new. May send and close. Returns what the others get. */
	void *(*open)(struct session *session);

	/* One whole message from the peer, borrowed for the call. */
	void (*receive)(void *state, struct slice text, bool binary);

	/*
	 * Nothing more will come from the peer, or be heard, but it may still read.
	 * What is under way may be finished, then the session must be closed.
	 * NULL: it is closed at once.
	 */
	void (*hang_up)(void *state);

	/*
	 * The kernel has taken a message of that subscription that was marked to be
	 * told (DELIVERY_TOLD). Nothing may be sent or closed here. May be NULL.
	 */
	void (*sent)(void *state, uint32_t ordinal);

	/*
	 * The peer reads too slowly: the queue was over its bound and has been
	 * emptied. A last word may be sent; the session closes. May be NULL.
	 */
	void (*overflow)(void *state);

	/* The session is over. Called exactly once; frees the state. May be NULL. */
	void (*close)(void *state);
};

/* The handlers that there are; NULL when none has that name. */
const struct handler *handler_find(struct slice name);

#endif
