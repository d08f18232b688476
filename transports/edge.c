#include "transports/edge.h"

#include "protocol/xmalloc.h"
#include "transports/door.h"
#include "transports/http.h"
#include "transports/ws.h"

#include <stdlib.h>

struct edge {
	struct ws *ws;
	struct http *http;
	struct door *door;
};

static void edge_destroy(struct edge *edge)
{
	door_destroy(edge->door);
	http_destroy(edge->http);
	ws_destroy(edge->ws);
	free(edge);
}

static struct edge *edge_create(struct worker *worker)
{
	struct edge *edge = xcalloc(1, sizeof(*edge));

	edge->ws = ws_create(worker);
	if (edge->ws != NULL)
		edge->http = http_create(worker, edge->ws);
	if (edge->http != NULL)
		edge->door = door_create(worker, edge->http, edge->ws);
	if (edge->door == NULL) {
		edge_destroy(edge);
		return NULL;
	}
	return edge;
}

static bool edge_turn(struct edge *edge)
{
	return http_turn(edge->http);
}

static void edge_relieve(struct edge *edge)
{
	http_relieve(edge->http);
	ws_relieve(edge->ws);
}

static void edge_close(struct edge *edge)
{
	door_close(edge->door);
}

const struct edge_ops transports_edge = {
	.create = edge_create,
	.turn = edge_turn,
	.relieve = edge_relieve,
	.close = edge_close,
	.destroy = edge_destroy,
};
