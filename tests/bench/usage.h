/* The server's use of resources so far, as the kernel counts it. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESSES_MAX = 8, THREADS_MAX = 64 };

/* The processes that a server is. */
struct processes {
	pid_t ids[PROCESSES_MAX];
	size_t count;
};

struct thread_usage {
	pid_t id;
	uint64_t cpu; /* microseconds of user and system time */
};

struct usage {
	uint64_t cpu;    /* of all threads, including ended ones */
	uint64_t memory; /* bytes that are resident */
	struct thread_usage threads[THREADS_MAX]; /* the first ones */
	size_t thread_count;
};

/* Ends the program when one of the processes has gone. */
struct usage usage_read(const struct processes *processes);

/* The use of the busiest thread between the two. */
uint64_t usage_busiest(const struct usage *before, const struct usage *after);

uint64_t now_us(void); /* of a monotonic clock */

#endif
