/*
 * WebSocket URLs over HTTP: invalid upgrades, requests that are no upgrades, and valid
 * upgrades on a connection that has served other requests before (proxies that pool
 * connections send these).
 */
#include "transports/http/http_answer.h"
#include "transports/http/http_internal.h"

#include "gateway/base/log.h"
#include "transports/base/refusal.h"
#include "transports/ws/ws.h"

#include <errno.h>

bool http_upgrade(struct http_request *request, const struct http_head *head)
{
	if (!http_request_is(request, "GET"))
		return false; /* 405 follows when its body has come */

	const enum http_upgrade_fault fault = http_upgrade_check(head);
	if (fault != HTTP_UPGRADE_GOOD) {
		const struct refusal refusal = refusal_of_upgrade(head, fault);

		http_refuse_later(request, &refusal);
		return false;
	}
	/* libmicrohttpd closes its descriptor; the connection continues with ours. */
	struct io duplicate;
	if (io_dup(&request->connection->io, &duplicate) == -1) {
		log_warn("http: a connection cannot be upgraded: %s", strerror(errno));
		http_refuse_later(request, &(struct refusal){.kind = REFUSAL_BUSY});
		return false;
	}
	/* The duplicate keeps the socket open, so this watch must end here. */
	loop_unwatch(&request->connection->watch);
	ws_adopt(http_request_carrier(request)->ws, duplicate, head,
		request->route.endpoint, request->route.framing, &request->peer, NULL);
	return true;
}
