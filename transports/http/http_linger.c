/*
 * The end of a connection whose client still sends. If a socket is closed with unread
 * bytes, the kernel resets the connection, and the client may lose the answer before it
 * has read it. So Postern only shuts its side down, and drops what comes until the
 * client has read the end and closes, or until times.linger is over. Meanwhile the
 * connection counts for its address only: the door has set its descriptor aside.
 */
#include "transports/http/http_internal.h"

#include "gateway/base/progress.h"
#include "gateway/worker/address_limits.h"
#include "protocol/xmalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	LINGERING_MAX = 64, /* of all workers: among the door's DESCRIPTORS_TO_COME */
	DRAINS_PER_TURN = 64,
};

struct http_lingering {
	struct http *http;
	struct list link; /* in http->lingering */
	struct io io;
	unsigned address_slot; /* of address_limits_enter() */
	struct watch watch;
	struct timer timer;
};

static void http_lingering_end(struct http_lingering *lingering)
{
	struct http *http = lingering->http;

	loop_unwatch(&lingering->watch);
	loop_timer_stop(http->worker->loop, &lingering->timer);
	list_remove(&lingering->link);
	http->lingering_count--;
	io_close(&lingering->io);
	address_limits_leave(
		http->worker->workers->address_limits, lingering->address_slot);
	free(lingering);
}

static void http_lingering_on_timer(struct timer *timer)
{
	http_lingering_end(container_of(timer, struct http_lingering, timer));
}

/* Ends it at the end of the input, or after too much of it. */
static void http_lingering_drain(struct http_lingering *lingering)
{
	const struct http *http = lingering->http;
	const size_t room = http->worker->config->limits.head;

	for (int i = 0; i < DRAINS_PER_TURN; i++) {
		ssize_t got =
			recv(lingering->io.fd, http->peeked.room, room, MSG_DONTWAIT);

		if (got == -1 && errno == EAGAIN)
			return;
		if (got <= 0)
			break;
	}
	http_lingering_end(lingering);
}

static void http_lingering_on_socket(struct watch *watch, unsigned events)
{
	(void)events;
	http_lingering_drain(container_of(watch, struct http_lingering, watch));
}

static void http_lingering_begin(
	struct http *http, struct io io, const struct address *from)
{
	struct http_lingering *lingering = xcalloc(1, sizeof(*lingering));

	lingering->http = http;
	lingering->io = io;
	lingering->address_slot =
		address_limits_enter(http->worker->workers->address_limits, from);
	lingering->watch =
		(struct watch){.fd = io.fd, .ready = http_lingering_on_socket};
	lingering->timer.fire = http_lingering_on_timer;
	list_append(&http->lingering, &lingering->link);
	http->lingering_count++;
	shutdown(io.fd, SHUT_WR);
	loop_deadline_start(http->worker->loop, &lingering->timer,
		http->worker->config->times.linger);
	if (loop_watch(http->worker->loop, &lingering->watch, WATCH_IN | WATCH_GONE) ==
		-1)
		http_lingering_end(lingering);
	else
		http_lingering_drain(lingering);
}

void http_linger(struct http_connection *connection)
{
	struct http *http = connection->http;
	const unsigned workers = http->worker->workers->count;
	struct io duplicate;

	if (!http->stopping &&
		http->lingering_count < (LINGERING_MAX + workers - 1) / workers &&
		progress_unread(&connection->io) > 0 &&
		io_dup(&connection->io, &duplicate) == 0)
		http_lingering_begin(http, duplicate, &connection->peer);
}

void http_end_lingering(struct http *http)
{
	while (!list_is_empty(&http->lingering))
		http_lingering_end(container_of(
			http->lingering.next, struct http_lingering, link));
}
