/*
 * Mistakes in a configuration file, told with the place where they stand. Values
 * parsed by jansson have no position, so the text is kept and the place of a key
 * is looked for when a mistake must be told.
 *
 * All mistakes are told, each on a line of its own. Whoever finds one goes on with a
 * default in place of what is wrong. A file with very many gets the first of them.
 */
#ifndef GATEWAY_CONFIG_CONFIG_MISTAKE_H
#define GATEWAY_CONFIG_CONFIG_MISTAKE_H

#include "protocol/buf.h"

/* A way into the file, from the inside out: "path" in 1 in "endpoints". */
struct config_path {
	const struct config_path *parent; /* NULL: the top */
	const char *key;                  /* NULL: the index-th of a list */
	size_t index;
};

struct config_settings;

struct config_source {
	struct slice text;
	const char *name;
	const struct config_settings *settings; /* that went over it; NULL: none */
	struct buf *error;
	size_t *mistakes; /* how many there were */
};

enum { CONFIG_MISTAKES_TOLD = 50 }; /* finding a place takes a walk through the file */

/*
 * Appends the line "name:line:column: path: text" to source->error, after an LF if
 * there is a line already. source->text must be valid JSON. A path that leads nowhere,
 * since a key is missing, gets the place of what should hold it. For what a setting has
 * made, its source stands in place of the first three. Nothing is appended after
 * CONFIG_MISTAKES_TOLD mistakes; they are counted.
 */
void config_mistake(const struct config_source *source, const struct config_path *path,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * As config_mistake(), for what stands outside of the file: "where: text", without line
 * and column.
 */
void config_mistake_outside(const struct config_source *source, const char *where,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * True when a mistake in the key ("admin.token"), or within it, was reported. Do not
 * report what follows from it.
 */
bool config_is_mistaken(const struct config_source *source, const char *key);

/*
 * As config_mistake(), for a byte of the file's text and without a path: for JSON that
 * cannot be read.
 */
void config_mistake_at(const struct config_source *source, size_t offset,
	const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * Takes the next line, without its LF, off the front of *rest. False when *rest is
 * empty.
 */
bool config_next_line(struct slice *rest, struct slice *line);

/*
 * Of the words, which end with NULL, the one closest to `word`; else the only one that
 * `word` abbreviates or is the last part of ("head" of "limits.head"); else NULL.
 */
const char *config_nearest(struct slice word, const char *const *words);

#endif
