/*
 * Where the lines of the log go: stderr. At first each line is written by the thread
 * that logs it, as commands need it. Once the sink has started, a thread of its own
 * writes, and all others only copy their line into a ring (log_ring.h). So no worker
 * ever waits for whoever reads the log. The lock is held to copy, never to write.
 */
#ifndef GATEWAY_BASE_LOG_SINK_H
#define GATEWAY_BASE_LOG_SINK_H

#include "protocol/buf.h"

#include <stdint.h>

/*
 * Starts the thread. `describe` appends the line that tells how many lines are lost,
 * with its '\n'; it must not log. If the process aborts from now on, it first waits
 * until the thread has written what was logged, at most a second. -1, with errno, when
 * there is no thread: lines are then written as before.
 */
int log_sink_start(void (*describe)(struct buf *line, uint64_t lost));

/*
 * Returns when the thread has written all lines, or after a second. If it has, later
 * lines are written as before the start; if not, nobody reads, and they are lost.
 */
void log_sink_stop(void);

/* From any thread. The line ends with its only '\n'. */
void log_sink_write(struct slice line);

/* How many lines are lost, because nobody read the log, or it could not be written. */
uint64_t log_sink_lost(void);

#endif
