/*
 * 64 libmicrohttpd daemons for one worker. Resuming a waiting poll walks all
 * suspended connections of its daemon (67 us with 64 daemons and 12,000 waiting
 * polls, 3 ms with one and 18,000), so the connections are spread, and all
 * resumes of a turn are followed by one run.
 */
#include "transports/http/http_internal.h"

#include "gateway/base/log.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"
#include "transports/base/progress.h"
#include "transports/base/refusal.h"
#include "transports/http/feed.h"
#include "transports/http/files.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/*
 * A connection's pool: libmicrohttpd reads a head into one half of it. The other half
 * has a copy of the cookies, what it notes of each line, and an answer's head. Pools
 * above 32 KiB come from mmap() and go with munmap(), 46 us of CPU for each connection:
 * the default of limits.head is the largest whose pool malloc() gives.
 */
enum { POOL_EACH_LINE = 7 * sizeof(void *), POOL_BESIDE_HEAD = 1568 };

/*
 * Daemons and connections that are run in a turn, whatever the clock says: with one the
 * steady polls of a thousand clients cost 3 % more.
 */
enum { RUNS_LEAST = 4 };

void http_daemon_mark(struct http_daemon *daemon)
{
	fair_queue_add(&daemon->http->due, &daemon->due);
}

/* libmicrohttpd's callbacks. */

static void http_daemon_on_connection(void *context, struct MHD_Connection *mhd,
	void **slot, enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;
	struct http_connection *connection = *slot;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (connection != NULL) /* else it has left */
			http_connection_destroy(connection);
		return;
	}
	connection = http->returning;
	http->returning = NULL;
	if (connection == NULL)
		connection = http_connection_create(http, mhd);
	connection->mhd = mhd;
	connection->slot = slot;
	*slot = connection;
}

static void http_daemon_on_completed(void *context, struct MHD_Connection *mhd,
	void **slot, enum MHD_RequestTerminationCode code)
{
	struct http_request *request = *slot;

	(void)context;
	if (request == NULL || request->connection->mhd != mhd) /* it has left */
		return;
	http_connection_set_phase(request->connection, HTTP_IDLE);
	http_request_destroy(request, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	*slot = NULL;
}

/* libmicrohttpd has refused a later head by itself: with what, only its log tells. */
static void http_note_refused(struct http *http, unsigned status)
{
	struct refusal refusal = {
		.door = DOOR_HTTP, .kind = refusal_of_status((int)status)};
	struct buf hint = {0};

	metrics_answer(http->worker->metrics, REQUEST_REFUSED, status);
	refusal_append_hint(&hint, http->worker->config, refusal.kind);
	refusal.hint = buf_slice(&hint);
	refusal_report(http->worker->metrics, &refusal, NULL);
	buf_finish(&hint);
}

static void http_daemon_on_log(void *context, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void http_daemon_on_log(void *context, const char *format, va_list arguments)
{
	struct http *http = context;
	char line[512];
	unsigned status;

	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	/* Of a later head that it refuses by itself we learn in no other way. */
	if (sscanf(line, "Error processing request (HTTP response code is %u",
		    &status) == 1)
		http_note_refused(http, status);
	log_debug("libmicrohttpd: %s", line);
}

enum MHD_Result http_on_access(void *context, struct MHD_Connection *mhd,
	const char *url, const char *method, const char *version, const char *data,
	size_t *data_len, void **slot);

/* Daemons. */

static void http_daemon_on_daemon(struct watch *watch, unsigned events)
{
	(void)events;
	http_daemon_mark(container_of(watch, struct http_daemon, watch));
}

static unsigned connections_max(void)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < 1000000 ? (unsigned)limit.rlim_cur : 1000000;
}

static void http_daemon_run(struct fair_queue_entry *entry)
{
	struct http_daemon *daemon = container_of(entry, struct http_daemon, due);
	MHD_UNSIGNED_LONG_LONG wait;

	MHD_run(daemon->mhd);
	if (MHD_get_timeout(daemon->mhd, &wait) == MHD_YES && wait == 0)
		http_daemon_mark(daemon);
}

static int http_daemon_start(struct http_daemon *daemon, struct http *http)
{
	const size_t pool =
		2 * (http->worker->config->limits.head +
			    HTTP_HEADERS_MAX * POOL_EACH_LINE + POOL_BESIDE_HEAD);

	daemon->http = http;
	daemon->due.run = http_daemon_run;
	daemon->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
					       MHD_USE_NO_LISTEN_SOCKET |
					       MHD_USE_ERROR_LOG | MHD_USE_TURBO,
		0, NULL, NULL, http_on_access, http, MHD_OPTION_EXTERNAL_LOGGER,
		http_daemon_on_log, http, MHD_OPTION_URI_LOG_CALLBACK, http_on_target,
		http, MHD_OPTION_NOTIFY_CONNECTION, http_daemon_on_connection, http,
		MHD_OPTION_NOTIFY_COMPLETED, http_daemon_on_completed, http,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
		connections_max(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool,
		MHD_OPTION_END);
	if (daemon->mhd == NULL) {
		log_error("http: libmicrohttpd does not start");
		return -1;
	}
	daemon->watch.fd =
		MHD_get_daemon_info(daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	daemon->watch.level = true;
	daemon->watch.ready = http_daemon_on_daemon;
	return loop_watch(http->worker->loop, &daemon->watch, WATCH_IN);
}

static void http_daemon_stop(struct http_daemon *daemon)
{
	if (daemon->mhd == NULL)
		return;
	loop_unwatch(&daemon->watch);
	MHD_run(daemon->mhd);
	MHD_stop_daemon(daemon->mhd);
}

struct http *http_create(struct worker *worker, struct ws *ws)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->worker = worker;
	http->ws = ws;
	fair_queue_init(&http->due);
	http->peeked.room = peek_room(worker->config);
	list_init(&http->connections);
	list_init(&http->paused);
	registry_init(&http->requests, &worker->key);
	table_init(&http->feeds, &worker->key);
	http->files = files_create(worker->config);
	if (http->files == NULL)
		goto fail;
	for (size_t i = 0; i < HTTP_DAEMONS; i++) {
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
 * libmicrohttpd aborts when it is stopped while a connection is suspended. Those that
 * have left it close now.
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
	for (size_t i = 0; i < HTTP_DAEMONS; i++)
		http_daemon_stop(&http->daemons[i]);
	http_daemon_stop(&http->admin);
	registry_finish(&http->requests);
	feeds_finish(http);
	files_destroy(http->files);
	files_destroy(http->console);
	free(http->peeked.room);
	buf_finish(&http->scratch);
	sockjs_messages_finish(&http->messages);
	free(http);
}

static void http_daemon_adopt(struct http_daemon *daemon, int fd,
	const struct sockaddr *address, socklen_t address_len)
{
	const struct times *times = &daemon->http->worker->config->times;

	/* What the kernel has taken waits for nobody's queue to tell of it. */
	progress_probe(fd, times->ping, times->pong);
	/* It closes the socket itself when it fails. */
	if (MHD_add_connection(daemon->mhd, fd, address, address_len) == MHD_NO) {
		log_warn("http: libmicrohttpd takes no connection");
		return;
	}
	fair_queue_add_fresh(&daemon->http->due, &daemon->due);
}

void http_adopt(struct http *http, int fd, const struct sockaddr *address,
	socklen_t address_len)
{
	http_daemon_adopt(&http->daemons[http->next_daemon++ % HTTP_DAEMONS], fd,
		address, address_len);
}

void http_adopt_admin(struct http *http, int fd, const struct sockaddr *address,
	socklen_t address_len)
{
	http_daemon_adopt(&http->admin, fd, address, address_len);
}

bool http_turn(struct http *http)
{
	for (int i = 0; i < RUNS_LEAST || !worker_turn_is_over(http->worker); i++) {
		struct fair_queue_entry *entry = fair_queue_take(&http->due);

		if (entry == NULL)
			return false;
		entry->run(entry);
	}
	return !fair_queue_is_empty(&http->due);
}

void http_resume_reading(struct http *http)
{
	struct list *link;

	/* They look at the inbox again, and may have to wait again. */
	while ((link = list_take_first(&http->paused)) != NULL) {
		http_connection_resume(
			container_of(link, struct http_request, paused)->connection);
	}
}
