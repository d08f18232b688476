#include "tests/bench/http_reader.h"

#include <stdint.h>
#include <stdlib.h>

/* Takes the text up to and including `end`. False when `end` has not come yet. */
static bool take_until(struct slice *bytes, struct slice end, struct slice *taken)
{
	const char *at = memmem(bytes->data, bytes->len, end.data, end.len);

	if (at == NULL)
		return false;
	*taken = slice_first(*bytes, (size_t)(at - bytes->data));
	*bytes = slice_from(*bytes, taken->len + end.len);
	return true;
}

/* The value of a header, after its colon, or NULL. */
static const char *find_header(struct slice head, struct slice name)
{
	struct slice line;

	while (take_until(&head, SLICE("\r\n"), &line)) {
		if (line.len > name.len + 1 && line.data[name.len] == ':' &&
			slice_equal_nocase(slice_first(line, name.len), name))
			return line.data + name.len + 1 +
			       (line.data[name.len + 1] == ' ');
	}
	return NULL;
}

static bool says(struct slice head, struct slice name, const char *value)
{
	const char *found = find_header(head, name);

	return found != NULL && strncasecmp(found, value, strlen(value)) == 0;
}

/* The length of a body without chunks; some bodies end with the connection. */
static size_t body_length(const struct http_reader *reader, struct slice head)
{
	const char *length = find_header(head, SLICE("Content-Length"));

	if (length != NULL)
		return strtoul(length, NULL, 10);
	return reader->status == 200 && !reader->is_chunked ? SIZE_MAX : 0;
}

/* `bytes` begin with an answer's head, complete or not. */
static enum http_part read_head(struct http_reader *reader, struct slice *bytes)
{
	const char *start = bytes->data;
	struct slice head;

	if (!take_until(bytes, SLICE("\r\n\r\n"), &head))
		return HTTP_MORE;
	head.len += 2; /* its last line ends like all others */
	if (!slice_starts_with(head, SLICE("HTTP/1.1 ")))
		return HTTP_BAD;
	reader->status = (unsigned)strtoul(start + sizeof("HTTP/1.1"), NULL, 10);
	reader->is_last = says(head, SLICE("Connection"), "close");
	reader->is_chunked = says(head, SLICE("Transfer-Encoding"), "chunked");
	reader->left = body_length(reader, head);
	reader->where = reader->is_chunked ? HTTP_CHUNK : HTTP_LENGTH;
	return HTTP_BODY;
}

static enum http_part read_piece(
	struct http_reader *reader, struct slice *bytes, struct slice *body)
{
	if (bytes->len == 0)
		return HTTP_MORE;
	*body = slice_first(*bytes, reader->left);
	*bytes = slice_from(*bytes, body->len);
	reader->left -= body->len;
	return HTTP_BODY;
}

/* The line before a chunk, after the end of the previous one. */
static enum http_part read_chunk_size(struct http_reader *reader, struct slice *bytes)
{
	struct slice rest = *bytes, line;

	if (reader->where == HTTP_CHUNK_END && !take_until(&rest, SLICE("\r\n"), &line))
		return HTTP_MORE;
	if (!take_until(&rest, SLICE("\r\n"), &line))
		return HTTP_MORE;
	reader->left = strtoul(line.data, NULL, 16);
	if (reader->left == 0 && !take_until(&rest, SLICE("\r\n"), &line))
		return HTTP_MORE;
	*bytes = rest;
	reader->where = reader->left == 0 ? HTTP_HEAD : HTTP_CHUNK_END;
	return reader->left == 0 ? HTTP_DONE : HTTP_BODY;
}

enum http_part http_read(
	struct http_reader *reader, struct slice *bytes, struct slice *body)
{
	*body = SLICE("");
	switch (reader->where) {
	case HTTP_HEAD:
		return read_head(reader, bytes);
	case HTTP_LENGTH:
		if (reader->left > 0)
			return read_piece(reader, bytes, body);
		reader->where = HTTP_HEAD;
		return HTTP_DONE;
	case HTTP_CHUNK:
	case HTTP_CHUNK_END:
		if (reader->left > 0)
			return read_piece(reader, bytes, body);
		return read_chunk_size(reader, bytes);
	}
	return HTTP_BAD;
}
