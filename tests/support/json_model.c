#include "tests/support/json_model.h"

#include "gateway/route/template_body.h"
#include "protocol/json_text.h"
#include "protocol/utf8.h"

#include <assert.h>
#include <jansson.h>

enum { PATHS = 7 };

static const struct slice paths[PATHS] = {SLICE_INIT("a"), SLICE_INIT("a.b"),
	SLICE_INIT("c.a.b"), SLICE_INIT(""), SLICE_INIT("b"), SLICE_INIT("c.c"),
	SLICE_INIT("nobody")};

static json_t *json_read(struct slice text, json_error_t *error)
{
	return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

static const json_t *json_find(const json_t *value, struct slice path)
{
	while (path.len > 0 && value != NULL) {
		const size_t dot = slice_find(path, '.');

		value = json_object_getn(value, path.data, dot);
		path = slice_from(path, dot + 1);
	}
	return value;
}

/* Written once, a value is the same, no longer, and compact already. */
static void check_value(struct slice value, const json_t *expected)
{
	struct buf compact = {0}, again = {0};
	json_error_t error;

	json_text_append_compact(&compact, value);
	json_text_append_compact(&again, buf_slice(&compact));
	json_t *got = json_read(buf_slice(&compact), &error);
	assert(got != NULL && json_equal(got, expected));
	assert(compact.len <= value.len);
	assert(slice_equal(buf_slice(&compact), buf_slice(&again)));
	json_decref(got);
	buf_finish(&compact);
	buf_finish(&again);
}

/*
 * jansson refuses two things that are JSON: half of a surrogate pair, raw or escaped,
 * and an escaped NUL in a name. The bound of doubles is exact to twenty digits only.
 */
static bool json_may_differ(struct slice body, const json_error_t *error)
{
	if (json_error_code(error) == json_error_null_byte_in_key ||
		json_error_code(error) == json_error_numeric_overflow)
		return true;
	if (!utf8_is_valid(body))
		return true;
	for (; body.len > 3; body = slice_from(body, 1)) {
		if (slice_starts_with(body, SLICE("\\ud")) ||
			slice_starts_with(body, SLICE("\\uD")))
			return true;
	}
	return false;
}

bool json_model_check(struct slice body)
{
	struct body_member members[PATHS] = {{.depth = 0}};
	struct buf clean = {0}, refusal = {0};
	json_error_t error;
	json_t *value = json_read(body, &error);

	for (size_t i = 0; i < PATHS; i++)
		members[i].path = paths[i];
	const bool good = template_body_find(body, members, PATHS, &clean, &refusal);
	assert(good == (refusal.len == 0));
	/* jansson passes over a NUL between tokens, which is no JSON. */
	if (slice_find(body, '\0') == body.len)
		assert(good == (value != NULL) ||
			(good && json_may_differ(body, &error)));
	for (size_t i = 0; good && value != NULL && i < PATHS; i++) {
		const json_t *expected = json_find(value, paths[i]);

		assert((members[i].value.data != NULL) == (expected != NULL));
		if (expected != NULL)
			check_value(members[i].value, expected);
	}
	json_decref(value);
	buf_finish(&clean);
	buf_finish(&refusal);
	return good;
}
