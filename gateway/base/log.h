/*
 * The log: one line for each thing worth knowing, to stderr. A failing function
 * logs once, with the object and the reason, and its callers pass the failure
 * on in silence. Nothing that a peer sent is logged unescaped, and no token, query
 * string or secret ever is: what a peer was refused for is quoted by refusal.h alone.
 * Times are UTC.
 */
#ifndef GATEWAY_BASE_LOG_H
#define GATEWAY_BASE_LOG_H

#include "protocol/slice.h"

#include <stdint.h>

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR,
};

/* Reads "debug", "info", "warn" or "error". False for any other name. */
bool log_level_parse(struct slice name, enum log_level *level);

/* Drops lines below `level` from now on, in all threads. */
void log_set_level(enum log_level level);

/*
 * From now on at most so many lines of one kind, which differ in their details only,
 * are written in a second; the others are counted by log_unwritten().
 */
void log_set_most(unsigned long long lines);

/* How many lines of the whole process were not written, since others like them were. */
uint64_t log_unwritten(void);

/*
 * Use the macros below. Writes one line to stderr from any thread. `format` must be a
 * literal: it tells kinds of lines apart, and is kept. The text is cut at 1,023 bytes,
 * control characters in it are escaped, and what is no UTF-8 is replaced. The same line
 * is written once a second; others like it are dropped and counted by log_unwritten().
 */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Lines as people read them, or each a JSON object. */
enum log_format {
	LOG_TEXT,
	LOG_JSON,
};

/*
 * Reads "text", "json" or "auto", which is text where stderr is a terminal, else JSON.
 * False for any other name.
 */
bool log_format_parse(struct slice name, enum log_format *format);

/*
 * Lines are text until this is called, so that mistakes in the configuration can be
 * read.
 */
void log_set_format(enum log_format format);

/* What an event is about. */
struct log_field {
	const char *name; /* plain letters */
	struct slice text;
	uint64_t number; /* counts when `text` points to nothing */
};

/*
 * Writes a line that machines shall understand, too: "session ended: code=1000 ...".
 * From any thread. `event` must be a literal, as log_write()'s format.
 */
void log_event(enum log_level level, const char *event, const struct log_field *fields,
	size_t count);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
