/* Times in microseconds, kept to 1.6 %. Zeroed is empty. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_SIZE = 32 * HISTOGRAM_STEPS };

struct histogram {
	uint64_t counts[HISTOGRAM_SIZE];
	uint64_t all;
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The value that so many percent do not exceed; 0 when there is none. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

#endif
