/*
 * The session's end of a request that brings messages: the session is looked up
 * before the body is read; what is broken harms nobody. While the session is paused,
 * the request waits with its body.
 */
#ifndef TRANSPORTS_HTTP_INTAKE_H
#define TRANSPORTS_HTTP_INTAKE_H

#include "gateway/session/session.h"
#include "transports/sockjs/link.h"

struct intake_ask {
	struct handle request;
	const struct endpoint *endpoint;
	const struct uplink *link;
	bool form; /* the body is labelled as one */
	struct slice session;
	struct peer peer;
	struct slice body;
	bool only_looks; /* whether there is such a session; the body is not here yet */
};

enum intake {
	INTAKE_TAKEN,
	INTAKE_UNKNOWN, /* there is no such session for this peer */
	INTAKE_BROKEN,  /* the body is no JSON */
	INTAKE_NO_ARRAY,
	INTAKE_TOO_BIG, /* a message in it, or all of them: limits.frame */
	INTAKE_WAITS, /* the session is paused: ask again when the waiter is resumed */
	INTAKE_CROWDED, /* too many wait for that already */
};

/* At the session's home: true when there is such a session and it admits this peer. */
bool intake_knows(struct worker *worker, const struct intake_ask *ask);

/*
 * At the session's home: decodes the body and hands its messages to the session, all or
 * none. `messages` is room to work in. INTAKE_WAITS: the session is paused, and
 * `waiter` is registered (session_wait()); the caller keeps it and what `ask` borrows
 * until then, and asks again.
 */
enum intake intake_take(struct worker *worker, struct sockjs_messages *messages,
	const struct intake_ask *ask, struct waiter *waiter);

#endif
