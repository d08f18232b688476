/*
 * Templates: the first line is a template in JSON, the rest is the body of a SEND.
 * Whatever the body is, it only fills in values: the rendered text is JSON with the
 * template's shape, and a refusal leaves the output unchanged.
 */
#include "gateway/route/template.h"

#include "tests/support/fuzz.h"

enum { DEPTH = 64 }; /* of templates */

static const struct variables variables = {
	.items = {{SLICE_INIT("room"), SLICE_INIT("7\"},{\"")},
		{SLICE_INIT("odd"), SLICE_INIT("a\"\xff\n\\")}},
	.count = 2,
};

static const struct stomp_header headers[] = {
	{SLICE_INIT("destination"), SLICE_INIT("/app/chat")},
	{SLICE_INIT("odd"), SLICE_INIT("\"\\\xed\xa0\x80\x01")},
};

static bool string_has_braces(const json_t *string)
{
	struct slice text = {json_string_value(string), json_string_length(string)};

	return slice_find(text, '{') < text.len || slice_find(text, '}') < text.len;
}

static bool string_is_one_placeholder(const json_t *string)
{
	struct slice text = {json_string_value(string), json_string_length(string)};

	return text.len > 2 && text.data[0] == '{' && text.data[1] != '{';
}

static void check_shape(const json_t *template, const json_t *rendered, int depth);

static void check_object(json_t *template, const json_t *rendered, int depth)
{
	const char *name;
	json_t *member;

	assert(json_object_size(template) == json_object_size(rendered));
	json_object_foreach(template, name, member)
		check_shape(member, json_object_get(rendered, name), depth);
}

/* A value without a placeholder is the template's own. */
static void check_shape(const json_t *template, const json_t *rendered, int depth)
{
	assert(rendered != NULL && depth <= DEPTH);
	if (json_is_object(template)) {
		assert(json_is_object(rendered));
		check_object((json_t *)template, rendered, depth + 1);
	} else if (json_is_array(template)) {
		assert(json_array_size(template) == json_array_size(rendered));
		for (size_t i = 0; i < json_array_size(template); i++)
			check_shape(json_array_get(template, i),
				json_array_get(rendered, i), depth + 1);
	} else if (!json_is_string(template) || !string_has_braces(template)) {
		assert(json_equal(template, rendered));
	} else if (!string_is_one_placeholder(template)) {
		assert(json_is_string(rendered));
	}
}

static void check_rendered(const json_t *value, struct slice text)
{
	json_error_t mistake;
	json_t *rendered = json_loadb(
		text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &mistake);

	/* The body's depth is added to the template's. */
	if (rendered == NULL && json_error_code(&mistake) == json_error_stack_overflow)
		return;
	check_shape(value, rendered, 0);
	json_decref(rendered);
}

static void check_render(
	const struct template *template, const json_t *value, struct slice body)
{
	const struct stomp_frame send = {.command = STOMP_SEND,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(*headers),
		.body = body};
	const struct template_input input = {.send = &send,
		.variables = &variables,
		.user = SLICE("ada\"\xc3"),
		.session = SLICE("s1"),
		.now = 951793445};
	struct buf out = {0}, error = {0};

	buf_append_char(&out, '!');
	if (template_render(template, &input, &out, &error))
		check_rendered(value, slice_from(buf_slice(&out), 1));
	else
		assert(error.len > 0 && out.len == 1);
	assert(out.data[0] == '!');
	buf_finish(&out);
	buf_finish(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body = fuzz_slice(data, size);
	const struct slice line = fuzz_line(&body);
	struct buf error = {0};

	/* As the configuration is read: no NUL, and no repeated name. */
	json_t *value = json_loadb(
		line.data, line.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (value == NULL)
		return 0;
	struct template *template = template_create(value, &variables, &error);
	if (template != NULL)
		check_render(template, value, body);
	else
		assert(error.len > 0);
	template_destroy(template);
	json_decref(value);
	buf_finish(&error);
	return 0;
}
