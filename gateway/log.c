#include "gateway/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, SLOTS = 256, KINDS = 256 };

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

/*
 * The one exception to "no file-scope state": there is one stderr in a process,
 * and a failing function must be able to speak without being handed a log. The
 * level and the bound are set before any thread starts.
 */
static enum log_level lowest = LOG_INFO;
static unsigned long long most_of_a_kind = 200;

/*
 * The same line is written at most once a second: peers can provoke lines. Each
 * slot remembers the latest of the lines whose hash falls there.
 */
struct slot {
	uint64_t hash;
	time_t second;
	unsigned repeats; /* not written since then */
};

/*
 * Peers can provoke lines that all differ, too: what one place in the code says is a
 * kind, known by its format, and there are fewer places than KINDS.
 */
struct kind {
	const char *format;
	time_t second;
	unsigned long long lines; /* in that second */
	unsigned long long lost;  /* not written since a line was */
};

static struct slot slots[SLOTS];
static struct kind kinds[KINDS];
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

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

void log_set_most(unsigned long long lines)
{
	most_of_a_kind = lines;
}

/* Control characters, C1's too, would let a peer forge lines or drive a terminal. */
static void line_clean(char *line)
{
	unsigned char *byte = (unsigned char *)line;

	for (; *byte != '\0'; byte++) {
		if (*byte < 0x20 || *byte == 0x7f)
			*byte = '?';
		else if (*byte == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0)
			byte[0] = byte[1] = '?';
	}
}

/* FNV-1a: a peer who makes lines collide hides nothing but its own. */
static uint64_t line_hash(const char *line)
{
	uint64_t hash = 14695981039346656037u;

	for (; *line != '\0'; line++)
		hash = (hash ^ (unsigned char)*line) * 1099511628211u;
	return hash;
}

/* False when the line was written in this second; else how often it was not since. */
static bool line_may_go(const char *line, time_t second, unsigned *repeats)
{
	uint64_t hash = line_hash(line);
	struct slot *slot = &slots[hash % SLOTS];
	bool may_go = true;

	*repeats = 0;
	if (slot->hash == hash && slot->second == second) {
		slot->repeats++;
		may_go = false;
	} else {
		if (slot->hash == hash)
			*repeats = slot->repeats;
		*slot = (struct slot){hash, second, 0};
	}
	return may_go;
}

static struct kind *kind_find(const char *format)
{
	size_t at = ((uintptr_t)format >> 3) % KINDS, tried = 0;

	/* With more kinds than expected the last place is for all that find none. */
	while (kinds[at].format != NULL && kinds[at].format != format &&
		++tried < KINDS)
		at = (at + 1) % KINDS;
	kinds[at].format = format;
	return &kinds[at];
}

/* False when too many of the kind were written in this second. */
static bool kind_may_go(const char *format, time_t second, unsigned long long *lost)
{
	struct kind *kind = kind_find(format);

	if (kind->second != second) {
		kind->second = second;
		kind->lines = 0;
	}
	if (kind->lines++ >= most_of_a_kind) {
		kind->lost++;
		return false;
	}
	*lost = kind->lost;
	kind->lost = 0;
	return true;
}

static bool log_may_go(const char *format, const char *line, time_t second,
	unsigned *repeats, unsigned long long *lost)
{
	pthread_mutex_lock(&slots_lock);
	bool may_go =
		line_may_go(line, second, repeats) && kind_may_go(format, second, lost);
	pthread_mutex_unlock(&slots_lock);
	return may_go;
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[LINE_MAX_BYTES], out[LINE_MAX_BYTES + 256];
	struct timespec now;
	unsigned repeats;
	unsigned long long lost;
	struct tm utc;
	va_list arguments;

	if (level < lowest)
		return;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	line_clean(line);

	clock_gettime(CLOCK_REALTIME, &now);
	if (!log_may_go(format, line, now.tv_sec, &repeats, &lost))
		return;

	gmtime_r(&now.tv_sec, &utc);
	int len = snprintf(out, sizeof(out),
		"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %-5s %s", utc.tm_year + 1900,
		utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		now.tv_nsec / 1000000, level_names[level], line);
	if (repeats > 0)
		len += snprintf(out + len, sizeof(out) - (size_t)len,
			" (and %u times before)", repeats);
	if (lost > 0)
		len += snprintf(out + len, sizeof(out) - (size_t)len,
			" (and %llu others like it before)", lost);
	out[len++] = '\n';

	/* One write, so that lines of several threads never mix. */
	if (write(STDERR_FILENO, out, (size_t)len) < 0)
		return;
}
