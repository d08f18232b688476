/* The system's figures of this process. */
#ifndef GATEWAY_BASE_PROCESS_H
#define GATEWAY_BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct process {
	uint64_t cpu_ms;
	uint64_t start_ms; /* since 1970 */
	uint64_t virtual_bytes, resident_bytes;
	uint64_t threads;
	uint64_t open_fds, max_fds;
};

/*
 * Fills in the figures of /proc for this process. False, with nothing written, when it
 * cannot be read.
 */
bool process_read(struct process *process);

/*
 * Opens /dev/null as each of the descriptors 0 to 2 that whoever started the process
 * has left closed. Call it first of all: otherwise the next socket or pipe would get
 * such a number, and lines of the log or of a library would be written into it.
 */
void process_open_standard(void);

#endif
