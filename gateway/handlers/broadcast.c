/*
 * Broadcast sends each message to every session of the endpoint, the sender included,
 * by a post to each worker. There all sessions share one message, so it is rendered
 * once for each wire. It serves the SockJS clients' own tests; topics belong to STOMP.
 *
 * A turn reaches as many members as its allowance lets it. The first one of the list
 * is reached and moved last, so a broadcast is over when it was the first one's latest.
 */
#include "gateway/handlers/handlers.h"
#include "gateway/session/session.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* A session's place in worker->broadcast, which all such endpoints share. */
struct member {
	struct list link;
	struct session *session;
	uint64_t latest; /* number of the broadcast that has reached it, here */
};

struct broadcast_post {
	struct post post;
	const struct endpoint *endpoint; /* held; a reload may give others its path */
	struct message *message;         /* the only reference */
	uint64_t number;                 /* 0: it has not begun */
};

static void *broadcast_open(struct session *session)
{
	struct member *member = xcalloc(1, sizeof(*member));

	member->session = session;
	list_append(&session_worker(session)->broadcast, &member->link);
	return member;
}

static void broadcast_reach(
	const struct broadcast_post *broadcast, const struct member *member)
{
	if (slice_equal(
		    session_endpoint(member->session)->path, broadcast->endpoint->path))
		session_send(member->session,
			&(struct delivery){.message = broadcast->message});
}

/* The first member that it has not reached, or NULL. */
static struct member *broadcast_next(
	const struct worker *worker, const struct broadcast_post *broadcast)
{
	struct member *member =
		container_of(worker->broadcast.next, struct member, link);

	return list_is_empty(&worker->broadcast) || member->latest == broadcast->number
		       ? NULL
		       : member;
}

/* Even a turn without any allowance left must do a part. */
enum { REACHED_LEAST = 16 };

static void broadcast_run(struct worker *worker, struct post *post)
{
	struct broadcast_post *broadcast =
		container_of(post, struct broadcast_post, post);
	size_t most = worker_allowance(worker) + REACHED_LEAST;
	struct member *member;

	if (broadcast->number == 0)
		broadcast->number = ++worker->broadcasts;
	for (; most > 0 && (member = broadcast_next(worker, broadcast)) != NULL;
		most--) {
		broadcast_reach(broadcast, member);
		member->latest = broadcast->number;
		list_remove(&member->link);
		list_append(&worker->broadcast, &member->link);
		worker_spend(worker, 1);
	}
	if (broadcast_next(worker, broadcast) != NULL) {
		worker_return_post(worker, post);
		return;
	}
	endpoint_unref(broadcast->endpoint);
	message_unref(broadcast->message);
	free(broadcast);
}

static void broadcast_receive(void *state, struct slice text, enum payload payload)
{
	const struct member *sender = state;
	struct worker *worker = session_worker(sender->session);

	for (unsigned i = 0; i < worker->workers->count; i++) {
		struct broadcast_post *broadcast = xcalloc(1, sizeof(*broadcast));

		broadcast->endpoint = endpoint_ref(session_endpoint(sender->session));
		broadcast->message = message_create_text(text, payload);
		broadcast->post.size =
			sizeof(*broadcast) + message_size(broadcast->message);
		broadcast->post.run = broadcast_run;
		worker_post(worker, i, &broadcast->post);
	}
}

static void broadcast_close(void *state)
{
	struct member *member = state;

	list_remove(&member->link);
	free(member);
}

const struct handler broadcast_handler = {
	.open = broadcast_open,
	.receive = broadcast_receive,
	.close = broadcast_close,
};
