/*
 * WebSocket URLs as HTTP sees them: upgrades that are wrong, requests that are
 * none, and good upgrades on a connection that has served other requests before
 * (proxies that pool connections do this).
 */
#include "transports/http_internal.h"

#include "gateway/log.h"
#include "transports/ws.h"

#include <errno.h>
#include <fcntl.h>

static void upgrade_refuse(
	struct http_request *request, const struct http_head *head, int status)
{
	request->refusal = status;
	if (!http_upgrade_is_asked(head))
		request->refusal_text = SLICE("Can \"Upgrade\" only to \"WebSocket\".");
	else if (!http_header_has_token(head, SLICE("Connection"), SLICE("upgrade")))
		request->refusal_text = SLICE("\"Connection\" must be \"Upgrade\".");
	else if (status == 426)
		request->refusal_text = SLICE("Only WebSocket version 13 is spoken.");
	else
		request->refusal_text = SLICE("The WebSocket handshake is malformed.");
}

bool http_answer_upgrade(struct http_request *request)
{
	return http_answer_text(
		request, 426, SLICE("No WebSocket is spoken at this URL.\n"));
}

bool http_upgrade(struct http_request *request, const struct http_head *head)
{
	const struct peer peer = request_peer(request);

	if (!request_is(request, "GET"))
		return false; /* 405 comes when its body is here */

	int status = http_upgrade_is_asked(head) ? http_upgrade_check(head) : 400;
	if (status != 0) {
		upgrade_refuse(request, head, status);
		return false;
	}
	/* libmicrohttpd closes its descriptor; the connection goes on with ours. */
	int fd = fcntl(request->connection->watch.fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1) {
		log_warn("http: a connection cannot be upgraded: %s", strerror(errno));
		request->refusal = 503;
		return false;
	}
	/* The duplicate keeps the socket open: what watches it must end here. */
	loop_unwatch(&request->connection->watch);
	ws_adopt(request_http(request)->ws, fd, head, request->route.endpoint,
		request->route.framing, &peer);
	return true;
}
