/*
 * Up to 64 libmicrohttpd daemons for one worker. Resuming a waiting poll walks all
 * suspended connections of its daemon (67 us with 64 daemons and 12,000 waiting polls,
 * 3 ms with one daemon and 18,000). So the connections are spread over many daemons,
 * and one run follows all resumes of a turn.
 */
#include "transports/http/http_budget.h"

#include "gateway/base/log.h"
#include "gateway/worker/metrics.h"
#include "transports/base/refusal.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

/*
 * A connection's pool: libmicrohttpd reads a head into one half of it. The other half
 * has a copy of the cookies, its notes on each line, and an answer's head. Pools above
 * 32 KiB come from mmap() and are freed by munmap(), 46 us of CPU for each connection.
 * The default of limits.head is the largest whose pool malloc() provides.
 */
enum { POOL_EACH_LINE = 64, POOL_BESIDE_HEAD = 768 };

void http_daemon_mark(struct http_daemon *daemon)
{
	fair_queue_add(&daemon->http->due, &daemon->due);
}

void http_daemon_mark_fresh(struct http_daemon *daemon)
{
	fair_queue_add_fresh(&daemon->http->due, &daemon->due);
}

/* libmicrohttpd's callbacks. */

static void http_daemon_on_connection(void *context, struct MHD_Connection *mhd,
	void **slot, enum MHD_ConnectionNotificationCode code)
{
	struct http *http = context;
	struct http_connection *connection = *slot;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (connection == NULL) /* it has left */
			return;
		/* After an upgrade the WebSocket has the socket; our watch ended. */
		if (connection->watch.loop != NULL)
			http_linger(connection);
		http_connection_destroy(connection);
		return;
	}
	connection = http->returning;
	http->returning = NULL;
	connection->mhd = mhd;
	http_pool_charge(connection, true);
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

/*
 * libmicrohttpd has refused a later head by itself. Only its log line has the status.
 */
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
	/* libmicrohttpd reports its own refusal of a later head in no other way. */
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

int http_daemon_start(struct http_daemon *daemon, struct http *http)
{
	const size_t pool =
		2 * (http->worker->config->limits.head +
			    HTTP_HEADERS_MAX * POOL_EACH_LINE + POOL_BESIDE_HEAD);

	daemon->http = http;
	daemon->pool = pool;
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
		log_error("http: libmicrohttpd does not start: %s", strerror(errno));
		return -1;
	}
	daemon->watch.fd =
		MHD_get_daemon_info(daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	daemon->watch.level = true;
	daemon->watch.ready = http_daemon_on_daemon;
	return loop_watch(http->worker->loop, &daemon->watch, WATCH_IN);
}

void http_daemon_stop(struct http_daemon *daemon)
{
	if (daemon->mhd == NULL)
		return;
	loop_unwatch(&daemon->watch);
	MHD_run(daemon->mhd);
	MHD_stop_daemon(daemon->mhd);
}
