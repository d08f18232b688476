#include "tests/bench/histogram.h"

#include <stddef.h>

/* 64 steps of 1 at first, then 64 for each doubling. */
static size_t histogram_slot(uint64_t value)
{
	size_t doublings = 0;

	while (value >= 2 * HISTOGRAM_STEPS) {
		value >>= 1;
		doublings++;
	}
	size_t slot = doublings * HISTOGRAM_STEPS + value;
	return slot < HISTOGRAM_SIZE ? slot : HISTOGRAM_SIZE - 1;
}

static uint64_t slot_value(size_t slot)
{
	if (slot < 2 * HISTOGRAM_STEPS)
		return slot;
	size_t doublings = slot / HISTOGRAM_STEPS - 1;
	return (uint64_t)(slot - doublings * HISTOGRAM_STEPS) << doublings;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->counts[histogram_slot(value)]++;
	histogram->all++;
}

uint64_t histogram_percentile(const struct histogram *histogram, double percent)
{
	uint64_t wanted = (uint64_t)((double)histogram->all * percent / 100), sum = 0;

	for (size_t slot = 0; slot < HISTOGRAM_SIZE; slot++) {
		sum += histogram->counts[slot];
		if (sum > wanted)
			return slot_value(slot);
	}
	return 0;
}
