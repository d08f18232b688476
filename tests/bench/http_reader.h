/* Reads the answers of a connection, one after the other, as their bytes come. */
#ifndef BENCH_HTTP_READER_H
#define BENCH_HTTP_READER_H

#include "protocol/slice.h"

enum http_part {
	HTTP_MORE, /* bytes are missing */
	HTTP_BODY, /* *body is a piece of it */
	HTTP_DONE, /* the answer has ended */
	HTTP_BAD,
};

enum http_where { HTTP_HEAD, HTTP_LENGTH, HTTP_CHUNK, HTTP_CHUNK_END };

/* Zeroed: before the first answer. */
struct http_reader {
	enum http_where where;
	size_t left; /* of the body or chunk */
	unsigned status;
	bool is_chunked;
	bool is_last; /* the connection closes after it */
};

/* Takes bytes from the front of *bytes. */
enum http_part http_read(
	struct http_reader *reader, struct slice *bytes, struct slice *body);

#endif
