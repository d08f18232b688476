/*
 * The HTTP carrier of one worker: its life, and its turn, in which it runs the daemons
 * and connections that have work.
 */
#include "transports/http/http_internal.h"
#include "transports/http/http_keep.h"

#include "gateway/base/progress.h"
#include "protocol/xmalloc.h"
#include "transports/http/feed.h"
#include "transports/http/files.h"

#include <stdlib.h>
#include <sys/resource.h>

/*
 * The fewest daemons and connections in a turn, even when its time is over: with one,
 * the steady polls of a thousand clients cost 3 % more. If these take long themselves,
 * the others wait for the next turn: one large body takes some milliseconds.
 */
enum { RUNS_LEAST = 4, RUNS_NS = 500000 };

/*
 * Each daemon takes a descriptor: those of all workers together take a quarter of the
 * process's at most. With few descriptors there are few connections, too.
 */
static size_t http_count_daemons(const struct worker *worker)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	const rlim_t share = limit.rlim_cur / 4 / worker->workers->count;
	if (share < 1)
		return 1;
	return share < HTTP_DAEMONS ? (size_t)share : HTTP_DAEMONS;
}

struct http *http_create(struct worker *worker, struct ws *ws)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->worker = worker;
	http->ws = ws;
	http->runs_ns = RUNS_NS;
	fair_queue_init(&http->due);
	http->peeked.room = peek_room(worker->config);
	list_init(&http->connections);
	list_init(&http->lingering);
	list_init(&http->paused);
	registry_init(&http->requests, &worker->key);
	table_init(&http->feeds, &worker->key);
	http->files = files_create(worker->config);
	if (http->files == NULL)
		goto fail;
	http->daemon_count = http_count_daemons(worker);
	for (size_t i = 0; i < http->daemon_count; i++) {
		if (http_daemon_start(&http->daemons[i], http) == -1)
			goto fail;
	}
	if (worker->index == 0 && worker->config->admin_listen.len > 0) {
		http->console = files_create_console();
		if (http->console == NULL ||
			http_daemon_start(&http->admin, http) == -1)
			goto fail;
	}
	return http;
fail:
	http_destroy(http);
	return NULL;
}

/*
 * libmicrohttpd aborts if it is stopped while a connection is suspended. Connections
 * that have left it close now.
 */
static void http_resume_all(struct http *http)
{
	struct list *link = http->connections.next;

	while (link != &http->connections) {
		struct http_connection *connection =
			container_of(link, struct http_connection, link);

		link = link->next;
		if (connection->mhd == NULL)
			http_connection_close(connection);
		else
			http_connection_resume(connection);
	}
}

void http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	http->stopping = true;
	http_resume_all(http);
	for (size_t i = 0; i < http->daemon_count; i++)
		http_daemon_stop(&http->daemons[i]);
	http_daemon_stop(&http->admin);
	http_end_lingering(http);
	registry_finish(&http->requests);
	feeds_finish(http);
	files_destroy(http->files);
	files_destroy(http->console);
	free(http->peeked.room);
	buf_finish(&http->scratch);
	sockjs_messages_finish(&http->messages);
	free(http);
}

static struct http_connection *http_take(
	struct http_daemon *daemon, struct io io, const struct sockaddr *address)
{
	const struct times *times = &daemon->http->worker->config->times;
	const struct address peer = peer_address(address);

	/*
	 * Bytes in the kernel are in no queue of ours: let the kernel find a dead
	 * peer.
	 */
	progress_probe(&io, times->ping, times->pong);
	return http_connection_create(daemon, io, &peer);
}

static struct http_connection *http_adopt_fresh(
	struct http *http, struct io io, const struct sockaddr *address)
{
	struct http_connection *connection = http_take(
		&http->daemons[http->next_daemon++ % http->daemon_count], io, address);

	fair_queue_add_fresh(&http->due, &connection->due);
	return connection;
}

void http_adopt(struct http *http, struct io io, const struct sockaddr *address)
{
	http_adopt_fresh(http, io, address);
}

void http_adopt_once(struct http *http, struct io io, const struct sockaddr *address,
	uint32_t account)
{
	struct http_connection *connection = http_adopt_fresh(http, io, address);

	connection->once = true;
	connection->account = account;
}

void http_adopt_admin(struct http *http, struct io io, const struct sockaddr *address)
{
	http_connection_return(http_take(&http->admin, io, address));
}

bool http_turn(struct http *http)
{
	if (fair_queue_is_empty(&http->due))
		return false;

	const uint64_t most = loop_clock() + http->runs_ns;
	int runs = 0;

	do {
		struct fair_queue_entry *entry = fair_queue_take(&http->due);

		entry->run(entry);
		runs++;
	} while (!fair_queue_is_empty(&http->due) &&
		 ((runs < RUNS_LEAST && loop_clock() < most) ||
			 !worker_turn_is_over(http->worker)));
	return !fair_queue_is_empty(&http->due);
}

void http_resume_reading(struct http *http)
{
	struct list *link;

	/* Each looks at the inbox again, and may have to wait again. */
	while ((link = list_take_first(&http->paused)) != NULL) {
		http_connection_resume(
			container_of(link, struct http_request, paused)->connection);
	}
}
