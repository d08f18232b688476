/* The keys of "limits" and "times". */
#include "gateway/config/config_bounds.h"

#include "gateway/config/config.h"
#include "protocol/http_head.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

enum {
	KIB = 1 << 10,
	MIB = 1 << 20,
	GIB = 1 << 30,
	LONGEST = INT32_MAX, /* milliseconds: 24 days */
};

#define LIMIT(field, standard, least, most, meaning)                                   \
	{                                                                              \
		.name = #field, .means = (meaning), .kind = CONFIG_NUMBER,             \
		.offset = offsetof(struct config, limits.field),                       \
		.fallback = (standard), .min = (least), .max = (most)                  \
	}

#define BYTES(field, standard, least, most, meaning)                                   \
	{                                                                              \
		.name = #field, .means = (meaning), .kind = CONFIG_NUMBER,             \
		.offset = offsetof(struct config, limits.field),                       \
		.fallback = (standard), .min = (least), .max = (most), .unit = "bytes" \
	}

static const struct config_key limits[] = {
	{
		.name = "head",
		.means = "bytes of a request's head",
		.kind = CONFIG_NUMBER,
		.at_start = true, /* buffers are allocated with this size */
		.offset = offsetof(struct config, limits.head),
		.fallback = 9 * KIB,
		.min = 512,
		.max = 64 * KIB,
		.unit = "bytes",
	},
	LIMIT(head_lines, HTTP_HEADERS_MAX, 1, HTTP_HEADERS_MAX,
		"header lines of a request"),
	BYTES(target, 8 * KIB, 64, 64 * KIB, "bytes of a request's URL"),
	BYTES(body, 0, 0, 4ULL * GIB,
		"bytes of a request's body as it is sent; 0: six times limits.frame, "
		"for jsonp_send eight times, since escaping may need that much"),
	BYTES(frame, MIB + 64 * KIB, 256, GIB,
		"bytes of a STOMP frame, or of the unescaped text of a WebSocket or "
		"SockJS message"),
	BYTES(connect_frame, 16 * KIB, 256, MIB, "bytes of a CONNECT frame"),
	LIMIT(headers, 64, 4, 4 * KIB, "headers of a STOMP frame"),
	BYTES(header, 8 * KIB, 64, MIB, "bytes of one header of a STOMP frame"),
	LIMIT(fragments, 1024, 1, MIB, "fragments of a WebSocket message"),
	BYTES(queue_bytes, 4 * MIB, 1, 4ULL * GIB,
		"bytes of memory that the queued messages of a session may take; above "
		"that it is a slow consumer"),
	LIMIT(queue_messages, 4096, 1, 16 * MIB,
		"messages that a session may have queued; above that it is a slow "
		"consumer"),
	LIMIT(subscriptions, 256, 1, MIB, "subscriptions of a session"),
	BYTES(destination, 255, 1, 64 * KIB, "bytes of a destination's name"),
	LIMIT(destinations, 100000, 1, GIB,
		"topics and queues in all; patterns may have as many segments in all"),
	LIMIT(idle_topics, 1024, 0, GIB,
		"topics per worker that only patterns match and whose numbering "
		"Postern keeps"),
	LIMIT(unacked, 1024, 1, MIB,
		"unacknowledged deliveries of topics that Postern remembers for a "
		"subscription"),
	LIMIT(backlog_messages, 10000, 1, GIB,
		"messages in a queue, those in flight to consumers included"),
	BYTES(backlog_bytes, 64 * MIB, 1, 64ULL * GIB,
		"bytes of memory that the messages of a queue may take"),
	BYTES(backlog_total_bytes, 0, 0, 1024ULL * GIB,
		"bytes of memory that the messages of all queues may take; 0: half of "
		"limits.memory"),
	LIMIT(logins, 4096, 1, MIB,
		"logins per worker that wait or are checked at the same time"),
	BYTES(token, 8 * KIB, 64, 64 * KIB, "bytes of a token"),
	BYTES(identity, 4 * KIB, 64, MIB,
		"bytes of the groups, claims and grants that Postern keeps of a login"),
	LIMIT(user_messages, 0, 0, RATE_MESSAGES_MAX,
		"SENDs in a second of one user, or of one address without a login, on "
		"all its sessions together; above that Postern does not read from it; "
		"0: as many as come"),
	LIMIT(user_burst, 0, 0, RATE_MESSAGES_MAX,
		"of these SENDs, how many may come in a row after a pause; 0: as many "
		"as user_messages"),
	LIMIT(transactions, 16, 1, MIB, "open transactions of a session"),
	LIMIT(transaction_actions, 1024, 1, MIB, "frames in one transaction"),
	BYTES(transaction_bytes, MIB, 1, 4ULL * GIB,
		"bytes of memory that the messages of one transaction may take"),
	LIMIT(inbox_posts, 65536, 1, GIB,
		"posts between workers, in all; above that Postern does not read from "
		"publishers"),
	BYTES(inbox_bytes, 64 * MIB, 1, 64ULL * GIB,
		"bytes of memory that these posts may take"),
	LIMIT(connections, 0, 0, GIB,
		"connections in all; 0: as many as the file descriptors allow"),
	{
		.name = "reserve",
		.means = "how much of limits.connections Postern keeps for requests "
			 "that name a session which exists",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, limits.reserve),
		.fallback = 5,
		.min = 0,
		.max = 50,
		.unit = "per cent",
	},
	LIMIT(sessions, 0, 0, GIB, "sessions in all; 0: no limit of its own"),
	{
		.name = "share",
		.means = "of each bound of the process, for one user, or for one "
			 "address "
			 "without a login; 100: all of it",
		.kind = CONFIG_NUMBER,
		.offset = offsetof(struct config, limits.share),
		.fallback = 25,
		.min = 1,
		.max = 100,
		.unit = "per cent",
	},
	{
		.name = "ended_sessions",
		.means = "ended SockJS sessions that a worker remembers, for two "
			 "minutes",
		.kind = CONFIG_NUMBER,
		.at_start = true,
		.offset = offsetof(struct config, limits.ended_sessions),
		.fallback = 16 * KIB,
		.min = 1,
		.max = 16 * MIB,
	},
	BYTES(memory, 0, 0, 1024ULL * GIB,
		"bytes of the process, shared by all accounts; above that Postern "
		"opens no session and closes the slowest; 0: four fifths of what the "
		"process may have"),
	LIMIT(address_connections, 4096, 1, GIB, "connections of one address"),
	LIMIT(address_sessions, 1000, 1, GIB,
		"sessions that one address may open in a second"),
	LIMIT(address_unknown, 100, 1, GIB,
		"messages for unknown sessions that one address may send in a second"),
	LIMIT(log_lines, 200, 1, GIB,
		"lines of the log in a second that differ only in details"),
};

#define TIME(field, standard, least, meaning)                                          \
	{                                                                              \
		.name = #field, .means = (meaning), .kind = CONFIG_NUMBER,             \
		.offset = offsetof(struct config, times.field),                        \
		.fallback = (standard), .min = (least), .max = LONGEST,                \
		.unit = "milliseconds"                                                 \
	}

static const struct config_key times[] = {
	TIME(head, 10000, 1, "to receive a request's head"),
	TIME(body, 20000, 1,
		"to receive a request's body, or the rest of a WebSocket message or of "
		"a STOMP frame"),
	TIME(keep_alive, 75000, 1, "until Postern closes an idle HTTP connection"),
	TIME(progress, 10000, 1, "until Postern closes a client that takes no byte"),
	TIME(connect, 10000, 1, "until the first STOMP frame must have arrived"),
	TIME(heartbeat, 25000, 1,
		"between SockJS's heartbeats; a jsonp client gives up after 35000"),
	TIME(disconnect, 5000, 1, "until a SockJS session without a receiver ends"),
	TIME(late_poll, 5000, 0,
		"by which Postern delays its answer when a client polls an ended "
		"session again and again"),
	TIME(ping, 25000, 1, "until Postern pings an idle WebSocket"),
	TIME(pong, 10000, 1, "until the PONG must have arrived"),
	TIME(stomp_send, 10000, 0,
		"between the heart-beats that the server offers; 0: none"),
	TIME(stomp_send_least, 1000, 1,
		"the shortest interval between heart-beats to a client that asks for "
		"more of them; a smaller stomp_send lowers it"),
	TIME(stomp_want, 10000, 0,
		"between the heart-beats that the server wants from a client; 0: none"),
	TIME(queue_idle, 0, 0,
		"until the messages of a queue become dead letters, if it had neither "
		"consumers, SENDs nor acknowledgements; 0: never"),
	TIME(linger, 1000, 0,
		"for an ERROR or a close frame to leave before the connection closes"),
	TIME(leeway, 30000, 0,
		"how far the clock of an issuer of tokens may differ; a session ends "
		"so long after its token has expired"),
	TIME(user_header, 43200000, 0,
		"how long a login by login.user_header lasts; 0: as long as the "
		"session"),
	TIME(drain, 5000, 0, "from SIGTERM until Postern ends all that still goes on"),
};

const struct config_table config_limits = {.keys = limits, .count = COUNT(limits)};
const struct config_table config_times = {.keys = times, .count = COUNT(times)};
