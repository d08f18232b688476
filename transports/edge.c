#include "transports/edge.h"

#include "protocol/xmalloc.h"
#include "transports/base/carriers.h"
#include "transports/door/door.h"
#include "transports/http/http.h"
#include "transports/tcp/tcp.h"
#include "transports/ws/ws.h"

#include <stdlib.h>

static void edge_destroy(struct edge *edge)
{
	door_destroy(edge->door);
	http_destroy(edge->http);
	ws_destroy(edge->ws);
	tcp_destroy(edge->tcp);
	free(edge);
}

static struct edge *edge_create(struct worker *worker)
{
	struct edge *edge = xcalloc(1, sizeof(*edge));

	edge->worker = worker;
	edge->tcp = tcp_create(worker);
	edge->ws = ws_create(worker);
	if (edge->ws != NULL)
		edge->http = http_create(worker, edge->ws);
	if (edge->http != NULL && worker->index == 0)
		edge->door = door_create(worker);
	if (edge->http == NULL || (worker->index == 0 && edge->door == NULL)) {
		edge_destroy(edge);
		return NULL;
	}
	return edge;
}

/* Reports closed connections to the door, which then accepts more. */

struct closed_post {
	struct post post;
	unsigned worker;
	int64_t closed;
};

static void closed_run(struct worker *worker, struct post *post)
{
	struct closed_post *telling = container_of(post, struct closed_post, post);

	if (worker->edge != NULL)
		door_count_closed(worker->edge->door, telling->worker, telling->closed);
	free(telling);
}

static void edge_tell_closed(struct edge *edge)
{
	/* A connection that becomes a WebSocket late counts twice for a moment. */
	uint64_t closed = edge->arrived - edge->worker->connections;

	if (closed == edge->closed)
		return;
	struct closed_post *telling = xmalloc(sizeof(*telling));
	*telling = (struct closed_post){{.size = sizeof(*telling), .run = closed_run},
		edge->worker->index, (int64_t)(closed - edge->closed)};
	edge->closed = closed;
	worker_post(edge->worker, 0, &telling->post);
}

static bool edge_turn(struct edge *edge)
{
	bool more_tcp = tcp_turn(edge->tcp), more_ws = ws_turn(edge->ws);
	bool more = http_turn(edge->http);

	edge_tell_closed(edge);
	return more || more_tcp || more_ws;
}

static void edge_resume_reading(struct edge *edge)
{
	http_resume_reading(edge->http);
	ws_resume_reading(edge->ws);
	tcp_resume_reading(edge->tcp);
}

const struct edge_ops transports_edge = {
	.create = edge_create,
	.turn = edge_turn,
	.resume_reading = edge_resume_reading,
	.destroy = edge_destroy,
};
