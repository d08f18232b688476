/*
 * An outlet is where a session's output leaves right now: a WebSocket, a streaming
 * response, a waiting poll, or memory in tests. It pulls from the session when
 * it can write (session_next, session_pull, session_popped) and never
 * assumes that it is the only outlet that the session will ever have.
 */
#ifndef GATEWAY_SESSION_OUTLET_H
#define GATEWAY_SESSION_OUTLET_H

#include <stdbool.h>

struct outlet;

/* How often a silent peer has been asked for since it last showed life. */
enum probe {
	PROBE_FIRST,
	PROBE_AGAIN,
};

struct outlet_ops {
	/* Something waits: come and pull. Called at the loop's top level. */
	void (*wake)(struct outlet *outlet);

	/*
	 * The session is over and forgets the outlet, which must forget the session.
	 * What the outlet has taken already may still leave.
	 */
	void (*end)(struct outlet *outlet);

	/*
	 * The peer is silent: finds out whether it is there (session_probe()). The
	 * session does not end before it returns. NULL: there is no way to find out.
	 */
	void (*probe)(struct outlet *outlet, enum probe probe);
};

struct outlet {
	const struct outlet_ops *ops;
};

#endif
