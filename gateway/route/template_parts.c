/* Pieces of strings with braces, and JSON text. */
#include "gateway/route/template_parts.h"

#include "protocol/json_text.h"
#include "protocol/utf8.h"

#include <assert.h>
#include <stdlib.h>

enum piece template_piece(struct slice *rest, struct slice *piece)
{
	size_t text = 0;

	if (rest->len == 0)
		return PIECE_END;
	while (text < rest->len && rest->data[text] != '{' && rest->data[text] != '}')
		text++;
	if (text > 0) {
		*piece = slice_first(*rest, text);
		*rest = slice_from(*rest, text);
		return PIECE_TEXT;
	}
	if (rest->len > 1 && rest->data[1] == rest->data[0]) {
		*piece = slice_first(*rest, 1);
		*rest = slice_from(*rest, 2);
		return PIECE_TEXT;
	}

	size_t end = slice_find(*rest, '}');
	struct slice inside = slice_from(slice_first(*rest, end), 1);
	if (end == 0 || end == rest->len || slice_find(inside, '{') < inside.len)
		return PIECE_BAD;
	*piece = inside;
	*rest = slice_from(*rest, end + 1);
	return PIECE_PLACEHOLDER;
}

void template_refuse_braces(struct buf *error)
{
	buf_append(
		error, SLICE("has an unbalanced brace (\"{{\" and \"}}\" are braces)"));
}

static int dump_append(const char *bytes, size_t size, void *out)
{
	buf_append(out, (struct slice){bytes, size});
	return 0;
}

/* With the fewest digits that give the same number: 0.1 stays 0.1. */
static void template_append_real(struct buf *out, const json_t *real)
{
	const int fewest = 15, most = 17;
	char *text = NULL;

	for (int digits = fewest; digits <= most; digits++) {
		free(text);
		text = json_dumps(real, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
		assert(text != NULL);
		if (strtod(text, NULL) == json_real_value(real))
			break;
	}
	buf_append(out, slice_of(text));
	free(text);
}

void template_append_json(struct buf *out, const json_t *value)
{
	if (json_is_real(value)) {
		template_append_real(out, value);
		return;
	}
	int failed = json_dump_callback(
		value, dump_append, out, JSON_COMPACT | JSON_ENCODE_ANY);

	assert(failed == 0);
	(void)failed;
}

const struct slice *template_claim_value(
	const struct template_input *input, struct slice name)
{
	for (size_t i = 0; i < input->claim_count; i++) {
		if (slice_equal(input->claims[i].name, name))
			return input->claims[i].value.data == NULL
				       ? NULL
				       : &input->claims[i].value;
	}
	return NULL;
}

void template_append_string(struct buf *out, struct slice text, bool quotes)
{
	struct buf clean = {0};

	if (!utf8_is_valid(text)) {
		utf8_append_clean(&clean, text);
		text = buf_slice(&clean);
	}
	if (quotes)
		buf_append_char(out, '"');
	json_text_append_escaped(out, text);
	if (quotes)
		buf_append_char(out, '"');
	buf_finish(&clean);
}
