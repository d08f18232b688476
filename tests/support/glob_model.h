/*
 * What "?" (one character) and "*" (any number of them) match, by a table of all
 * positions. The fuzzers compare the product's walk with it.
 */
#ifndef TESTS_SUPPORT_GLOB_MODEL_H
#define TESTS_SUPPORT_GLOB_MODEL_H

#include "protocol/slice.h"

#include <stdbool.h>

enum { GLOB_MODEL_MAX = 120 }; /* bytes of a glob, and of a text */

/* Whether the glob matches the whole text. */
bool glob_model_matches(struct slice glob, struct slice text);

#endif
