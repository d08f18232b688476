#include "gateway/worker/census.h"

#include "gateway/config/config.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct census {
	size_t capacity;
	_Atomic size_t count; /* the places below it stay where and what they are */
	struct census_place places[];
};

struct census *census_create(const struct config *config)
{
	const size_t capacity = config->endpoint_count + CENSUS_LATER;
	struct census *census =
		xcalloc(1, sizeof(*census) + capacity * sizeof(*census->places));

	census->capacity = capacity;
	census_add(census, config);
	return census;
}

void census_destroy(struct census *census)
{
	if (census == NULL)
		return;
	for (size_t i = 0; i < census->count; i++)
		free((char *)(uintptr_t)census->places[i].path.data);
	free(census);
}

void census_add(struct census *census, const struct config *config)
{
	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct endpoint *endpoint = &config->endpoints[i];
		size_t index = census_find(census, endpoint->path);
		const bool is_new = index == census->capacity;

		if (is_new && census->count == census->capacity)
			continue;
		if (is_new) {
			index = census->count;
			census->places[index].path = (struct slice){
				xstrdup(endpoint->path), endpoint->path.len};
		}
		census->places[index].sockjs |= endpoint->sockjs;
		census->places[index].websocket |= endpoint->websocket;
		census->count += is_new;
	}
}

size_t census_capacity(const struct census *census)
{
	return census->capacity;
}

size_t census_count(const struct census *census)
{
	return census->count;
}

const struct census_place *census_at(const struct census *census, size_t index)
{
	assert(index < census->count);
	return &census->places[index];
}

size_t census_find(const struct census *census, struct slice path)
{
	const size_t count = census->count;

	for (size_t i = 0; i < count; i++) {
		if (slice_equal(census->places[i].path, path))
			return i;
	}
	return census->capacity;
}
