#include "tests/bench/stream.h"

#include "protocol/xmalloc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 1 << 18, EVENTS_PER_WAIT = 256 };

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputs("\n", stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

void stream_consume(struct buf *buf, size_t count)
{
	if (count >= buf->len) {
		buf->len = 0;
		return;
	}
	if (count == 0)
		return;
	memmove(buf->data, buf->data + count, buf->len - count);
	buf->len -= count;
}

void streams_init(struct streams *streams)
{
	streams->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (streams->epoll == -1)
		die("epoll: %s", strerror(errno));
	list_init(&streams->dirty);
	streams->room = xmalloc(ROOM);
}

void streams_finish(struct streams *streams)
{
	close(streams->epoll);
	free(streams->room);
}

/* Watch for writing only while the kernel takes no more. */
static void stream_expect(struct stream *stream, bool is_stuck)
{
	struct epoll_event event = {
		.events = is_stuck ? EPOLLIN | EPOLLOUT : EPOLLIN,
		.data.ptr = stream,
	};

	if (stream->is_stuck == is_stuck)
		return;
	stream->is_stuck = is_stuck;
	epoll_ctl(stream->streams->epoll, EPOLL_CTL_MOD, stream->fd, &event);
}

/* How many bytes the kernel takes; a broken connection shows when it is read. */
static size_t stream_send(struct stream *stream, struct slice bytes)
{
	ssize_t taken =
		send(stream->fd, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return taken > 0 ? (size_t)taken : 0;
}

static void stream_flush(struct stream *stream)
{
	if (stream->out.len > 0)
		stream_consume(
			&stream->out, stream_send(stream, buf_slice(&stream->out)));
	stream_expect(stream, stream->out.len > 0);
	if (stream->out.len == 0)
		buf_finish(&stream->out);
}

static void streams_flush(struct streams *streams)
{
	struct list *link;

	while ((link = list_take_first(&streams->dirty)) != NULL)
		stream_flush(container_of(link, struct stream, dirty));
}

struct buf *stream_out(struct stream *stream)
{
	if (!list_is_linked(&stream->dirty) && !stream->is_stuck)
		list_append(&stream->streams->dirty, &stream->dirty);
	return &stream->out;
}

void stream_push(struct stream *stream, struct slice bytes)
{
	if (stream->out.len == 0)
		bytes = slice_from(bytes, stream_send(stream, bytes));
	if (bytes.len > 0)
		buf_append(stream_out(stream), bytes);
}

/* Keeps the bytes that are not taken yet before the next ones. */
static void stream_offer(struct stream *stream, struct slice bytes)
{
	if (stream->kept.len == 0) {
		size_t taken = stream->ops->take(stream, bytes);

		if (stream->fd != -1)
			buf_append(&stream->kept, slice_from(bytes, taken));
		return;
	}
	struct buf kept = stream->kept;
	stream->kept = (struct buf){0};
	buf_append(&kept, bytes);
	size_t taken = stream->ops->take(stream, buf_slice(&kept));
	stream_consume(&kept, taken);
	if (kept.len > 0 && stream->fd != -1)
		stream->kept = kept;
	else
		buf_finish(&kept);
}

static void stream_read(struct stream *stream)
{
	char *room = stream->streams->room;
	ssize_t len = recv(stream->fd, room, ROOM, MSG_DONTWAIT);

	if (len > 0) {
		stream_offer(stream, (struct slice){room, (size_t)len});
	} else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
		stream_close(stream);
		stream->ops->end(stream);
	}
}

void streams_turn(struct streams *streams, int milliseconds)
{
	struct epoll_event events[EVENTS_PER_WAIT];

	streams_flush(streams);
	int count = epoll_wait(streams->epoll, events, EVENTS_PER_WAIT, milliseconds);
	for (int i = 0; i < count; i++) {
		struct stream *stream = events[i].data.ptr;

		if (stream->fd != -1 && events[i].events & EPOLLOUT)
			stream_flush(stream);
		if (stream->fd == -1 || !(events[i].events & ~(uint32_t)EPOLLOUT))
			continue;
		if (stream->ops->ready != NULL)
			stream->ops->ready(stream);
		else
			stream_read(stream);
	}
}

void stream_adopt(struct stream *stream, struct streams *streams,
	const struct stream_ops *ops, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};

	*stream = (struct stream){.ops = ops, .streams = streams, .fd = fd};
	if (epoll_ctl(streams->epoll, EPOLL_CTL_ADD, fd, &event) == -1)
		die("epoll: %s", strerror(errno));
}

void stream_connect(struct stream *stream, struct streams *streams,
	const struct stream_ops *ops, unsigned port)
{
	const struct sockaddr_in where = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		die("socket: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	/*
	 * Closes by a reset: a TIME_WAIT would drop the SYN of a later run on the same
	 * port.
	 */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
		sizeof(struct linger));
	if (connect(fd, (const struct sockaddr *)&where, sizeof(where)) == -1 &&
		errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	stream_adopt(stream, streams, ops, fd);
}

void stream_close(struct stream *stream)
{
	if (stream->streams == NULL || stream->fd == -1)
		return;
	close(stream->fd);
	stream->fd = -1;
	list_remove(&stream->dirty);
	buf_finish(&stream->kept);
	buf_finish(&stream->out);
}
