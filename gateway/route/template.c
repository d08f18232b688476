/*
 * Makes templates: the value becomes JSON text, and each placeholder is checked and
 * remembered with its position.
 */
#include "gateway/route/template.h"

#include "gateway/route/template_parts.h"
#include "gateway/route/template_time.h"
#include "protocol/json_text.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { DEPTH_MAX = 64 };

/* The spellings. One that ends with '.' or ':' needs a name after it. */
static const struct {
	const char *text;
	enum source source;
	bool named;
} spellings[] = {
	{"body", SOURCE_BODY, false},
	{"body.", SOURCE_BODY, true},
	{"user", SOURCE_USER, false},
	{"session", SOURCE_SESSION, false},
	{"claim.", SOURCE_CLAIM, true},
	{"header.", SOURCE_HEADER, true},
	{"var.", SOURCE_VARIABLE, true},
	{"now:", SOURCE_NOW, true},
};

/* The state of template_create() during its walk through the value. */
struct maker {
	struct template *template;
	const struct variables *known;
	struct buf *error;
};

static bool body_path_is_fine(struct slice path)
{
	struct slice rest = path;

	for (;;) {
		size_t dot = slice_find(rest, '.');
		if (dot == 0)
			return false;
		if (dot == rest.len)
			return true;
		rest = slice_from(rest, dot + 1);
	}
}

static bool time_format_is_fine(struct slice format)
{
	struct buf scratch = {0};
	bool fine = template_time(format, 0, &scratch);

	buf_finish(&scratch);
	return fine;
}

/* NULL when the name suits the source. */
static const char *template_name_mistake(
	enum source source, struct slice name, const struct variables *known)
{
	switch (source) {
	case SOURCE_BODY:
		return body_path_is_fine(name) ? NULL : "has an empty name";
	case SOURCE_VARIABLE:
		return variables_find(known, name) != NULL
			       ? NULL
			       : "is no variable of the pattern";
	case SOURCE_NOW:
		return time_format_is_fine(name) ? NULL : "has no time format we know";
	case SOURCE_USER:
	case SOURCE_SESSION:
	case SOURCE_CLAIM:
	case SOURCE_HEADER:
		return NULL;
	}
	return NULL;
}

/* Takes the fallback "?" or ":-TEXT" from the end of a name. */
static void fallback_read(struct placeholder *placeholder)
{
	struct slice *name = &placeholder->name;

	for (size_t at = 1; at + 1 < name->len; at++) {
		if (name->data[at] == ':' && name->data[at + 1] == '-') {
			placeholder->fallback = FALLBACK_TEXT;
			placeholder->text = slice_from(*name, at + 2);
			name->len = at;
			return;
		}
	}
	if (name->len > 1 && slice_ends_with(*name, SLICE("?"))) {
		placeholder->fallback = FALLBACK_NULL;
		name->len--;
	}
}

static bool source_may_lack(enum source source)
{
	return source == SOURCE_BODY || source == SOURCE_HEADER ||
	       source == SOURCE_CLAIM;
}

static bool placeholder_read(
	struct maker *maker, struct slice text, struct placeholder *placeholder)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		struct slice spelling = slice_of(spellings[i].text);
		struct slice name = slice_from(text, spelling.len);

		if (!slice_starts_with(text, spelling) ||
			(name.len > 0) != spellings[i].named)
			continue;
		placeholder->source = spellings[i].source;
		placeholder->name = name;
		if (spellings[i].named && source_may_lack(spellings[i].source))
			fallback_read(placeholder);
		const char *mistake =
			spellings[i].named ? template_name_mistake(spellings[i].source,
						     placeholder->name, maker->known)
					   : NULL;
		if (mistake != NULL) {
			buf_printf(
				maker->error, "{%.*s} %s", SLICE_ARGS(text), mistake);
			return false;
		}
		return true;
	}
	buf_printf(maker->error,
		"{%.*s} is none of {body}, {body.NAME}, {user}, {session}, "
		"{claim.NAME}, {header.NAME}, {var.NAME}, {now:FORMAT}",
		SLICE_ARGS(text));
	return false;
}

/* The index of the member with that path, which is added if it is new. */
static size_t template_member(struct template *template, struct slice name)
{
	struct buf path = {0};
	size_t at = 0;

	json_text_append_escaped(&path, name);
	while (at < template->member_count &&
		!slice_equal(template->members[at], buf_slice(&path)))
		at++;
	if (at == template->member_count) {
		template->members = xrealloc(
			template->members, (at + 1) * sizeof(*template->members));
		template->members[at] =
			(struct slice){xstrdup(buf_slice(&path)), path.len};
		template->member_count++;
	}
	buf_finish(&path);
	return at;
}

static bool template_make_placeholder(
	struct maker *maker, struct slice text, bool is_whole)
{
	struct template *template = maker->template;
	struct placeholder found = {
		.is_whole = is_whole, .at = template->text.len, .text = SLICE("")};

	if (!placeholder_read(maker, text, &found))
		return false;
	found.name.data = xstrdup(found.name);
	found.text.data = xstrdup(found.text);
	if (found.source == SOURCE_BODY)
		found.member = template_member(template, found.name);
	if (template->count == template->capacity) {
		template->capacity = template->capacity * 2 + 4;
		template->placeholders = xrealloc(template->placeholders,
			template->capacity * sizeof(*template->placeholders));
	}
	template->placeholders[template->count++] = found;
	return true;
}

/* True when the string is one placeholder and nothing else. */
static bool string_is_whole(struct slice string, struct slice *inside)
{
	return template_piece(&string, inside) == PIECE_PLACEHOLDER && string.len == 0;
}

static bool template_make_string(struct maker *maker, struct slice string)
{
	struct buf *text = &maker->template->text;
	struct slice piece;

	if (string_is_whole(string, &piece))
		return template_make_placeholder(maker, piece, true);

	buf_append_char(text, '"');
	for (;;) {
		switch (template_piece(&string, &piece)) {
		case PIECE_TEXT:
			template_append_string(text, piece, false);
			break;
		case PIECE_PLACEHOLDER:
			if (!template_make_placeholder(maker, piece, false))
				return false;
			break;
		case PIECE_BAD:
			template_refuse_braces(maker->error);
			return false;
		case PIECE_END:
			buf_append_char(text, '"');
			return true;
		}
	}
}

static bool template_make_value(
	struct maker *maker, const json_t *value, unsigned depth);

static bool template_make_object(
	struct maker *maker, const json_t *object, unsigned depth)
{
	struct buf *text = &maker->template->text;
	char before = '{';

	/* The iterator takes no const, but only reads. */
	for (void *at = json_object_iter((json_t *)object); at != NULL;
		at = json_object_iter_next((json_t *)object, at)) {
		buf_append_char(text, before);
		template_append_string(text, slice_of(json_object_iter_key(at)), true);
		buf_append_char(text, ':');
		if (!template_make_value(maker, json_object_iter_value(at), depth + 1))
			return false;
		before = ',';
	}
	buf_append(text, before == '{' ? SLICE("{}") : SLICE("}"));
	return true;
}

static bool template_make_array(
	struct maker *maker, const json_t *array, unsigned depth)
{
	struct buf *text = &maker->template->text;

	buf_append_char(text, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			buf_append_char(text, ',');
		if (!template_make_value(maker, json_array_get(array, i), depth + 1))
			return false;
	}
	buf_append_char(text, ']');
	return true;
}

/* Recurses over the operator's value, DEPTH_MAX deep, never over a message. */
static bool template_make_value(
	struct maker *maker, const json_t *value, unsigned depth)
{
	if (depth > DEPTH_MAX) {
		buf_printf(maker->error, "is nested more than %d deep", DEPTH_MAX);
		return false;
	}
	if (json_is_object(value))
		return template_make_object(maker, value, depth);
	if (json_is_array(value))
		return template_make_array(maker, value, depth);
	if (json_is_string(value))
		return template_make_string(
			maker, (struct slice){json_string_value(value),
				       json_string_length(value)});
	template_append_json(&maker->template->text, value);
	return true;
}

struct template *template_create(
	const json_t *value, const struct variables *known, struct buf *error)
{
	struct template *template = xcalloc(1, sizeof(*template));
	struct maker maker = {template, known, error};

	if (template_make_value(&maker, value, 0))
		return template;
	template_destroy(template);
	return NULL;
}

void template_destroy(struct template *template)
{
	if (template == NULL)
		return;
	for (size_t i = 0; i < template->count; i++) {
		free((char *)template->placeholders[i].name.data);
		free((char *)template->placeholders[i].text.data);
	}
	for (size_t i = 0; i < template->member_count; i++)
		free((char *)template->members[i].data);
	free(template->members);
	free(template->placeholders);
	buf_finish(&template->text);
	free(template);
}

struct slice template_next_claim(const struct template *template, size_t *at)
{
	while (template != NULL && *at < template->count) {
		const struct placeholder *one = &template->placeholders[(*at)++];

		if (one->source == SOURCE_CLAIM)
			return one->name;
	}
	return SLICE("");
}
