/*
 * What template_body_find() must find, according to jansson: the same bodies are JSON,
 * and the same members are in them.
 */
#ifndef TESTS_SUPPORT_JSON_MODEL_H
#define TESTS_SUPPORT_JSON_MODEL_H

#include "protocol/slice.h"

/*
 * Compares the two for some paths of the names "a", "b" and "c". Fails by an assertion.
 * True when the body is JSON.
 */
bool json_model_check(struct slice body);

#endif
