/*
 * Finds keys in JSON that jansson has already accepted, so that skipping a value means
 * counting brackets; and the known word that is nearest to a misspelt one.
 */
#include "gateway/config/config_mistake.h"

#include "gateway/config/config_settings.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

static size_t mistake_skip_blanks(struct slice text, size_t at)
{
	while (at < text.len && strchr(" \t\r\n", text.data[at]) != NULL)
		at++;
	return at;
}

/* From the opening quote to the place after the closing one. */
static size_t mistake_skip_string(struct slice text, size_t at)
{
	at++;
	while (at < text.len && text.data[at] != '"')
		at += text.data[at] == '\\' ? 2 : 1;
	return at < text.len ? at + 1 : text.len;
}

/* To the ',' or bracket after the value; counts through nested values. */
static size_t mistake_skip_value(struct slice text, size_t at)
{
	size_t depth = 0;

	while (at < text.len) {
		char byte = text.data[at];

		if (depth == 0 && (byte == ',' || byte == '}' || byte == ']'))
			break;
		if (byte == '"') {
			at = mistake_skip_string(text, at);
			continue;
		}
		if (byte == '{' || byte == '[')
			depth++;
		if (byte == '}' || byte == ']')
			depth--;
		at++;
	}
	return at;
}

/* A key may be written with escapes: jansson decodes it. */
static bool mistake_key_is(struct slice quoted, const char *key)
{
	json_t *name = json_loadb(quoted.data, quoted.len, JSON_DECODE_ANY, NULL);
	bool same = json_is_string(name) && strcmp(json_string_value(name), key) == 0;

	json_decref(name);
	return same;
}

/* The position of a key and its value. */
struct position {
	size_t offset, value;
};

/* Searches the object or list that begins at `at`. Of equal keys the last counts. */
static bool mistake_find_inside(struct slice text, size_t at,
	const struct config_path *path, struct position *position)
{
	bool in_object = path->key != NULL, any = false;
	size_t index = 0;

	if (at >= text.len || text.data[at] != (in_object ? '{' : '['))
		return false;
	at = mistake_skip_blanks(text, at + 1);
	while (at < text.len && text.data[at] != '}' && text.data[at] != ']') {
		struct position here = {at, at};
		bool found = index++ == path->index;

		if (in_object) {
			size_t end = mistake_skip_string(text, at);
			struct slice key = {text.data + at, end - at};
			found = mistake_key_is(key, path->key);
			here.value = mistake_skip_blanks(
				text, mistake_skip_blanks(text, end) + 1);
		}
		if (found) {
			*position = here;
			any = true;
		}
		at = mistake_skip_value(text, here.value);
		if (at < text.len && text.data[at] == ',')
			at = mistake_skip_blanks(text, at + 1);
	}
	return any;
}

/* Walks from the top; at most as deep as our table. */
static struct position mistake_find_position(
	struct slice text, const struct config_path *path)
{
	size_t top = mistake_skip_blanks(text, 0);

	if (path == NULL)
		return (struct position){top, top};

	struct position position = mistake_find_position(text, path->parent);
	if (!mistake_find_inside(text, position.value, path, &position))
		position.value = text.len; /* nor is the rest of the path there */
	return position;
}

size_t config_find_line(struct slice text, const struct config_path *path)
{
	const size_t offset = mistake_find_position(text, path).offset;
	size_t line = 1;

	for (size_t i = 0; i < offset && i < text.len; i++)
		line += text.data[i] == '\n';
	return line;
}

static void mistake_append_path(struct buf *out, const struct config_path *path)
{
	if (path->parent != NULL)
		mistake_append_path(out, path->parent);
	if (path->key == NULL)
		buf_printf(out, "[%zu]", path->index);
	else
		buf_printf(out, "%s%s", path->parent != NULL ? "." : "", path->key);
}

/* Lines and columns count from 1; a column is a character. */
static void mistake_append_position(const struct config_source *source, size_t offset)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset && i < source->text.len; i++) {
		unsigned char byte = (unsigned char)source->text.data[i];

		if (byte == '\n') {
			line++;
			column = 1;
		} else if ((byte & 0xc0) != 0x80) {
			column++;
		}
	}
	buf_printf(source->error, "%s:%zu:%zu: ", source->name, line, column);
}

/*
 * Counts a mistake, and begins its line at *start. False: there are too many to report.
 */
static bool mistake_begin(const struct config_source *source, size_t *start)
{
	if (++*source->mistakes > CONFIG_MISTAKES_TOLD)
		return false;
	if (source->error->len > 0)
		buf_append_char(source->error, '\n');
	*start = source->error->len;
	return true;
}

/* Appends the message. The mistake is one line, whatever a string in the file has. */
static void mistake_end(struct buf *error, size_t start, const char *format,
	va_list arguments) __attribute__((format(printf, 3, 0)));

static void mistake_end(
	struct buf *error, size_t start, const char *format, va_list arguments)
{
	char message[512];

	vsnprintf(message, sizeof(message), format, arguments);
	buf_append(error, slice_of(message));
	for (size_t i = start; i < error->len; i++)
		if ((unsigned char)error->data[i] < ' ' || error->data[i] == 0x7f)
			error->data[i] = '?';
}

/* "name:line:column: path: "; for a setting, its source instead of name and numbers. */
static void mistake_append_origin(
	const struct config_source *source, const struct config_path *path)
{
	const char *setting = NULL;
	struct buf key = {0};

	if (path != NULL) {
		mistake_append_path(&key, path);
		if (source->settings != NULL)
			setting = config_settings_source(
				source->settings, buf_slice(&key));
		buf_append(&key, SLICE(": "));
	}
	if (setting != NULL)
		buf_printf(source->error, "%s: ", setting);
	else
		mistake_append_position(
			source, mistake_find_position(source->text, path).offset);
	buf_append(source->error, buf_slice(&key));
	buf_finish(&key);
}

void config_mistake(const struct config_source *source, const struct config_path *path,
	const char *format, ...)
{
	va_list arguments;
	size_t start;

	if (!mistake_begin(source, &start))
		return;
	mistake_append_origin(source, path);
	va_start(arguments, format);
	mistake_end(source->error, start, format, arguments);
	va_end(arguments);
}

void config_mistake_outside(
	const struct config_source *source, const char *where, const char *format, ...)
{
	va_list arguments;
	size_t start;

	if (!mistake_begin(source, &start))
		return;
	buf_printf(source->error, "%s: ", where);
	va_start(arguments, format);
	mistake_end(source->error, start, format, arguments);
	va_end(arguments);
}

void config_mistake_at(
	const struct config_source *source, size_t offset, const char *format, ...)
{
	va_list arguments;
	size_t start;

	if (!mistake_begin(source, &start))
		return;
	mistake_append_position(source, offset);
	va_start(arguments, format);
	mistake_end(source->error, start, format, arguments);
	va_end(arguments);
}

bool config_is_mistaken(const struct config_source *source, const char *key)
{
	struct slice told = buf_slice(source->error), wanted;
	struct buf text = {0};
	bool found = false;

	buf_printf(&text, ": %s", key);
	wanted = buf_slice(&text);
	for (; told.len > wanted.len && !found; told = slice_from(told, 1))
		found = slice_starts_with(told, wanted) &&
			strchr(":.[", told.data[wanted.len]) != NULL;
	buf_finish(&text);
	return found;
}

bool config_next_line(struct slice *rest, struct slice *line)
{
	if (rest->len == 0)
		return false;
	*line = slice_first(*rest, slice_find(*rest, '\n'));
	*rest = slice_from(*rest, line->len + 1);
	return true;
}

enum { WORD_MAX = 48 };

static size_t mistake_smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, one row at a time. */
static size_t mistake_distance(struct slice a, struct slice b)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t change = corner + (a.data[i - 1] != b.data[j - 1]);

			corner = row[j];
			row[j] = mistake_smallest(row[j] + 1, row[j - 1] + 1, change);
		}
	}
	return row[b.len];
}

static const char *mistake_closest_word(struct slice word, const char *const *words)
{
	size_t best = (word.len + 2) / 3 + 1; /* beyond this it is another word */
	const char *nearest = NULL;

	for (; *words != NULL; words++) {
		struct slice known = slice_of(*words);
		size_t far =
			known.len > WORD_MAX ? best : mistake_distance(word, known);

		if (far < best && far < known.len) {
			best = far;
			nearest = *words;
		}
	}
	return nearest;
}

/* True for "head" in "limits.head" and "LIMITS__HEAD". */
static bool mistake_is_last_part(struct slice known, struct slice word)
{
	struct slice section = slice_first(known, known.len - word.len);

	return known.len > word.len && slice_ends_with(known, word) &&
	       (slice_ends_with(section, SLICE(".")) ||
		       slice_ends_with(section, SLICE("__")));
}

/* The only word that begins with this one, or ends with it as its last part. */
static const char *mistake_longer_word(struct slice word, const char *const *words)
{
	const char *found = NULL;

	for (; *words != NULL; words++) {
		struct slice known = slice_of(*words);

		if (!slice_starts_with(known, word) &&
			!mistake_is_last_part(known, word))
			continue;
		if (found != NULL)
			return NULL;
		found = *words;
	}
	return found;
}

const char *config_nearest(struct slice word, const char *const *words)
{
	if (word.len == 0 || word.len > WORD_MAX)
		return NULL;

	const char *closest = mistake_closest_word(word, words);
	return closest != NULL ? closest : mistake_longer_word(word, words);
}
