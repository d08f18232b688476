#include "tests/support/glob_model.h"

#include "protocol/utf8.h"

#include <assert.h>

/* The bytes of the character at the front; 0 for an empty text. */
static size_t glob_model_character(struct slice text)
{
	uint32_t code;
	size_t len = text.len == 0 ? 0 : utf8_decode(text, &code);

	/* Between two bytes of a character nothing begins. */
	return text.len > 0 && len == 0 ? 1 : len;
}

bool glob_model_matches(struct slice glob, struct slice text)
{
	/* Whether the glob from p on matches the text from t on, for all p and t. */
	bool fits[GLOB_MODEL_MAX + 2][GLOB_MODEL_MAX + 2] = {{false}};

	fits[glob.len][text.len] = true;
	for (size_t p = glob.len; p-- > 0;) {
		for (size_t t = text.len + 1; t-- > 0;) {
			const size_t len = glob_model_character(slice_from(text, t));

			if (glob.data[p] == '*')
				fits[p][t] =
					fits[p + 1][t] || (len > 0 && fits[p][t + len]);
			else if (glob.data[p] == '?')
				fits[p][t] = len > 0 && fits[p + 1][t + len];
			else
				fits[p][t] = len > 0 && glob.data[p] == text.data[t] &&
					     fits[p + 1][t + 1];
		}
	}
	return fits[0][0];
}

/* Cuts a text into its segments, each with the separator before it. */
static size_t glob_model_cut(
	struct slice text, char separator, struct slice segments[GLOB_MODEL_MAX])
{
	size_t count = 0;

	while (text.len > 0) {
		size_t len = 1;

		while (len < text.len && text.data[len] != '/' &&
			text.data[len] != separator)
			len++;
		segments[count++] = slice_first(text, len);
		text = slice_from(text, len);
	}
	return count;
}

bool glob_model_pattern_matches(
	struct slice pattern, struct slice destination, char separator)
{
	bool fits[GLOB_MODEL_SEGMENTS_MAX + 1][GLOB_MODEL_MAX + 1] = {{false}};
	struct slice globs[GLOB_MODEL_MAX], texts[GLOB_MODEL_MAX];
	const size_t wanted = glob_model_cut(pattern, separator, globs);
	const size_t given = glob_model_cut(destination, separator, texts);

	assert(wanted <= GLOB_MODEL_SEGMENTS_MAX);
	fits[wanted][given] = true;
	for (size_t p = wanted; p-- > 0;) {
		const bool is_deep = slice_equal(slice_from(globs[p], 1), SLICE("**"));

		for (size_t t = given + 1; t-- > 0;) {
			const bool is_left = t < given;

			if (is_deep)
				fits[p][t] =
					fits[p + 1][t] ||
					(is_left && fits[p][t + 1] &&
						globs[p].data[0] == texts[t].data[0]);
			else
				fits[p][t] = is_left && fits[p + 1][t + 1] &&
					     glob_model_matches(globs[p], texts[t]);
		}
	}
	return fits[0][0];
}
