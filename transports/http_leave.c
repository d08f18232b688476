/*
 * A request may wait for hours for what its session brings. libmicrohttpd has nothing to
 * do meanwhile, but would hold its pool, which must have room for the longest head: 17
 * KB. So the connection leaves it: libmicrohttpd closes its descriptor, and the
 * connection goes on with a duplicate, on which http_receive.c writes the rest of the
 * response by itself. When that has ended the connection comes back to libmicrohttpd,
 * and serves the next requests.
 */
#include "transports/http_internal.h"

#include "gateway/log.h"
#include "protocol/xmalloc.h"
#include "transports/progress.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <unistd.h>

/* What the request has in libmicrohttpd's memory, and still needs, becomes its own. */
static void request_keep(struct http_request *request)
{
	struct slice affinity = request_affinity(request);
	char *at = xmalloc(request->origin.len + affinity.len + 1); /* often empty */

	request->kept = at;
	request->origin = slice_copy_out(&at, request->origin);
	request->affinity = slice_copy_out(&at, affinity);
	request->cookie = SLICE("");
	request->method = "";
}

/*
 * A response must be able to follow on the connection, and libmicrohttpd must have read
 * nothing behind this request: that would be lost with it.
 */
static bool request_may_leave(const struct http_request *request)
{
	const struct http_connection *connection = request->connection;

	return request->keeps_alive && !connection->gone &&
	       progress_read_at_most(connection->watch.fd) == connection->read;
}

bool http_leave(struct http_request *request)
{
	struct http_connection *connection = request->connection;

	if (!request_may_leave(request))
		return false;
	int fd = fcntl(connection->watch.fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return false;
	request_keep(request);
	/* The duplicate keeps the socket open: what watches it goes on with that. */
	loop_unwatch(&connection->watch);
	connection->watch.fd = fd;
	connection->mhd = NULL;
	*connection->slot =
		NULL; /* it may be gone before libmicrohttpd has cleaned up */
	http_set_phase(connection, HTTP_WAITING);
	if (http_watch(connection) == -1)
		http_resume(connection); /* to be closed */
	return true;
}

/* The next requests are libmicrohttpd's again, which owns the descriptor now. */
static void connection_return(struct http_connection *connection)
{
	struct http *http = connection->http;
	struct sockaddr_storage address;
	socklen_t len = peer_socket(&connection->peer, 0, &address);

	http_set_phase(connection, HTTP_IDLE);
	http->returning = connection;
	if (MHD_add_connection(connection->stall->daemon, connection->watch.fd,
		    (const struct sockaddr *)&address, len) == MHD_YES) {
		http_mark(connection->stall);
		return;
	}
	log_warn("http: libmicrohttpd takes no connection");
	/* It has closed the socket, and may have told on_connection() so. */
	if (http->returning == connection)
		http_connection_destroy(connection);
	http->returning = NULL;
}

void http_settle(struct task *task)
{
	struct http_connection *connection =
		container_of(task, struct http_connection, settle);
	struct http *http = connection->http;
	bool whole = http_receiver_is_done(connection->request);

	task_cancel(task);
	http_request_destroy(connection->request, whole);
	if (whole && !http->stopping && !http->worker->stopping) {
		connection_return(connection);
		return;
	}
	int fd = connection->watch.fd;
	http_connection_destroy(connection);
	close(fd);
}
