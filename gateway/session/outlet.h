/*
 * An outlet writes a session's output: a WebSocket, a streaming response, a waiting
 * poll, or memory in tests. It pulls from the session when it can write (session_next,
 * session_pull, session_popped). A session may have many outlets, one after the other.
 */
#ifndef GATEWAY_SESSION_OUTLET_H
#define GATEWAY_SESSION_OUTLET_H

#include <stdbool.h>

struct outlet;

/*
 * How often the session has asked: its silent peer for a sign of life, or whether the
 * peer takes the output that waits.
 */
enum probe {
	PROBE_FIRST,
	PROBE_AGAIN,
};

struct outlet_ops {
	/* Output is queued: the outlet pulls it. Called at the loop's top level. */
	void (*wake)(struct outlet *outlet);

	/*
	 * The session is over and has dropped the outlet; the outlet must drop the
	 * session. Output that the outlet has pulled may still leave.
	 */
	void (*end)(struct outlet *outlet);

	/*
	 * The peer is silent: the outlet checks whether the peer is there
	 * (session_probe()). The session does not end before this returns. NULL: the
	 * outlet has no way to check.
	 */
	void (*probe)(struct outlet *outlet, enum probe probe);

	/*
	 * Output waits, and the kernel has taken none for some time. With PROBE_FIRST
	 * the outlet notes how much the peer has acknowledged. With PROBE_AGAIN, if
	 * that is more by then, it calls session_progressed(), now or soon. NULL: only
	 * the kernel counts.
	 */
	void (*look)(struct outlet *outlet, enum probe probe);
};

struct outlet {
	const struct outlet_ops *ops;
};

#endif
