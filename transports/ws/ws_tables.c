/*
 * libwebsockets has a table with one place for each descriptor that the process may
 * have. As Debian builds it, it walks the whole table whenever a connection closes: 15
 * us with 20,000 places, 200 us with 262,144. So a worker has several contexts, each
 * with a table four times as large as the one before. A WebSocket belongs to the first
 * that has a place for its descriptor. The kernel gives the lowest free number, so a
 * walk passes at most four places for each open descriptor, or those of the first
 * table.
 */
#include "transports/ws/ws_internal.h"

#include "gateway/worker/worker.h"
#include "gateway/worker/workers.h"

#include <libwebsockets.h>
#include <sys/resource.h>

enum {
	FIRST_TABLE = 1024,
	DESCRIPTORS_EACH_WORKER = 128, /* more than a worker opens at the start */
	GROWTH = 4,
};

/* How large the first table is: all that is opened at the start finds its place. */
static rlim_t ws_first_table(const struct ws *ws)
{
	return FIRST_TABLE +
	       (rlim_t)DESCRIPTORS_EACH_WORKER * ws->worker->workers->count;
}

/*
 * libwebsockets asks for the limit of descriptors to learn how large its table must be,
 * so that limit is lower for the moment. No other thread opens anything at the start.
 */
static bool ws_add_table(struct ws *ws, const struct lws_context_creation_info *info,
	const struct rlimit *limit, rlim_t places)
{
	struct ws_table *table = &ws->tables[ws->table_count];
	const struct rlimit fewer = {places, limit->rlim_max};

	setrlimit(RLIMIT_NOFILE, &fewer);
	table->places = places;
	table->context = lws_create_context(info);
	if (table->context != NULL)
		table->vhost = lws_create_vhost(table->context, info);
	setrlimit(RLIMIT_NOFILE, limit);
	ws->table_count += table->context != NULL;
	return table->vhost != NULL;
}

bool ws_add_tables(struct ws *ws, const struct lws_context_creation_info *info)
{
	struct rlimit limit;
	rlim_t places = ws_first_table(ws);

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return false;
	while (places < limit.rlim_cur && ws->table_count + 1 < WS_TABLES_MAX) {
		if (!ws_add_table(ws, info, &limit, places))
			return false;
		places *= GROWTH;
	}
	return ws_add_table(ws, info, &limit, limit.rlim_cur);
}

struct lws_vhost *ws_vhost_for(const struct ws *ws, int fd)
{
	size_t i = 0;

	while (i + 1 < ws->table_count && (rlim_t)fd >= ws->tables[i].places)
		i++;
	return ws->tables[i].vhost;
}

void ws_drop_tables(struct ws *ws)
{
	while (ws->table_count > 0)
		lws_context_destroy(ws->tables[--ws->table_count].context);
}
