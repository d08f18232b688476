#include "tests/support/glob_model.h"

#include "protocol/utf8.h"

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
