/*
 * The function that a fuzz target defines. It asserts what must hold for any input.
 * libFuzzer searches for input that breaks it; tests/support/replay.c runs the corpus
 * without libFuzzer.
 */
#ifndef TESTS_SUPPORT_FUZZ_H
#define TESTS_SUPPORT_FUZZ_H

#include "protocol/slice.h"

#include <assert.h>
#include <stdint.h>

/* Returns 0. The input is on the heap and exactly `size` bytes long. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct slice fuzz_slice(const uint8_t *data, size_t size)
{
	return (struct slice){size > 0 ? (const char *)data : "", size};
}

/* Takes the first line off *rest, which may have only that one; without its '\n'. */
static inline struct slice fuzz_line(struct slice *rest)
{
	size_t end = slice_find(*rest, '\n');
	struct slice line = slice_first(*rest, end);

	*rest = slice_from(*rest, end + 1);
	return line;
}

#endif
