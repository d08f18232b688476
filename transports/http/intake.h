/*
 * The session's end of a request that brings messages. It looks up the session before
 * it reads the body, so a broken body for an unknown session does no harm. While the
 * session is paused, the request waits with its body.
 */
#ifndef TRANSPORTS_HTTP_INTAKE_H
#define TRANSPORTS_HTTP_INTAKE_H

#include "gateway/session/session.h"
#include "transports/sockjs/link.h"

struct intake_ask {
	struct handle request;
	const struct endpoint *endpoint;
	const struct uplink *link;
	bool form; /* the Content-Type is a form's */
	struct slice session;
	struct peer peer;
	struct slice body;
	bool only_looks; /* does the session exist? the body has not come */
};

enum intake {
	INTAKE_TAKEN,
	INTAKE_UNKNOWN, /* no such session for this peer */
	INTAKE_BROKEN,  /* the body is not JSON */
	INTAKE_NO_ARRAY,
	INTAKE_TOO_BIG, /* a message in it, or all together, exceed limits.frame */
	INTAKE_WAITS, /* the session is paused: ask again after the waiter's resume() */
	INTAKE_CROWDED, /* too many requests wait for that already */
};

/* At the session's home: true when the session exists and admits this peer. */
bool intake_knows(struct worker *worker, const struct intake_ask *ask);

/*
 * At the session's home: decodes the body and passes its messages to the session, all
 * or none. `messages` is working memory. INTAKE_WAITS: the session is paused, and
 * `waiter` is registered (session_wait()). The caller keeps it and the data that `ask`
 * borrows until then, and asks again.
 */
enum intake intake_take(struct worker *worker, struct sockjs_messages *messages,
	const struct intake_ask *ask, struct waiter *waiter);

#endif
