#include "transports/door/handover.h"

#include "gateway/config/config.h"
#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/worker.h"
#include "gateway/worker/workers.h"
#include "transports/base/carriers.h"
#include "transports/base/peek.h"
#include "transports/base/peer.h"
#include "transports/http/http.h"
#include "transports/sockjs/route.h"
#include "transports/tcp/tcp.h"
#include "transports/ws/ws.h"

#include <stdlib.h>

struct handover_post {
	struct post post;
	unsigned address_slot; /* of address_limits_enter() */
	struct handover handover;
};

/* The door has checked the head, so only a bug of ours can fail here. */
static bool handover_read(
	const struct config *config, struct slice text, struct http_head *head)
{
	const struct http_head_limits limits = peek_limits(config);
	int status;

	return http_head_parse(text, &limits, head, &status) == HTTP_HEAD_DONE;
}

static void handover_adopt_websocket(struct edge *edge, struct handover *handover,
	const struct http_head *head, const struct ws_watched *watched)
{
	const struct config *config = edge->worker->config;
	const struct address from =
		peer_address((const struct sockaddr *)&handover->address);
	struct forwarded site;

	const struct http_route route = route_find(config, head->target, true);
	/* The door may have used an older configuration, or a newer one. */
	if (route.kind != ROUTE_WEBSOCKET) {
		if (watched != NULL)
			loop_unwatch(watched->watch);
		io_close(&handover->io);
		return;
	}
	const struct peer peer = peer_read(head, &from, config, route.endpoint, &site);

	peer_note_proxy(edge->worker, head, &from, &site);
	ws_adopt(edge->ws, handover->io, head, route.endpoint, route.framing, &peer,
		watched);
}

static void handover_websocket(struct edge *edge, struct handover *handover)
{
	if (handover_read(edge->worker->config, handover->head, &edge->head))
		handover_adopt_websocket(edge, handover, &edge->head, NULL);
	else
		io_close(&handover->io);
}

void handover_websocket_here(struct worker *worker, struct handover *handover,
	const struct http_head *head, const struct ws_watched *watched)
{
	handover_adopt_websocket(worker->edge, handover, head, watched);
	worker->edge->arrived++;
}

static void handover_accept(struct edge *edge, struct handover *handover)
{
	const struct sockaddr *address = (const struct sockaddr *)&handover->address;

	switch (handover->kind) {
	case HANDOVER_HTTP:
		if (handover->once)
			http_adopt_once(
				edge->http, handover->io, address, handover->account);
		else
			http_adopt(edge->http, handover->io, address);
		break;
	case HANDOVER_WEBSOCKET:
		handover_websocket(edge, handover);
		break;
	case HANDOVER_ADMIN:
		http_adopt_admin(edge->http, handover->io, address);
		break;
	case HANDOVER_TCP:
		tcp_adopt(edge->tcp, handover->io, address);
		break;
	}
}

static void handover_drop(struct worker *worker, struct handover *handover)
{
	if (handover->account != ACCOUNT_HOUSE)
		account_add(worker->workers->accounts, handover->account,
			ACCOUNT_RESERVED, -1);
	io_close(&handover->io);
}

static void handover_run(struct worker *worker, struct post *post)
{
	struct handover_post *arrived = container_of(post, struct handover_post, post);
	struct handover *handover = &arrived->handover;
	struct edge *edge = worker->edge;

	if (edge == NULL || worker->killed)
		handover_drop(worker, handover);
	else
		handover_accept(edge, handover);
	if (edge != NULL)
		edge->arrived++;
	address_limits_leave(worker->workers->address_limits, arrived->address_slot);
	free(arrived);
}

void handover_post(struct worker *worker, unsigned to, const struct handover *handover)
{
	const struct address from =
		peer_address((const struct sockaddr *)&handover->address);
	struct handover_post leaving = {
		.post.run = handover_run,
		.address_slot =
			address_limits_enter(worker->workers->address_limits, &from),
		.handover = *handover,
	};

	worker_post_copy(worker, to, &leaving.post, sizeof(leaving),
		(struct slice *[]){&leaving.handover.head, NULL});
}
