/*
 * Targets of routes: plain texts with variables. A value that a login has brought fills
 * one segment and no more, whatever it is: else the user "ana/admin" could have the
 * destinations of two segments.
 */
#include "gateway/route/template_parts.h"
#include "protocol/url.h"

static const struct slice claim_prefix = SLICE_INIT("claim.");
static const struct slice variable_prefix = SLICE_INIT("var.");

/* Here {NAME} means the same as {var.NAME}. */
static const struct slice *target_variable(
	struct slice name, const struct variables *variables)
{
	const struct slice *value = variables_find(variables, name);

	if (value == NULL && slice_starts_with(name, variable_prefix))
		value = variables_find(
			variables, slice_from(name, variable_prefix.len));
	return value;
}

/* True for a variable of the client's login. */
static bool target_is_of_login(struct slice name)
{
	return slice_equal(name, SLICE("user")) ||
	       slice_equal(name, SLICE("session")) ||
	       (slice_starts_with(name, claim_prefix) && name.len > claim_prefix.len);
}

static struct slice target_value_of_login(
	const struct template_input *input, struct slice name)
{
	const struct slice *claim;

	if (slice_equal(name, SLICE("user")))
		return input->user;
	if (slice_equal(name, SLICE("session")))
		return input->session;
	claim = template_claim_value(input, slice_from(name, claim_prefix.len));
	return claim == NULL ? SLICE("") : *claim;
}

/*
 * A variable of the pattern is a segment between '/' as the client has spelled it: what
 * is encoded stays so. Only another separator could make two segments of it.
 */
static void target_append_variable(struct buf *out, struct slice value, char separator)
{
	while (separator != '/' && slice_find(value, separator) < value.len) {
		const size_t at = slice_find(value, separator);

		buf_append(out, slice_first(value, at));
		buf_printf(out, "%%%02X", (unsigned)(unsigned char)separator);
		value = slice_from(value, at + 1);
	}
	buf_append(out, value);
}

/* False, with a sentence, for a value that fills no segment. */
static bool target_append(const struct template_input *input, struct slice name,
	char separator, struct buf *out, struct buf *error)
{
	const struct slice *variable;
	struct slice value;

	if (!target_is_of_login(name)) {
		/* The configuration's check has found it. */
		variable = target_variable(name, input->variables);
		if (variable != NULL)
			target_append_variable(out, *variable, separator);
		return variable != NULL;
	}
	value = target_value_of_login(input, name);
	if (value.len > 0 && !slice_equal(value, SLICE(".")) &&
		!slice_equal(value, SLICE(".."))) {
		url_append_segment(out, value, separator);
		return true;
	}
	buf_printf(error, "{%.*s} %s", SLICE_ARGS(name),
		value.len == 0 ? "has no value" : "is no name of a segment");
	return false;
}

bool template_render_target(struct slice text, const struct template_input *input,
	char separator, struct buf *out, struct buf *error)
{
	const size_t start = out->len;
	struct slice piece;

	for (;;) {
		switch (template_piece(&text, &piece)) {
		case PIECE_TEXT:
			buf_append(out, piece);
			continue;
		case PIECE_PLACEHOLDER:
			if (!target_append(input, piece, separator, out, error))
				break;
			continue;
		case PIECE_END:
			return true;
		case PIECE_BAD:
			break;
		}
		out->len = start;
		return false;
	}
}

/* False, with the reason, for a variable that is unknown, or may be either of two. */
static bool target_check_variable(
	struct slice name, const struct variables *known, struct buf *error)
{
	const bool is_of_login = target_is_of_login(name);
	const bool is_of_pattern = target_variable(name, known) != NULL;

	if (is_of_login && is_of_pattern)
		buf_printf(error,
			"{%.*s} is the client's, and a variable of the pattern: write "
			"{var.%.*s} for the pattern's, or rename that",
			SLICE_ARGS(name), SLICE_ARGS(name));
	else if (!is_of_login && !is_of_pattern)
		buf_printf(error,
			"{%.*s} is no variable of the pattern, and none of {user}, "
			"{session}, {claim.NAME}",
			SLICE_ARGS(name));
	return is_of_login != is_of_pattern;
}

bool template_check_target(
	struct slice text, const struct variables *known, struct buf *error)
{
	struct slice piece;

	for (;;) {
		switch (template_piece(&text, &piece)) {
		case PIECE_TEXT:
			break;
		case PIECE_PLACEHOLDER:
			if (!target_check_variable(piece, known, error))
				return false;
			break;
		case PIECE_END:
			return true;
		case PIECE_BAD:
			template_refuse_braces(error);
			return false;
		}
	}
}

struct slice template_next_target_claim(struct slice *rest)
{
	struct slice piece;

	for (;;) {
		switch (template_piece(rest, &piece)) {
		case PIECE_TEXT:
			break;
		case PIECE_PLACEHOLDER:
			if (slice_starts_with(piece, claim_prefix))
				return slice_from(piece, claim_prefix.len);
			break;
		case PIECE_END:
		case PIECE_BAD:
			return SLICE("");
		}
	}
}
