/*
 * The floor: the least work of any server. A bare epoll loop that implements just
 * enough WebSocket and STOMP to serve the bench. It encodes a message once, for all,
 * and sends it to each subscriber: immediately (one send() for each delivery) or, with
 * --joined, together with all others that came in the same turn. On the port that it
 * prints, it accepts WebSockets and plain STOMP.
 */
#include "protocol/stomp.h"
#include "protocol/wsframe.h"
#include "protocol/xmalloc.h"
#include "tests/bench/stream.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, FOREVER = -1 };

enum carried { CARRIED_UNKNOWN, CARRIED_WEBSOCKET, CARRIED_TCP };

struct connection {
	struct stream stream;
	struct floor *floor;
	enum carried carried;
	struct stomp_parser *parser;
	struct topic *topic; /* NULL: it does not subscribe */
	size_t position;     /* among its members */
	struct list link;    /* in floor->gone */
};

struct topic {
	struct connection **members;
	size_t count, capacity;
	struct buf pending; /* for all of them, encoded for their carrier */
	uint64_t number;    /* of the latest message */
	struct list dirty;
};

struct floor {
	struct streams streams;
	struct stream listener;
	bool joins;
	struct topic **topics; /* by the number at the end of their name */
	size_t topic_count;
	struct list dirty, gone;
	struct stomp_spare spare; /* of the parsers */
};

/* Topics. */

static struct topic *floor_topic(struct floor *floor, struct slice destination)
{
	size_t number = 0, place = 1;

	for (size_t i = destination.len; i > 0; i--, place *= 10) {
		char digit = destination.data[i - 1];

		if (digit < '0' || digit > '9')
			break;
		number += (size_t)(digit - '0') * place;
	}
	while (number >= floor->topic_count) {
		size_t count = floor->topic_count == 0 ? 64 : 2 * floor->topic_count;

		floor->topics = xrealloc(floor->topics, count * sizeof(*floor->topics));
		memset(floor->topics + floor->topic_count, 0,
			(count - floor->topic_count) * sizeof(*floor->topics));
		floor->topic_count = count;
	}
	if (floor->topics[number] == NULL)
		floor->topics[number] = xcalloc(1, sizeof(struct topic));
	return floor->topics[number];
}

static void topic_add(struct topic *topic, struct connection *connection)
{
	if (topic->count == topic->capacity) {
		topic->capacity = topic->capacity == 0 ? 1 : 2 * topic->capacity;
		topic->members = xrealloc(
			topic->members, topic->capacity * sizeof(*topic->members));
	}
	connection->topic = topic;
	connection->position = topic->count;
	topic->members[topic->count++] = connection;
}

static void topic_remove(struct topic *topic, struct connection *connection)
{
	struct connection *last = topic->members[--topic->count];

	topic->members[connection->position] = last;
	last->position = connection->position;
}

static void topic_send(struct topic *topic)
{
	for (size_t i = 0; i < topic->count; i++)
		stream_push(&topic->members[i]->stream, buf_slice(&topic->pending));
	buf_clear(&topic->pending);
}

/* The bytes that Postern sends for it on the subscribers' carrier. */
static void floor_publish(struct floor *floor, const struct stomp_frame *send)
{
	const struct slice destination = *stomp_header(send, SLICE("destination"));
	struct topic *topic = floor_topic(floor, destination);
	struct buf frame = {0};
	char place[48];

	snprintf(place, sizeof(place), "1-%" PRIu64, ++topic->number);
	stomp_write_begin(&frame, STOMP_MESSAGE);
	stomp_write_header_plain(&frame, SLICE("subscription"), SLICE("0"));
	stomp_write_header_plain(&frame, SLICE("message-id"), slice_of(place));
	stomp_write_header(&frame, STOMP_1_2, SLICE("destination"), destination);
	stomp_write_header_plain(&frame, SLICE("x-postern-seq"), slice_of(place));
	stomp_write_header_number(&frame, SLICE("content-length"), send->body.len);
	stomp_write_end(&frame, send->body);
	if (topic->count > 0 && topic->members[0]->carried == CARRIED_WEBSOCKET)
		wsframe_append(&topic->pending, WSFRAME_TEXT, buf_slice(&frame));
	else
		buf_append(&topic->pending, buf_slice(&frame));
	buf_finish(&frame);
	if (!floor->joins)
		topic_send(topic);
	else if (!list_is_linked(&topic->dirty))
		list_append(&floor->dirty, &topic->dirty);
}

/* Connections. */

static void connection_send(struct connection *connection, struct buf *frame)
{
	if (connection->carried == CARRIED_WEBSOCKET)
		wsframe_append(stream_out(&connection->stream), WSFRAME_TEXT,
			buf_slice(frame));
	else
		buf_append(stream_out(&connection->stream), buf_slice(frame));
	buf_finish(frame);
}

static void connection_hear(
	struct connection *connection, const struct stomp_frame *heard)
{
	const struct slice *receipt = stomp_header(heard, SLICE("receipt"));
	struct buf frame = {0};

	switch (heard->command) {
	case STOMP_CONNECT:
		stomp_write_begin(&frame, STOMP_CONNECTED);
		stomp_write_header_plain(&frame, SLICE("version"), SLICE("1.2"));
		stomp_write_end(&frame, SLICE(""));
		connection_send(connection, &frame);
		break;
	case STOMP_SUBSCRIBE:
		topic_add(floor_topic(connection->floor,
				  *stomp_header(heard, SLICE("destination"))),
			connection);
		stomp_write_begin(&frame, STOMP_RECEIPT);
		stomp_write_header_plain(&frame, SLICE("receipt-id"), *receipt);
		stomp_write_end(&frame, SLICE(""));
		connection_send(connection, &frame);
		break;
	case STOMP_SEND:
		floor_publish(connection->floor, heard);
		break;
	default:
		die("the bench says %.*s",
			SLICE_ARGS(stomp_command_name(heard->command)));
	}
}

static void connection_take_stomp(struct connection *connection, struct slice bytes)
{
	struct stomp_frame frame;

	while (stomp_parse(connection->parser, &bytes, &frame) == STOMP_PARSE_DONE)
		connection_hear(connection, &frame);
}

/*
 * The bench masks by zeros, and the floor sends no pings, so a frame is its head and
 * its payload. Returns its length, or 0 while it is incomplete.
 */
static size_t connection_take_frame(struct connection *connection, struct slice bytes)
{
	size_t head = 6, len;
	uint16_t len16;

	if (bytes.len < 4)
		return 0;
	len = bytes.data[1] & 0x7f;
	if (len == 126) {
		memcpy(&len16, bytes.data + 2, sizeof(len16));
		len = ntohs(len16);
		head = 8;
	}
	if (bytes.len < head + len)
		return 0;
	connection_take_stomp(connection, (struct slice){bytes.data + head, len});
	return head + len;
}

static size_t connection_take_head(struct connection *connection, struct slice bytes)
{
	const char *end = memmem(bytes.data, bytes.len, "\r\n\r\n", 4);

	if (end == NULL)
		return 0;
	connection->carried = CARRIED_WEBSOCKET;
	/* The accept value of RFC 6455's sample key, which is the bench's. */
	buf_append(stream_out(&connection->stream),
		SLICE("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		      "Connection: Upgrade\r\n"
		      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
	return (size_t)(end - bytes.data) + 4;
}

static size_t connection_take(struct stream *stream, struct slice bytes)
{
	struct connection *connection = container_of(stream, struct connection, stream);
	struct slice rest = bytes;
	size_t len;

	if (connection->carried == CARRIED_UNKNOWN && rest.data[0] == 'G')
		rest = slice_from(rest, connection_take_head(connection, rest));
	else if (connection->carried == CARRIED_UNKNOWN)
		connection->carried = CARRIED_TCP;
	if (connection->carried == CARRIED_TCP) {
		connection_take_stomp(connection, rest);
		return bytes.len;
	}
	while (connection->carried == CARRIED_WEBSOCKET &&
		(len = connection_take_frame(connection, rest)) > 0)
		rest = slice_from(rest, len);
	return bytes.len - rest.len;
}

static void connection_end(struct stream *stream)
{
	struct connection *connection = container_of(stream, struct connection, stream);

	if (connection->topic != NULL)
		topic_remove(connection->topic, connection);
	stomp_parser_destroy(connection->parser);
	list_append(&connection->floor->gone, &connection->link);
}

static void floor_accept(struct stream *listener)
{
	static const struct stream_ops ops = {
		.take = connection_take,
		.end = connection_end,
	};
	static const struct stomp_limits limits = {1 << 20, 64, 4096};
	struct floor *floor = container_of(listener, struct floor, listener);
	int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	struct connection *connection = xcalloc(1, sizeof(*connection));
	connection->floor = floor;
	connection->parser = stomp_parser_create(&limits, &floor->spare);
	stomp_parser_set(connection->parser, STOMP_1_2, &limits);
	stream_adopt(&connection->stream, &floor->streams, &ops, fd);
}

/* The server. */

static void floor_listen(struct floor *floor)
{
	static const struct stream_ops ops = {.ready = floor_accept};
	struct sockaddr_in where = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(where);

	if (fd == -1 || bind(fd, (struct sockaddr *)&where, len) == -1 ||
		listen(fd, BACKLOG) == -1 ||
		getsockname(fd, (struct sockaddr *)&where, &len) == -1)
		die("the floor cannot listen");
	stream_adopt(&floor->listener, &floor->streams, &ops, fd);
	printf("%u\n", ntohs(where.sin_port));
	fflush(stdout);
}

static void floor_end_turn(struct floor *floor)
{
	struct list *link;

	while ((link = list_take_first(&floor->dirty)) != NULL)
		topic_send(container_of(link, struct topic, dirty));
	while ((link = list_take_first(&floor->gone)) != NULL)
		free(container_of(link, struct connection, link));
}

/* It serves until it is killed. */
int main(int argc, char **argv)
{
	struct floor floor = {.joins = argc > 1 && strcmp(argv[1], "--joined") == 0};
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	list_init(&floor.dirty);
	list_init(&floor.gone);
	streams_init(&floor.streams);
	floor_listen(&floor);
	for (;;) {
		streams_turn(&floor.streams, FOREVER);
		floor_end_turn(&floor);
	}
}
