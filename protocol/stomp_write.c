/*
 * Writes STOMP frames, escaped for the reader's version. A byte that the version
 * cannot carry becomes a space: a header must never end early, or a value that a
 * client chose would be read as the next line.
 */
#include "protocol/stomp.h"

#include "protocol/number.h"

#include <limits.h>

/* The escape for `byte` in a header of `version`; empty if it needs none. */
static struct slice stomp_write_escape_of(enum stomp_version version, char byte)
{
	switch (byte) {
	case '\0':
		return SLICE(" "); /* no version has an escape for it */
	case '\r':
		return version == STOMP_1_2 ? SLICE("\\r") : SLICE(" ");
	case '\n':
		return version == STOMP_1_0 ? SLICE(" ") : SLICE("\\n");
	case ':':
		return version == STOMP_1_0 ? SLICE("") : SLICE("\\c");
	case '\\':
		return version == STOMP_1_0 ? SLICE("") : SLICE("\\\\");
	default:
		return SLICE("");
	}
}

/* True when every version writes these bytes as they are. */
static bool stomp_write_is_plain(struct slice raw)
{
	static const bool is_special[UCHAR_MAX + 1] = {
		['\0'] = true,
		['\r'] = true,
		['\n'] = true,
		[':'] = true,
		['\\'] = true,
	};

	for (size_t i = 0; i < raw.len; i++) {
		if (is_special[(unsigned char)raw.data[i]])
			return false;
	}
	return true;
}

static void stomp_write_escaped(
	struct buf *out, enum stomp_version version, struct slice raw)
{
	size_t clean = 0;

	for (size_t i = 0; i < raw.len; i++) {
		struct slice escape = stomp_write_escape_of(version, raw.data[i]);

		if (escape.len > 0) {
			buf_append(out, (struct slice){raw.data + clean, i - clean});
			buf_append(out, escape);
			clean = i + 1;
		}
	}
	buf_append(out, slice_from(raw, clean));
}

/* Without escapes a colon would end the name early, so it becomes a space too. */
static void stomp_write_name(
	struct buf *out, enum stomp_version version, struct slice name)
{
	size_t colon;

	if (version == STOMP_1_0) {
		while ((colon = slice_find(name, ':')) < name.len) {
			stomp_write_escaped(out, version, slice_first(name, colon));
			buf_append_char(out, ' ');
			name = slice_from(name, colon + 1);
		}
	}
	stomp_write_escaped(out, version, name);
}

void stomp_write_begin(struct buf *out, enum stomp_command command)
{
	buf_append(out, stomp_command_name(command));
	buf_append_char(out, '\n');
}

void stomp_write_header_made(struct buf *out, struct slice name, struct slice value)
{
	const size_t len = name.len + value.len + 2;
	char *at = buf_reserve(out, len);

	slice_copy_out(&at, name);
	*at++ = ':';
	slice_copy_out(&at, value);
	*at = '\n';
	out->len += len;
}

void stomp_write_header(struct buf *out, enum stomp_version version, struct slice name,
	struct slice value)
{
	/* Nearly all headers need no escape. */
	if (stomp_write_is_plain(name) && stomp_write_is_plain(value)) {
		stomp_write_header_made(out, name, value);
		return;
	}
	stomp_write_name(out, version, name);
	buf_append_char(out, ':');
	stomp_write_escaped(out, version, value);
	buf_append_char(out, '\n');
}

void stomp_write_header_plain(struct buf *out, struct slice name, struct slice value)
{
	stomp_write_header(out, STOMP_1_0, name, value);
}

void stomp_write_header_number(struct buf *out, struct slice name, uint64_t number)
{
	char digits[NUMBER_DIGITS_MAX];

	stomp_write_header_made(
		out, name, (struct slice){digits, number_write(digits, number)});
}

void stomp_write_end(struct buf *out, struct slice body)
{
	buf_append_char(out, '\n');
	buf_append(out, body);
	buf_append_char(out, '\0');
}
