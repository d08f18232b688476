/*
 * Broadcast passes each message on to every session of the endpoint, the sender
 * included. One message is shared by all, so it is rendered once for each wire. Its
 * reach is the worker: it serves the clients' own tests, and topics are STOMP's.
 */
#include "gateway/handlers.h"
#include "gateway/session.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* A session's place in worker->broadcast, which all such endpoints share. */
struct member {
	struct list link;
	struct session *session;
};

static void *broadcast_open(struct session *session)
{
	struct member *member = xcalloc(1, sizeof(*member));

	member->session = session;
	list_append(&session_worker(session)->broadcast, &member->link);
	return member;
}

static void broadcast_receive(void *state, struct slice text, bool binary)
{
	const struct member *sender = state;
	const struct endpoint *endpoint = session_endpoint(sender->session);
	struct message *message = message_create_text(text, binary);

	list_for_each (link, &session_worker(sender->session)->broadcast) {
		struct member *member = container_of(link, struct member, link);

		if (session_endpoint(member->session) == endpoint)
			session_send(member->session, message, NULL, STOMP_1_0);
	}
	message_unref(message);
}

static void broadcast_close(void *state)
{
	struct member *member = state;

	list_remove(&member->link);
	free(member);
}

const struct handler broadcast_handler = {
	.name = SLICE_INIT("broadcast"),
	.open = broadcast_open,
	.receive = broadcast_receive,
	.close = broadcast_close,
};
