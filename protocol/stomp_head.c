/*
 * Reads one header line at a time. Names and values are short, so they are copied,
 * unescaped, into one buffer, and the lines themselves need not be kept.
 */
#include "protocol/stomp_head.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	FIRST_CAPACITY = 8, /* a SEND of a browser has four or five */
	KEPT_CAPACITY = 16,
	KEPT_TEXT = 1024,
};

void stomp_head_finish(struct stomp_head *head)
{
	buf_finish(&head->text);
	free(head->headers);
	*head = (struct stomp_head){0};
}

void stomp_head_clear(struct stomp_head *head)
{
	if (head->text.capacity > KEPT_TEXT || head->capacity > KEPT_CAPACITY)
		stomp_head_finish(head);
	buf_clear(&head->text);
	head->count = 0;
}

static bool stomp_head_is_escaped(
	enum stomp_version version, enum stomp_command command)
{
	/* STOMP 1.2, Value Encoding: these frames keep the form of 1.0. */
	return version != STOMP_1_0 && command != STOMP_CONNECT &&
	       command != STOMP_STOMP && command != STOMP_CONNECTED;
}

/* The byte for `\letter`, or NUL, which has no escape. */
static char stomp_head_unescape(enum stomp_version version, char letter)
{
	switch (letter) {
	case 'n':
		return '\n';
	case 'c':
		return ':';
	case '\\':
		return '\\';
	case 'r':
		return version == STOMP_1_2 ? '\r' : '\0';
	default:
		return '\0';
	}
}

/* False at an escape that the version does not define. */
static bool stomp_head_append_unescaped(
	struct buf *text, enum stomp_version version, struct slice raw)
{
	size_t at;

	while ((at = slice_find(raw, '\\')) < raw.len) {
		struct slice letter = slice_from(raw, at + 1);
		char byte = letter.len > 0
				    ? stomp_head_unescape(version, letter.data[0])
				    : '\0';

		if (byte == '\0')
			return false;
		buf_append(text, slice_first(raw, at));
		buf_append_char(text, byte);
		raw = slice_from(letter, 1);
	}
	buf_append(text, raw);
	return true;
}

static void stomp_head_add_lengths(struct stomp_head *head, size_t name, size_t value)
{
	if (head->count == head->capacity) {
		head->capacity =
			head->capacity > 0 ? head->capacity * 2 : FIRST_CAPACITY;
		head->headers = xrealloc(
			head->headers, head->capacity * sizeof(*head->headers));
	}
	head->headers[head->count++] = (struct stomp_header){
		.name = {NULL, name},
		.value = {NULL, value},
	};
}

enum stomp_fault stomp_head_add(struct stomp_head *head, enum stomp_version version,
	enum stomp_command command, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice name = slice_first(line, colon);
	struct slice value = slice_from(line, colon + 1);
	size_t start = head->text.len;

	if (colon == line.len)
		return STOMP_FAULT_NO_COLON;
	if (colon == 0)
		return STOMP_FAULT_NO_NAME;
	if (version == STOMP_1_0)
		value = slice_trim_front(value, SLICE_BLANKS);

	if (!stomp_head_is_escaped(version, command)) {
		buf_append(&head->text, name);
		buf_append(&head->text, value);
		stomp_head_add_lengths(head, name.len, value.len);
		return STOMP_FAULT_NONE;
	}
	bool defined = stomp_head_append_unescaped(&head->text, version, name);
	size_t middle = head->text.len;
	if (!defined || !stomp_head_append_unescaped(&head->text, version, value)) {
		head->text.len = start;
		return STOMP_FAULT_ESCAPE;
	}
	stomp_head_add_lengths(head, middle - start, head->text.len - middle);
	return STOMP_FAULT_NONE;
}

void stomp_head_resolve(struct stomp_head *head)
{
	const char *at = buf_slice(&head->text).data;

	for (size_t i = 0; i < head->count; i++) {
		struct stomp_header *header = &head->headers[i];

		header->name.data = at;
		header->value.data = at + header->name.len;
		at += header->name.len + header->value.len;
	}
}

const struct slice *stomp_head_find(const struct stomp_head *head, struct slice name)
{
	struct stomp_frame frame = {
		.headers = head->headers, .header_count = head->count};

	return stomp_header(&frame, name);
}
