/*
 * A tap watches the frames of one session in both directions, as the console's trace
 * does (gateway/console/trace.h). The session owns its tap (session_set_tap()).
 * Without a tap, a frame costs one comparison.
 */
#ifndef GATEWAY_SESSION_TAP_H
#define GATEWAY_SESSION_TAP_H

#include "protocol/slice.h"

struct delivery;
struct session;
struct stomp_frame;
struct tap;

struct tap_ops {
	/* The client has sent a frame. Borrowed for the call. */
	void (*frame)(struct tap *tap, const struct session *session,
		const struct stomp_frame *frame);

	/* A message was queued for the client. Borrowed for the call. */
	void (*delivery)(struct tap *tap, const struct session *session,
		const struct delivery *delivery);

	/*
	 * A frame of the client was refused. `text` is what the client is told; the
	 * reason, such as the rule that denies it, is empty or for operators alone.
	 */
	void (*refusal)(struct tap *tap, const struct session *session,
		struct slice text, struct slice reason);

	/* The session is over, or gets another tap. Frees the tap. */
	void (*destroy)(struct tap *tap);
};

struct tap {
	const struct tap_ops *ops;
};

#endif
