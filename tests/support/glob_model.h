/*
 * What "?" (one character) and "*" (any number of them) match, by a table of all
 * positions. The fuzzers compare the product's walk with it.
 */
#ifndef TESTS_SUPPORT_GLOB_MODEL_H
#define TESTS_SUPPORT_GLOB_MODEL_H

#include "protocol/slice.h"

#include <stdbool.h>

enum { GLOB_MODEL_MAX = 120 }; /* bytes of a glob, and of a text */

enum { GLOB_MODEL_SEGMENTS_MAX = 32 }; /* of a pattern */

/* Whether the glob matches the whole text. */
bool glob_model_matches(struct slice glob, struct slice text);

/*
 * Whether the pattern, whose segments begin at '/' or the separator, matches the whole
 * destination: the same for segments and "**".
 */
bool glob_model_pattern_matches(
	struct slice pattern, struct slice destination, char separator);

#endif
