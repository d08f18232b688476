/*
 * The log: one line for each event, to stderr. A failing function logs once, with the
 * object and the reason; its callers pass the failure on in silence. Everything that a
 * peer has sent is escaped. No token, query string or secret is ever logged: only
 * refusal.h quotes what a peer was refused for. Times are UTC.
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
 * From now on at most so many lines of one kind are written in a second. Lines of one
 * kind differ in their details only. An address, which the field "address" names, and
 * a kind without it may write 10,000 bytes for each of these lines in a short time,
 * and 20 bytes for each of them in a second after that; of DEBUG, as much as comes.
 * log_unwritten() counts the others.
 */
void log_set_most(unsigned long long lines);

/* How many lines the whole process has dropped, since others like them were written. */
uint64_t log_unwritten(void);

/*
 * Use the macros below. Writes one line to stderr from any thread. `format` must be a
 * literal: it identifies the kind of line, and is kept. The text is cut at 1,023
 * bytes; control characters are escaped, and bytes that are not UTF-8 replaced. The
 * same line is written once a second; repetitions are dropped and counted by
 * log_unwritten().
 */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Lines for people, or a JSON object a line. */
enum log_format {
	LOG_TEXT,
	LOG_JSON,
};

/*
 * Reads "text", "json" or "auto", which is text if stderr is a terminal, else JSON.
 * False for any other name.
 */
bool log_format_parse(struct slice name, enum log_format *format);

/*
 * Lines are text until this is called, so that people can read mistakes in the
 * configuration.
 */
void log_set_format(enum log_format format);

/*
 * From now on a thread of its own writes the lines, and nobody else waits for a reader
 * of the log. While nobody reads, 1 MiB of lines is kept; further lines are lost, which
 * a line tells later. -1, with errno, when there is no thread: each line is then
 * written by the thread that logs it, as before.
 */
int log_start(void);

/*
 * After log_start(): returns when all lines are written, or after a second. If all are
 * written, later lines are written as before log_start(); else they are lost.
 */
void log_stop(void);

/* How many lines the process has lost, because nobody read them, or writing failed. */
uint64_t log_lost(void);

/* A detail of an event. */
struct log_field {
	const char *name; /* letters only */
	struct slice text;
	uint64_t number; /* used when `text` points to nothing */
};

/*
 * Writes a line for machines, too: "session ended: code=1000 ...". From any thread.
 * `event` must be a literal, as log_write()'s format. In JSON its key is "message", or
 * "event" when a field is called message.
 */
void log_event(enum log_level level, const char *event, const struct log_field *fields,
	size_t count);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
