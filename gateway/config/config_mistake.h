/*
 * Mistakes in a configuration file, reported with their position. Values parsed by
 * jansson have no position. So the text is kept, and the position of a key is searched
 * when a mistake is reported.
 *
 * All mistakes are reported, each on a line of its own. The code that finds one
 * continues with a default instead. Of a file with very many, the first ones are
 * reported.
 */
#ifndef GATEWAY_CONFIG_CONFIG_MISTAKE_H
#define GATEWAY_CONFIG_CONFIG_MISTAKE_H

#include "protocol/buf.h"

/* A path in the file, from the inside out: "path" in 1 in "endpoints". */
struct config_path {
	const struct config_path *parent; /* NULL: the top */
	const char *key;                  /* NULL: the index-th of a list */
	size_t index;
};

struct config_settings;

struct config_source {
	struct slice text;
	const char *name;
	const struct config_settings *settings; /* that override it; NULL: none */
	struct buf *error;
	size_t *mistakes; /* their number so far */
};

enum { CONFIG_MISTAKES_TOLD = 50 }; /* each position takes a walk through the file */

/*
 * Appends the line "name:line:column: path: text" to source->error, after an LF if
 * there is a line already. source->text must be valid JSON. If a key of the path is
 * missing, the position is that of the object that should have it. For a value from a
 * setting, its source replaces the first three. After CONFIG_MISTAKES_TOLD mistakes,
 * nothing is appended; they are counted.
 */
void config_mistake(const struct config_source *source, const struct config_path *path,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * As config_mistake(), for a mistake outside of the file: "where: text", without
 * position.
 */
void config_mistake_outside(const struct config_source *source, const char *where,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * True when a mistake in the key ("admin.token"), or within it, was reported. Do not
 * report its consequences.
 */
bool config_is_mistaken(const struct config_source *source, const char *key);

/*
 * As config_mistake(), for a byte of the file's text and without a path: for JSON that
 * cannot be read.
 */
void config_mistake_at(const struct config_source *source, size_t offset,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The line, from 1, of that path in a file's text, which must be valid JSON. */
size_t config_find_line(struct slice text, const struct config_path *path);

/*
 * Takes the next line, without its LF, off the front of *rest. False when *rest is
 * empty.
 */
bool config_next_line(struct slice *rest, struct slice *line);

/*
 * Of the words, which end with NULL, the one nearest to `word`; else the only one that
 * `word` abbreviates or is the last part of ("head" of "limits.head"); else NULL.
 */
const char *config_nearest(struct slice word, const char *const *words);

#endif
