#include "gateway/base/log.h"

#include "gateway/base/json_string.h"
#include "gateway/base/log_sink.h"
#include "protocol/address.h"
#include "protocol/buf.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1024, SLOTS = 256, KINDS = 256, SHARES = 4096 };

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

/*
 * The one exception to "no file-scope state": a process has one stderr, and every
 * failing function must be able to log without a log parameter. A reload changes all
 * three.
 */
static _Atomic enum log_level lowest = LOG_INFO;
static _Atomic enum log_format format = LOG_TEXT;
static _Atomic unsigned long long most_of_a_kind = 200;

/*
 * The same line is written at most once a second, because peers can provoke lines.
 * Each slot remembers the latest line of its hash.
 */
struct slot {
	uint64_t hash;
	time_t second;
	unsigned repeats; /* dropped since then */
};

/*
 * One address could write all lines of every kind, all day. So each address, as the
 * field of that name says it, has a share of bytes: a large one for a short time, a
 * small one for ever. So has each kind of lines that name no address. Addresses may
 * share a place, and then this, too. Who sets the level DEBUG wants to see all.
 */
enum { SHARE_FOREVER = 20, SHARE_AT_ONCE = 10000 }; /* bytes for each line of a kind */

struct share {
	int64_t room; /* bytes; below zero after a line that was longer */
	time_t second;
	unsigned long long lost; /* dropped since the last written line */
};

/*
 * Peers can also provoke lines that all differ. So the lines of one place in the code
 * are a kind, known by its text. The code has fewer places than KINDS.
 */
struct kind {
	const char *name; /* its format, or its event */
	time_t second;
	unsigned long long lines; /* in that second */
	unsigned long long lost;  /* dropped since the last written line */
	struct share share;       /* of the lines without an address */
};

/* The parts of a line. */
struct entry {
	enum log_level level;
	const char *kind; /* the place in the code: its format, or its event */
	const char *message;
	const struct log_field *fields;
	size_t count;
	struct share *share;
	unsigned repeats;
	unsigned long long lost;
	char time[32];
};

static struct slot slots[SLOTS];
static struct kind kinds[KINDS];
static struct share shares[SHARES];
static uint64_t unwritten; /* of all slots and kinds together */
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
	atomic_store_explicit(&lowest, level, memory_order_relaxed);
}

bool log_format_parse(struct slice name, enum log_format *parsed)
{
	bool is_auto = slice_equal(name, SLICE("auto"));

	if (!is_auto && !slice_equal(name, SLICE("text")) &&
		!slice_equal(name, SLICE("json")))
		return false;
	*parsed = slice_equal(name, SLICE("text")) || (is_auto && isatty(STDERR_FILENO))
			  ? LOG_TEXT
			  : LOG_JSON;
	return true;
}

void log_set_format(enum log_format wanted)
{
	format = wanted;
}

void log_set_most(unsigned long long lines)
{
	atomic_store_explicit(&most_of_a_kind, lines, memory_order_relaxed);
}

/* FNV-1a: a peer whose lines collide hides only its own lines. */
static uint64_t log_hash(struct slice text)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.data[i]) * 1099511628211u;
	return hash;
}

/* False when the line was written in this second; else counts the drops since then. */
static bool line_may_go(struct slice line, time_t second, unsigned *repeats)
{
	uint64_t hash = log_hash(line);
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

static struct kind *kind_find(const char *name)
{
	size_t at = ((uintptr_t)name >> 3) % KINDS, tried = 0;

	/* With more kinds than expected, the last place serves all the others. */
	while (kinds[at].name != NULL && kinds[at].name != name && ++tried < KINDS)
		at = (at + 1) % KINDS;
	kinds[at].name = name;
	return &kinds[at];
}

/* False when too many lines of the kind were written in this second. */
static bool kind_may_go(const char *name, time_t second, unsigned long long *lost)
{
	struct kind *kind = kind_find(name);

	if (kind->second != second) {
		kind->second = second;
		kind->lines = 0;
	}
	if (kind->lines++ >=
		atomic_load_explicit(&most_of_a_kind, memory_order_relaxed)) {
		kind->lost++;
		return false;
	}
	*lost = kind->lost;
	kind->lost = 0;
	return true;
}

/*
 * True, and counted, when enough lines of this place were written in this second. The
 * line need not even be formatted then. This is what most lines of a burst meet.
 */
static bool kind_drop_surplus(const char *name, time_t second)
{
	pthread_mutex_lock(&slots_lock);
	struct kind *kind = kind_find(name);
	const bool drops = kind->second == second &&
			   kind->lines >= atomic_load_explicit(&most_of_a_kind,
						  memory_order_relaxed);
	kind->lost += drops;
	unwritten += drops;
	pthread_mutex_unlock(&slots_lock);
	return drops;
}

/* Of an IPv6 address its network counts: a peer can choose the rest. */
static struct share *share_of_address(const struct address *address)
{
	const size_t from = address_is_v4(address) ? ADDRESS_BYTES / 2 : 0;
	const struct slice owner = {
		(const char *)address->bytes + from, ADDRESS_BYTES / 2};

	return &shares[log_hash(owner) % SHARES];
}

static struct share *share_find(const struct entry *entry)
{
	struct address address;

	for (size_t i = 0; i < entry->count; i++) {
		if (strcmp(entry->fields[i].name, "address") == 0 &&
			address_parse(entry->fields[i].text, &address))
			return share_of_address(&address);
	}
	return &kind_find(entry->kind)->share;
}

/* False when all of it is written. */
static bool share_may_go(struct share *share, time_t second)
{
	const int64_t lines =
		(int64_t)atomic_load_explicit(&most_of_a_kind, memory_order_relaxed);
	const int64_t most = lines * SHARE_AT_ONCE;

	/* It is full after so many seconds, also at the first line. */
	if (second - share->second >= 2 * SHARE_AT_ONCE / SHARE_FOREVER)
		share->room = most;
	else if (second > share->second)
		share->room += (second - share->second) * lines * SHARE_FOREVER;
	share->room = share->room < most ? share->room : most;
	share->second = second;
	share->lost += share->room <= 0;
	return share->room > 0;
}

/* Adds how many lines like it were dropped since the last one. */
static bool entry_may_go(struct entry *entry, struct slice text, time_t second)
{
	pthread_mutex_lock(&slots_lock);
	struct share *share = entry->share = share_find(entry);
	bool may_go = (entry->level == LOG_DEBUG || share_may_go(share, second)) &&
		      line_may_go(text, second, &entry->repeats) &&
		      kind_may_go(entry->kind, second, &entry->lost);
	unwritten += !may_go;
	if (may_go) {
		entry->lost += share->lost;
		share->lost = 0;
	}
	pthread_mutex_unlock(&slots_lock);
	return may_go;
}

/* A line of so many bytes is written. */
static void share_charge(struct share *share, size_t len)
{
	pthread_mutex_lock(&slots_lock);
	share->room -= (int64_t)len;
	pthread_mutex_unlock(&slots_lock);
}

uint64_t log_unwritten(void)
{
	pthread_mutex_lock(&slots_lock);
	uint64_t lines = unwritten;
	pthread_mutex_unlock(&slots_lock);
	return lines;
}

/* Text. */

/* Control characters, C1's too, would let a peer forge lines or drive a terminal. */
static void text_clean(struct buf *line)
{
	unsigned char *bytes = (unsigned char *)line->data;

	for (size_t i = 0; i < line->len; i++) {
		if (bytes[i] < 0x20 || bytes[i] == 0x7f)
			bytes[i] = '?';
		else if (bytes[i] == 0xc2 && i + 1 < line->len &&
			 bytes[i + 1] >= 0x80 && bytes[i + 1] < 0xa0)
			bytes[i] = bytes[i + 1] = '?';
	}
}

/* In quotes, if it is more than a word. */
static void text_append_value(struct buf *line, struct slice value)
{
	bool is_word = value.len > 0;

	for (size_t i = 0; i < value.len; i++)
		is_word = is_word && value.data[i] > ' ' && value.data[i] != '"' &&
			  value.data[i] != '\\' && value.data[i] != '=';
	if (is_word) {
		buf_append(line, value);
		return;
	}
	buf_append_quoted(line, value);
}

/* The line without its time and level. */
static void text_append(struct buf *line, const struct entry *entry)
{
	buf_append(line, slice_of(entry->message));
	for (size_t i = 0; i < entry->count; i++) {
		const struct log_field *field = &entry->fields[i];

		buf_append(line, i == 0 ? SLICE(": ") : SLICE(" "));
		buf_append(line, slice_of(field->name));
		buf_append_char(line, '=');
		if (field->text.data == NULL)
			buf_append_number(line, field->number);
		else
			text_append_value(line, field->text);
	}
	text_clean(line);
}

static void text_write(struct buf *out, const struct entry *entry, struct slice text)
{
	buf_printf(out, "%s %-5s %.*s", entry->time, level_names[entry->level],
		SLICE_ARGS(text));
	if (entry->repeats > 0)
		buf_printf(out, " (and %u times before)", entry->repeats);
	if (entry->lost > 0)
		buf_printf(out, " (and %llu others like it before)", entry->lost);
}

/* JSON. */

/* A key stands once in an object: a field called message takes it from the event. */
static const char *json_event_key(const struct entry *entry)
{
	for (size_t i = 0; i < entry->count; i++) {
		if (strcmp(entry->fields[i].name, "message") == 0)
			return "event";
	}
	return "message";
}

static void json_write(struct buf *out, const struct entry *entry)
{
	buf_printf(out, "{\"time\":\"%s\",\"level\":\"%s\",\"%s\":", entry->time,
		level_names[entry->level], json_event_key(entry));
	json_string_append(out, slice_of(entry->message));
	for (size_t i = 0; i < entry->count; i++) {
		const struct log_field *field = &entry->fields[i];

		buf_append(out, SLICE(",\""));
		buf_append(out, slice_of(field->name));
		buf_append(out, SLICE("\":"));
		if (field->text.data == NULL)
			buf_append_number(out, field->number);
		else
			json_string_append(out, field->text);
	}
	if (entry->repeats > 0)
		buf_printf(out, ",\"repeats\":%u", entry->repeats);
	if (entry->lost > 0)
		buf_printf(out, ",\"lost\":%llu", entry->lost);
	buf_append_char(out, '}');
}

/* Writing. */

static void entry_set_time(struct entry *entry, const struct timespec *now)
{
	struct tm utc;

	gmtime_r(&now->tv_sec, &utc);
	size_t len =
		strftime(entry->time, sizeof(entry->time), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(entry->time + len, sizeof(entry->time) - len, ".%03uZ",
		(unsigned)(now->tv_nsec / 1000000) % 1000);
}

/* Appends the whole line. `text` is what text_append() has made of the entry. */
static void entry_append(struct buf *out, struct entry *entry, struct slice text,
	const struct timespec *now)
{
	entry_set_time(entry, now);
	if (format == LOG_JSON)
		json_write(out, entry);
	else
		text_write(out, entry, text);
	buf_append_char(out, '\n');
}

static void entry_write(struct entry *entry, const struct timespec *now)
{
	struct buf text = {0}, out = {0};

	text_append(&text, entry);
	if (entry_may_go(entry, buf_slice(&text), now->tv_sec)) {
		entry_append(&out, entry, buf_slice(&text), now);
		log_sink_write(buf_slice(&out));
		if (entry->level > LOG_DEBUG)
			share_charge(entry->share, out.len);
	}
	buf_finish(&text);
	buf_finish(&out);
}

/* The line that stands in the place of others. */
static void log_describe_lost(struct buf *out, uint64_t lost)
{
	const struct log_field fields[] = {{.name = "lines", .number = lost}};
	struct entry entry = {.level = LOG_WARN,
		.message = "log: lines are lost, which nobody read in time",
		.fields = fields,
		.count = 1};
	struct buf text = {0};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	text_append(&text, &entry);
	entry_append(out, &entry, buf_slice(&text), &now);
	buf_finish(&text);
}

int log_start(void)
{
	return log_sink_start(log_describe_lost);
}

void log_stop(void)
{
	log_sink_stop();
}

uint64_t log_lost(void)
{
	return log_sink_lost();
}

/*
 * Sets *now. False when the line is below the level, or is counted as one too many of
 * its place.
 */
static bool log_admit(enum log_level level, const char *kind, struct timespec *now)
{
	if (level < atomic_load_explicit(&lowest, memory_order_relaxed))
		return false;
	clock_gettime(CLOCK_REALTIME, now);
	return !kind_drop_surplus(kind, now->tv_sec);
}

void log_write(enum log_level level, const char *text, ...)
{
	char message[MESSAGE_MAX];
	struct entry entry = {.level = level, .kind = text, .message = message};
	struct timespec now;
	va_list arguments;

	if (!log_admit(level, text, &now))
		return;
	va_start(arguments, text);
	vsnprintf(message, sizeof(message), text, arguments);
	va_end(arguments);
	entry_write(&entry, &now);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields,
	size_t count)
{
	struct entry entry = {.level = level,
		.kind = event,
		.message = event,
		.fields = fields,
		.count = count};
	struct timespec now;

	if (log_admit(level, event, &now))
		entry_write(&entry, &now);
}
