#include "gateway/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

/*
 * The one exception to "no file-scope state": there is one stderr in a process,
 * and a failing function must be able to speak without being handed a log. The
 * level is set before any thread starts.
 */
static enum log_level lowest = LOG_INFO;

/* The latest line and when it was written: repeats within a second are counted. */
static atomic_uint_fast64_t last_line;
static atomic_uint_fast64_t repeats;

bool log_level_parse(struct slice name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
		if (slice_equal(name, slice_of(level_names[i]))) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_level(enum log_level level)
{
	lowest = level;
}

/* Control characters would let a peer forge lines or drive a terminal. */
static void line_clean(char *line)
{
	for (; *line != '\0'; line++) {
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
	}
}

/*
 * FNV-1a of the line, with the second in which it stands: the same line in the
 * same second has the same mark.
 */
static uint64_t line_mark(const char *line, time_t second)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)second;

	for (; *line != '\0'; line++)
		hash = (hash ^ (unsigned char)*line) * 1099511628211u;
	return hash;
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES], out[LINE_MAX_BYTES + 128];
	struct timespec now;
	struct tm utc;
	va_list arguments;

	if (level < lowest)
		return;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	line_clean(line);

	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t mark = line_mark(line, now.tv_sec);
	if (atomic_exchange(&last_line, mark) == mark) {
		atomic_fetch_add(&repeats, 1);
		return;
	}

	uint64_t dropped = atomic_exchange(&repeats, 0);
	gmtime_r(&now.tv_sec, &utc);
	int len = 0;
	if (dropped > 0)
		len = snprintf(out, sizeof(out), "(the line above %llu times more)\n",
			(unsigned long long)dropped);
	len += snprintf(out + len, sizeof(out) - (size_t)len,
		"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %-5s %s\n", utc.tm_year + 1900,
		utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		now.tv_nsec / 1000000, level_names[level], line);
	if (len > (int)sizeof(out) - 1)
		len = (int)sizeof(out) - 1;

	/* One write, so that lines of several threads never mix. */
	if (write(STDERR_FILENO, out, (size_t)len) < 0)
		return;
}
