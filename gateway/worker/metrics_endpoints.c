#include "gateway/worker/metrics_endpoints.h"

#include "gateway/config/config.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct metrics_endpoints {
	size_t capacity;
	_Atomic size_t count; /* the entries below it never change */
	struct metrics_endpoint all[];
};

struct metrics_endpoints *metrics_endpoints_create(const struct config *config)
{
	const size_t capacity = config->endpoint_count + METRICS_ENDPOINTS_LATER;
	struct metrics_endpoints *metrics_endpoints =
		xcalloc(1, sizeof(*metrics_endpoints) +
				   capacity * sizeof(*metrics_endpoints->all));

	metrics_endpoints->capacity = capacity;
	metrics_endpoints_add(metrics_endpoints, config);
	return metrics_endpoints;
}

void metrics_endpoints_destroy(struct metrics_endpoints *metrics_endpoints)
{
	if (metrics_endpoints == NULL)
		return;
	for (size_t i = 0; i < metrics_endpoints->count; i++)
		free((char *)(uintptr_t)metrics_endpoints->all[i].path.data);
	free(metrics_endpoints);
}

void metrics_endpoints_add(
	struct metrics_endpoints *metrics_endpoints, const struct config *config)
{
	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct endpoint *endpoint = &config->endpoints[i];
		size_t index =
			metrics_endpoints_find(metrics_endpoints, endpoint->path);
		const bool is_new = index == metrics_endpoints->capacity;

		if (is_new && metrics_endpoints->count == metrics_endpoints->capacity)
			continue;
		if (is_new) {
			index = metrics_endpoints->count;
			metrics_endpoints->all[index].path = (struct slice){
				xstrdup(endpoint->path), endpoint->path.len};
		}
		metrics_endpoints->all[index].sockjs |= endpoint->sockjs;
		metrics_endpoints->all[index].websocket |= endpoint->websocket;
		metrics_endpoints->count += is_new;
	}
}

size_t metrics_endpoints_capacity(const struct metrics_endpoints *metrics_endpoints)
{
	return metrics_endpoints->capacity;
}

size_t metrics_endpoints_count(const struct metrics_endpoints *metrics_endpoints)
{
	return metrics_endpoints->count;
}

const struct metrics_endpoint *metrics_endpoints_at(
	const struct metrics_endpoints *metrics_endpoints, size_t index)
{
	assert(index < metrics_endpoints->count);
	return &metrics_endpoints->all[index];
}

size_t metrics_endpoints_find(
	const struct metrics_endpoints *metrics_endpoints, struct slice path)
{
	const size_t count = metrics_endpoints->count;

	for (size_t i = 0; i < count; i++) {
		if (slice_equal(metrics_endpoints->all[i].path, path))
			return i;
	}
	return metrics_endpoints->capacity;
}
