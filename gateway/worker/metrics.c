#include "gateway/worker/metrics.h"

#include "gateway/config/config.h"
#include "gateway/worker/metrics_endpoints.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

static const size_t first_counter = offsetof(struct metrics, closed);

const char *transport_name(enum transport transport)
{
	static const char *const names[TRANSPORTS] = {
#define X(NAME, name) [TRANSPORT_##NAME] = #name,
		TRANSPORT_LIST(X, X, TRANSPORT_SKIP)
#undef X
	};

	assert(transport > TRANSPORT_NONE && transport < TRANSPORTS);
	return names[transport];
}

static size_t metrics_size(size_t endpoints)
{
	return sizeof(struct metrics) +
	       endpoints * TRANSPORTS * sizeof(struct session_figures);
}

struct metrics *metrics_create(const struct metrics_endpoints *metrics_endpoints)
{
	const size_t endpoints =
		metrics_endpoints_capacity(metrics_endpoints) + ENDPOINTS_BESIDE;
	size_t size = metrics_size(endpoints);
	struct metrics *metrics;

	/* Whole cache lines: no other thread writes there. */
	size += CACHE_LINE - size % CACHE_LINE;
	metrics = xmalloc_adopt(aligned_alloc(CACHE_LINE, size));
	if (metrics == NULL)
		abort();
	memset(metrics, 0, size);
	metrics->endpoints = endpoints;
	return metrics;
}

void metrics_destroy(struct metrics *metrics)
{
	free(metrics);
}

/* The first counter of the metrics. */
static struct counter *metrics_counters(const struct metrics *metrics)
{
	return (struct counter *)(void *)((char *)(uintptr_t)metrics + first_counter);
}

void metrics_add(struct metrics *sum, const struct metrics *metrics)
{
	size_t count = (metrics_size(metrics->endpoints) - first_counter) /
		       sizeof(struct counter);

	assert(sum->endpoints == metrics->endpoints);
	for (size_t i = 0; i < count; i++)
		counter_add(&metrics_counters(sum)[i],
			counter_read(&metrics_counters(metrics)[i]));
}

static size_t endpoint_index(const struct metrics_endpoints *metrics_endpoints,
	const struct endpoint *endpoint)
{
	const size_t beside = metrics_endpoints_capacity(metrics_endpoints);

	if (endpoint->is_console)
		return beside + ENDPOINTS_CONSOLE;
	if (endpoint == &endpoint->config->tcp)
		return beside + ENDPOINTS_TCP;
	const size_t index = metrics_endpoints_find(metrics_endpoints, endpoint->path);
	return index < beside ? index : beside + ENDPOINTS_NEW;
}

struct session_figures *metrics_sessions(struct metrics *metrics,
	const struct metrics_endpoints *metrics_endpoints,
	const struct endpoint *endpoint, enum transport transport)
{
	return &metrics->sessions[endpoint_index(metrics_endpoints, endpoint)]
				 [transport];
}

/* The bound that causes this status; BOUNDS: none. */
static enum bound bound_of_status(unsigned status)
{
	switch (status) {
	case 413:
		return BOUND_BODY;
	case 414:
		return BOUND_TARGET;
	case 431:
		return BOUND_HEAD;
	default:
		return BOUNDS;
	}
}

void metrics_answer(struct metrics *metrics, enum request_kind kind, unsigned status)
{
	enum bound bound = bound_of_status(status);

	assert(kind != REQUEST_NONE);
	assert(status >= STATUS_FIRST && status < STATUS_FIRST + STATUSES);
	counter_add(&metrics->requests[kind][status - STATUS_FIRST], 1);
	if (bound != BOUNDS)
		metrics_refuse(metrics, bound);
}
