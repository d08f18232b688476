/*
 * The check of a subscriber: each message of its topic once, in order. A topic has one
 * publisher, which numbers its messages from 0.
 */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include "protocol/slice.h"

#include <stdint.h>

/* A message's body begins with it. */
struct stamp {
	uint64_t number;
	uint64_t time; /* in microseconds, when it was published */
};

enum { STAMP_SIZE = 33 };

void stamp_write(char *body, const struct stamp *stamp); /* STAMP_SIZE bytes */
bool stamp_read(struct stamp *stamp, struct slice body);

/* Zeroed: nothing has come. */
struct check {
	uint64_t next; /* above all that have come */
	uint64_t seen; /* bit i: next - 1 - i has come */
	uint64_t heard, missed, doubled, disordered;
};

void check_hear(struct check *check, uint64_t number);

#endif
