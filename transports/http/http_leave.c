/*
 * A request may wait for hours for frames of its session. libmicrohttpd has nothing to
 * do meanwhile, but would hold its pool, which must have room for the longest head: 34
 * KB. So the connection leaves libmicrohttpd, which closes its descriptor. The
 * connection continues with a duplicate, on which http_receive.c or http_keep.c writes
 * the response. Then it is ours like a new one.
 */
#include "transports/http/http_budget.h"

#include "gateway/base/progress.h"
#include "protocol/xmalloc.h"

void http_request_keep(struct http_request *request)
{
	request->peer = peer_asking(&request->peer);
	/* A request that brings messages may have to ask for its session again. */
	if (request->route.kind != ROUTE_UPLINK)
		request->peer.cookie = request->peer.user = request->method = SLICE("");
	char *at = xmalloc(request->peer.origin.len + request->affinity.len +
			   request->peer.cookie.len + request->peer.user.len +
			   request->method.len + 1);

	request->kept = at;
	request->peer.origin = slice_copy_out(&at, request->peer.origin);
	request->affinity = slice_copy_out(&at, request->affinity);
	request->peer.cookie = slice_copy_out(&at, request->peer.cookie);
	request->peer.user = slice_copy_out(&at, request->peer.user);
	request->method = slice_copy_out(&at, request->method);
}

/*
 * A response must be able to follow on the connection, and libmicrohttpd must have
 * read nothing after this request: those bytes would be lost with it.
 */
static bool http_request_may_leave(const struct http_request *request)
{
	const struct http_connection *connection = request->connection;

	return request->keeps_alive && !connection->gone &&
	       progress_read_at_most(&connection->io) == connection->read;
}

bool http_leave(struct http_request *request)
{
	struct http_connection *connection = request->connection;

	if (connection->mhd == NULL) /* libmicrohttpd does not have it */
		return true;
	if (!http_request_may_leave(request))
		return false;
	struct io duplicate;
	if (io_dup(&connection->io, &duplicate) == -1)
		return false;
	http_request_keep(request);
	/* The duplicate keeps the socket open: watch the duplicate from now on. */
	loop_unwatch(&connection->watch);
	connection->io = duplicate;
	connection->watch.fd = duplicate.fd;
	connection->mhd = NULL;
	http_pool_charge(connection, false);
	*connection->slot =
		NULL; /* it may be freed before libmicrohttpd has cleaned up */
	http_connection_set_phase(connection, HTTP_WAITING);
	connection->readable = false; /* the new watch reports available bytes again */
	connection->gone = http_connection_watch(connection) == -1;
	if (connection->gone)
		http_connection_resume(connection); /* to close it */
	return true;
}
