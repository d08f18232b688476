#include "gateway/base/log_ring.h"

#include <string.h>

static void log_ring_append(struct log_ring *ring, struct slice line)
{
	const size_t end = (ring->start + ring->used) % LOG_RING_BYTES;
	const size_t first =
		line.len < LOG_RING_BYTES - end ? line.len : LOG_RING_BYTES - end;

	memcpy(ring->bytes + end, line.data, first);
	memcpy(ring->bytes, line.data + first, line.len - first);
	ring->used += line.len;
}

bool log_ring_put(struct log_ring *ring, struct slice line)
{
	if (ring->gap > 0 || line.len > LOG_RING_BYTES - ring->used) {
		ring->gap++;
		ring->lost++;
		return false;
	}
	log_ring_append(ring, line);
	return true;
}

/* Copies the oldest bytes. */
static void log_ring_peek(const struct log_ring *ring, char *out, size_t len)
{
	const size_t first =
		len < LOG_RING_BYTES - ring->start ? len : LOG_RING_BYTES - ring->start;

	memcpy(out, ring->bytes + ring->start, first);
	memcpy(out + first, ring->bytes, len - first);
}

size_t log_ring_take(struct log_ring *ring, char *out, size_t most)
{
	size_t len = ring->used < most ? ring->used : most;

	log_ring_peek(ring, out, len);
	const char *end = len > 0 ? memrchr(out, '\n', len) : NULL;
	if (end != NULL)
		len = (size_t)(end - out) + 1;
	ring->used -= len;
	/* An empty ring begins anew, so that it touches little of its memory. */
	ring->start = ring->used == 0 ? 0 : (ring->start + len) % LOG_RING_BYTES;
	return len;
}

uint64_t log_ring_gap(const struct log_ring *ring)
{
	return ring->used <= LOG_RING_BYTES / 2 ? ring->gap : 0;
}

void log_ring_close_gap(struct log_ring *ring, struct slice line)
{
	ring->gap = 0;
	log_ring_append(ring, line);
}
