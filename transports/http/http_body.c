/*
 * The body of a request on a connection that is ours. Its head has declared a short
 * length; whatever follows the body stays in the socket.
 */
#include "transports/http/http_budget.h"
#include "transports/http/http_internal.h"
#include "transports/http/http_keep.h"

#include <errno.h>
#include <sys/socket.h>

/* A peer that declares much and sends little takes no more memory than this. */
enum { PIECE = 8192 };

static size_t http_head_limit(const struct http_request *request)
{
	return http_request_carrier(request)->worker->config->limits.head;
}

bool http_body_begin(struct http_request *request, struct peeked *peeked)
{
	const size_t head = peeked->head.len, after = peeked->got - head;
	const size_t length =
		request->keeps_body ? (size_t)http_body_length(&peeked->head) : 0;
	const size_t come = after < length ? after : length;

	if (!peek_read(request->connection->io.fd, peeked, head + come))
		return false;
	if (come < length)
		http_body_allocate(request, length);
	buf_append(&request->body, (struct slice){peeked->room + head, come});
	request->missing = (unsigned)(length - come);
	/* A peek that was full may not have seen all: the watch reports it no more. */
	request->connection->readable =
		after > come || peeked->got > http_head_limit(request);
	return true;
}

static ssize_t http_body_receive(struct http_request *request, size_t most)
{
	const int fd = request->connection->io.fd;
	char dropped[PIECE];

	if (request->state == HTTP_REQUEST_REFUSED)
		return recv(fd, dropped, most, 0);
	ssize_t got = recv(fd, buf_reserve(&request->body, most), most, 0);
	request->body.len += got > 0 ? (size_t)got : 0;
	return got;
}

enum http_body http_body_read(struct http_request *request)
{
	while (request->missing > 0) {
		request->connection->readable = false;
		ssize_t got = http_body_receive(
			request, request->missing < PIECE ? request->missing : PIECE);

		if (got == -1 && errno == EAGAIN)
			return HTTP_BODY_MORE;
		if (got <= 0)
			return HTTP_BODY_GONE;
		request->missing -= (unsigned)got;
		/* The event that reported these bytes may have reported more. */
		request->connection->readable = true;
	}
	return HTTP_BODY_WHOLE;
}
