/*
 * The log: one line for each thing worth knowing, to stderr. A failing function
 * logs once, with the object and the reason, and its callers pass the failure
 * on in silence. Nothing that a peer sent is logged unescaped, and no token,
 * query string or header value ever is.
 */
#ifndef GATEWAY_LOG_H
#define GATEWAY_LOG_H

#include "protocol/slice.h"

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR,
};

/* "debug", "info", "warn", "error". */
bool log_level_parse(struct slice name, enum log_level *level);

/* Once, before any thread starts: lines below `level` are dropped. */
void log_set_level(enum log_level level);

/* The same: so many lines that differ only in their details are written in a second. */
void log_set_most(unsigned long long lines);

void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
