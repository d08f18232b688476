#include "gateway/worker/refusal.h"

#include "gateway/base/secret.h"
#include "gateway/worker/metrics.h"
#include "protocol/utf8.h"

#include <assert.h>

enum { QUOTED_MAX = 80 };

/* A row of the three lists. Fields that a list does not have are zero. */
static const struct refusal_row {
	struct slice name, sentence;
	unsigned doors;
	unsigned status;
	enum refusal_class class;
	enum log_level level;
} rows[REFUSALS] = {
#define X(kind, at, code, loudness, label, text)                                       \
	[REFUSAL_##kind] = {.name = SLICE_INIT(label),                                 \
		.sentence = SLICE_INIT(text),                                          \
		.doors = (at),                                                         \
		.status = (code),                                                      \
		.level = LOG_##loudness},
	HTTP_REFUSALS(X)
#undef X
#define X(kind, at, loudness, label, text)                                             \
	[REFUSAL_##kind] = {.name = SLICE_INIT(label),                                 \
		.sentence = SLICE_INIT(text),                                          \
		.doors = (at),                                                         \
		.level = LOG_##loudness},
		CONNECTION_REFUSALS(X)
#undef X
#define X(kind, what, loudness, label, text)                                           \
	[REFUSAL_##kind] = {.name = SLICE_INIT(label),                                 \
		.sentence = SLICE_INIT(text),                                          \
		.doors = AT(STOMP),                                                    \
		.class = REFUSAL_##what,                                               \
		.level = LOG_##loudness},
			STOMP_REFUSALS(X)
#undef X
};

/* One event for each door: each has its own share of log lines (log.h). */
static const struct {
	const char *name, *event;
} doors[DOORS] = {
#define X(door, label) [DOOR_##door] = {label, "refused at " label},
	DOOR_LIST(X)
#undef X
};

const char *door_name(enum refusal_door door)
{
	return doors[door].name;
}

const char *refusal_name(enum refusal_kind kind)
{
	return rows[kind].name.data;
}

struct slice refusal_sentence(enum refusal_kind kind)
{
	return rows[kind].sentence;
}

bool refusal_is_at(enum refusal_kind kind, enum refusal_door door)
{
	return (rows[kind].doors & 1u << door) != 0;
}

unsigned refusal_status(enum refusal_kind kind)
{
	return rows[kind].status;
}

enum refusal_class refusal_class(enum refusal_kind kind)
{
	return rows[kind].class;
}

/* Quoting. */

static bool refusal_code_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void refusal_append_clean(struct buf *out, struct slice bytes)
{
	const size_t start = out->len;
	struct buf clean = {0};
	uint32_t code;

	/* Read a character that the cut would split as a whole. */
	utf8_append_clean(&clean, slice_first(bytes, QUOTED_MAX + 4));
	for (struct slice rest = buf_slice(&clean); rest.len > 0;) {
		const size_t len = utf8_decode(rest, &code);

		if (out->len - start + len > QUOTED_MAX) {
			buf_append(out, SLICE("..."));
			break;
		}
		if (refusal_code_is_control(code))
			buf_append_char(out, '?');
		else
			buf_append(out, slice_first(rest, len));
		rest = slice_from(rest, len);
	}
	buf_finish(&clean);
}

/*
 * The first word of the value: a whole CONNECT may stand in one line, as SockJS sends
 * it.
 */
static struct slice first_word(struct slice value)
{
	size_t len = 0;

	while (len < value.len && value.data[len] > ' ' && value.data[len] != '\\' &&
		value.data[len] != ':' && value.data[len] != '?')
		len++;
	return slice_first(value, len);
}

static bool refusal_has_value(const struct refusal *refusal)
{
	if (refusal->value.data == NULL || refusal->is_of_connect ||
		secret_is_named(refusal->what) || secret_is_in(refusal->value))
		return false;
	/* A whole line includes the name. */
	return !slice_ends_with(refusal->what, SLICE("line")) ||
	       !secret_is_named(refusal->value);
}

/* The part of the value that may be shown. */
static struct slice refusal_visible(const struct refusal *refusal)
{
	const struct slice value = refusal->value;

	if (slice_equal(refusal->what, SLICE("command")))
		return first_word(value);
	/* A destination has no query: its `?` stands for a character of a pattern. */
	if (slice_equal(refusal->what, SLICE("destination")))
		return value;
	return slice_first(
		slice_first(value, slice_find(value, '?')), slice_find(value, '#'));
}

static void refusal_append_text(struct buf *text, const struct refusal *refusal,
	struct slice what, const struct slice *value)
{
	buf_append(text, refusal_sentence(refusal->kind));
	if (what.len > 0) {
		buf_append(text, SLICE(": "));
		buf_append(text, what);
	}
	if (value != NULL) {
		buf_append(text, what.len > 0 ? SLICE(" ") : SLICE(": "));
		buf_append_quoted(text, *value);
	}
	buf_append_char(text, '.');
	if (refusal->hint.len > 0) {
		buf_append_char(text, ' ');
		buf_append(text, refusal->hint);
	}
}

static void refusal_write_line(
	const struct refusal *refusal, struct slice what, const struct slice *value)
{
	const struct refusal_row *row = &rows[refusal->kind];
	char text[ADDRESS_TEXT_MAX];
	const struct slice address = address_is_known(&refusal->address)
					     ? address_write(&refusal->address, text)
					     : SLICE("");
	struct log_field fields[10] = {
		{"kind", row->name, 0},
		{"message", row->sentence, 0},
	};
	const struct log_field more[] = {
		{"what", what, 0},
		{"hint", refusal->hint, 0},
		{"reason", refusal->reason, 0},
		{"session", refusal->session, 0},
		{"user", refusal->user, 0},
		{"address", address, 0},
	};
	size_t count = 2;

	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		if (more[i].text.len > 0)
			fields[count++] = more[i];
		if (i == 0 && value != NULL)
			fields[count++] = (struct log_field){"value", *value, 0};
	}
	log_event(row->level, doors[refusal->door].event, fields, count);
}

void refusal_report(
	struct metrics *metrics, const struct refusal *refusal, struct buf *text)
{
	struct buf what = {0}, value = {0};
	const bool has_value = refusal_has_value(refusal);

	assert(refusal_is_at(refusal->kind, refusal->door));
	counter_add(&metrics->refusals[refusal->door][refusal->kind], 1);
	refusal_append_clean(&what, refusal->what);
	if (has_value)
		refusal_append_clean(&value, refusal_visible(refusal));

	const struct slice shown = buf_slice(&value);
	refusal_write_line(refusal, buf_slice(&what), has_value ? &shown : NULL);
	if (text != NULL)
		refusal_append_text(
			text, refusal, buf_slice(&what), has_value ? &shown : NULL);
	buf_finish(&what);
	buf_finish(&value);
}
