/*
 * The lines of the log that wait to be written: whole lines, in a fixed number of
 * bytes. A line that finds no room is lost and counted. After that all lines are lost
 * until half of the ring is free, so that a slow reader gets runs of lines with few
 * gaps; a line that tells how many are lost then stands in their place.
 *
 * It has no lock and knows no descriptor: its owner does that (log_sink.h).
 */
#ifndef GATEWAY_BASE_LOG_RING_H
#define GATEWAY_BASE_LOG_RING_H

#include "protocol/slice.h"

#include <stdint.h>

/*
 * 25 seconds of lines of 200 bytes, if one kind of line comes as often as
 * limits.log_lines lets it by default. It must be a fixed number: the log has to work
 * before the configuration is read.
 */
enum { LOG_RING_BYTES = 1 << 20 };

/* Zeroed, it is empty. Its memory is touched only as far as lines have filled it. */
struct log_ring {
	char bytes[LOG_RING_BYTES];
	size_t start, used;
	uint64_t lost; /* lines, in all */
	uint64_t gap;  /* lines lost since log_ring_close_gap() */
};

/*
 * Copies a line, which ends with its only '\n'. False, and counted as lost, when there
 * is no room.
 */
bool log_ring_put(struct log_ring *ring, struct slice line);

/*
 * Moves the oldest lines into `out` and returns their bytes: as many whole lines as
 * `most` bytes hold, or a part of a longer line.
 */
size_t log_ring_take(struct log_ring *ring, char *out, size_t most);

/* How many lines a line must now tell of: none until half of the ring is free. */
uint64_t log_ring_gap(const struct log_ring *ring);

/* Puts the line that tells of log_ring_gap() lines in their place. */
void log_ring_close_gap(struct log_ring *ring, struct slice line);

#endif
