/*
 * The one list of everything that Postern refuses. A row of it feeds the answer to the
 * peer, the log line, postern_refusals_total{door,kind} and the table test
 * (tests/wire/refusals*.test.mjs), which fails for a kind that it does not trigger.
 *
 * Code that refuses something fills a struct refusal and calls refusal_report(). Only
 * that function quotes what a peer has sent, so it alone must keep secrets: it never
 * shows a query string, a value of a CONNECT frame, a value whose name looks like a
 * secret's, or one that looks like a token (secret.h). Of those it shows the name only.
 */
#ifndef GATEWAY_WORKER_REFUSAL_H
#define GATEWAY_WORKER_REFUSAL_H

#include "gateway/base/log.h"
#include "protocol/address.h"
#include "protocol/buf.h"

struct metrics;

/* Where a peer is refused. `name` is the label of the metric. */
#define DOOR_LIST(X)                                                                   \
	X(HTTP, "http")           /* a request to the public listener */               \
	X(WEBSOCKET, "websocket") /* a WebSocket, from its upgrade on */               \
	X(SOCKJS, "sockjs")       /* SockJS's framing, on any transport */             \
	X(STOMP, "stomp")         /* the STOMP conversation, on any transport */       \
	X(TCP, "tcp")             /* the listener for plain STOMP */                   \
	X(ADMIN, "admin")         /* the listener for operators */                     \
	X(PROXY, "proxy")         /* the PROXY header before a connection */

enum refusal_door {
#define X(door, name) DOOR_##door,
	DOOR_LIST(X)
#undef X
		DOORS,
};

/* Decides the answer to a STOMP client (client_refusal.h, www/docs/stomp.md). */
enum refusal_class {
	REFUSAL_MALFORMED, /* the peer breaks the protocol: the conversation ends */
	REFUSAL_DENIED,    /* not permitted to the peer: broker.deny decides */
	REFUSAL_FAILED,    /* not the peer's fault, and temporary: nothing is closed */
};

/*
 * Levels: INFO for what an engineer who sets up a client or the server must find;
 * DEBUG for what strangers can repeat endlessly and needs no action. limits.log_lines
 * bounds all of these lines, for each door separately.
 *
 * The peer reads the sentence first. It is short, has no full stop, and contains
 * nothing that the peer has sent.
 */

#define AT(door) (1u << DOOR_##door)

/* Answered with a status. X(KIND, doors, status, level, "name", "sentence") */
#define HTTP_REFUSALS(X)                                                               \
	X(NOT_FOUND, AT(HTTP) | AT(ADMIN), 404, INFO, "not_found",                     \
		"Nothing is served at this path")                                      \
	X(TLS_HELLO, AT(HTTP) | AT(ADMIN), 400, INFO, "tls_hello",                     \
		"TLS is spoken at a port for plain HTTP")                              \
	X(STOMP_FRAME, AT(HTTP) | AT(ADMIN), 400, INFO, "stomp_frame",                 \
		"STOMP is spoken at a port for HTTP")                                  \
	X(MALFORMED_HEAD, AT(HTTP) | AT(ADMIN), 400, INFO, "malformed_head",           \
		"The head of the request is malformed")                                \
	X(METHOD, AT(HTTP) | AT(ADMIN), 405, INFO, "method",                           \
		"The method is not served here")                                       \
	X(HEAD_EXPECT, AT(HTTP) | AT(ADMIN), 417, INFO, "expect",                      \
		"Only 100-continue can be expected")                                   \
	X(BODY_SIZE, AT(HTTP) | AT(ADMIN), 413, INFO, "body_size",                     \
		"The body is too large")                                               \
	X(BODY_TIME, AT(HTTP) | AT(ADMIN), 408, INFO, "body_time",                     \
		"The body has not come in time")                                       \
	X(TARGET_SIZE, AT(HTTP) | AT(ADMIN), 414, INFO, "target_size",                 \
		"The URL is too long")                                                 \
	X(HEAD_SIZE, AT(HTTP) | AT(ADMIN), 431, INFO, "head_size",                     \
		"The head of the request is too large")                                \
	X(NOT_IMPLEMENTED, AT(HTTP) | AT(ADMIN), 501, INFO, "not_implemented",         \
		"The method or the transfer coding is unknown")                        \
	X(HTTP_VERSION, AT(HTTP) | AT(ADMIN), 505, INFO, "http_version",               \
		"Only HTTP/1.0 and HTTP/1.1 are spoken")                               \
	X(ORIGIN, AT(HTTP) | AT(ADMIN), 403, INFO, "origin",                           \
		"Pages of this origin may not connect")                                \
	X(UNKNOWN_HOST, AT(HTTP), 421, INFO, "unknown_host",                           \
		"No host of that name is served here")                                 \
	X(FOREIGN_HOST, AT(ADMIN), 403, INFO, "foreign_host",                          \
		"Without admin.token only names of this machine are served")           \
	X(WRONG_TOKEN, AT(ADMIN), 401, INFO, "wrong_token",                            \
		"The token is missing or wrong")                                       \
	X(WRONG_TOKENS, AT(ADMIN), 429, INFO, "wrong_tokens", "Too many wrong tokens") \
	X(NO_WEBSOCKET, AT(HTTP) | AT(ADMIN), 426, INFO, "no_websocket",               \
		"No WebSocket is spoken at this URL")                                  \
	X(BUSY, AT(SOCKJS), 503, DEBUG, "busy", "Try again later")                     \
	X(BODY_MEMORY, AT(SOCKJS), 503, INFO, "body_memory",                           \
		"There is no memory for so large a body now")                          \
	X(FOREIGN_PROXY, AT(HTTP) | AT(TCP), 403, INFO, "foreign_proxy",               \
		"Only proxies may connect")                                            \
	X(CROWDED, AT(HTTP) | AT(TCP), 503, DEBUG, "crowded", "Too many connections")  \
	X(PROXY_HEADER, AT(PROXY), 400, INFO, "proxy_header",                          \
		"A PROXY header must come first")                                      \
	/* A WebSocket's handshake. The protocol's tests want the first two. */        \
	X(UPGRADE, AT(WEBSOCKET), 400, INFO, "upgrade",                                \
		"Can \"Upgrade\" only to \"WebSocket\"")                               \
	X(CONNECTION, AT(WEBSOCKET), 400, INFO, "connection",                          \
		"\"Connection\" must be \"Upgrade\"")                                  \
	X(HANDSHAKE_HTTP, AT(WEBSOCKET), 400, INFO, "handshake_http",                  \
		"A WebSocket cannot be opened over HTTP/1.0")                          \
	X(HANDSHAKE_BODY, AT(WEBSOCKET), 400, INFO, "handshake_body",                  \
		"A WebSocket's handshake has no body")                                 \
	X(HANDSHAKE_KEY, AT(WEBSOCKET), 400, INFO, "handshake_key",                    \
		"Sec-WebSocket-Key must be there once, with 16 octets in base64")      \
	X(HANDSHAKE_VERSION, AT(WEBSOCKET), 426, INFO, "handshake_version",            \
		"Only version 13 of WebSocket is spoken")                              \
	/* Of SockJS's transports. The protocol fixes the sentences of the 500s. */    \
	X(UNKNOWN_SESSION, AT(SOCKJS), 404, INFO, "unknown_session",                   \
		"There is no such session here")                                       \
	X(UNKNOWN_SESSIONS, AT(SOCKJS), 429, INFO, "unknown_sessions",                 \
		"Too many unknown sessions")                                           \
	X(NO_CALLBACK, AT(SOCKJS), 500, INFO, "no_callback",                           \
		"\"callback\" parameter required")                                     \
	X(CALLBACK, AT(SOCKJS), 500, INFO, "callback",                                 \
		"invalid \"callback\" parameter")                                      \
	X(NO_PAYLOAD, AT(SOCKJS), 500, INFO, "no_payload", "Payload expected")         \
	X(BROKEN_JSON, AT(SOCKJS), 500, INFO, "broken_json", "Broken JSON encoding")   \
	X(MESSAGE_SIZE, AT(SOCKJS), 413, INFO, "message_size", "A message is too large")

/* The connection ends without a status. X(KIND, doors, level, "name", "sentence") */
#define CONNECTION_REFUSALS(X)                                                         \
	X(SOCKJS_FRAMING, AT(SOCKJS), INFO, "sockjs_framing",                          \
		"A SockJS frame is a JSON array of strings")                           \
	X(STOMP_AT_SOCKJS, AT(SOCKJS), INFO, "stomp_at_sockjs",                        \
		"SockJS is spoken here, and this is plain STOMP")                      \
	X(TCP_BUSY, AT(TCP), DEBUG, "tcp_busy", "Try again later")                     \
	X(HTTP_REQUEST, AT(TCP), INFO, "http_request",                                 \
		"HTTP is spoken at a port for plain STOMP")                            \
	X(TCP_TLS_HELLO, AT(TCP), INFO, "tcp_tls_hello",                               \
		"TLS is spoken at a port for plain STOMP")

/* At the door STOMP. X(KIND, class, level, "name", "sentence") */
#define STOMP_REFUSALS(X)                                                              \
	/* Before CONNECTED. */                                                        \
	X(FIRST_FRAME, MALFORMED, INFO, "first_frame",                                 \
		"The first frame must be CONNECT")                                     \
	X(STOMP_VERSION, MALFORMED, INFO, "stomp_version", "No version in common")     \
	X(HEART_BEAT, MALFORMED, INFO, "heart_beat",                                   \
		"The heart-beat header is malformed")                                  \
	X(CONNECT_TIME, MALFORMED, INFO, "connect_time", "No CONNECT came in time")    \
	X(UNFINISHED, MALFORMED, INFO, "unfinished",                                   \
		"A frame has begun, but its NUL has not come")                         \
	X(NO_LOGIN, DENIED, INFO, "no_login", "CONNECT needs a login and a passcode")  \
	X(BAD_LOGIN, DENIED, INFO, "bad_login", "Bad login or passcode")               \
	X(BAD_TOKEN, DENIED, INFO, "bad_token",                                        \
		"The token is not the admin listener's")                               \
	X(NO_PROXY_USER, DENIED, INFO, "no_proxy_user",                                \
		"The proxy in front of Postern names no user")                         \
	X(NO_TOKEN, DENIED, INFO, "no_token", "CONNECT needs a token")                 \
	X(LOGINS, FAILED, INFO, "logins", "Too many logins are being checked")         \
	/* Breaches of STOMP: its grammar, and the bounds of a frame. */               \
	X(UNKNOWN_COMMAND, MALFORMED, INFO, "unknown_command", "unknown command")      \
	X(SERVER_COMMAND, MALFORMED, INFO, "server_command",                           \
		"A client does not send that command")                                 \
	X(CONNECT_AGAIN, MALFORMED, INFO, "connect_again",                             \
		"The client is connected already")                                     \
	X(NO_COLON, MALFORMED, INFO, "no_colon", "header line without a colon")        \
	X(NO_NAME, MALFORMED, INFO, "no_name", "header line with an empty name")       \
	X(ESCAPE, MALFORMED, INFO, "escape", "undefined escape in a header")           \
	X(NUL_IN_HEAD, MALFORMED, INFO, "nul_in_head", "NUL byte among the headers")   \
	X(CONTENT_LENGTH, MALFORMED, INFO, "content_length",                           \
		"content-length is not a number")                                      \
	X(NO_NUL, MALFORMED, INFO, "no_nul",                                           \
		"no NUL where content-length ends the body")                           \
	X(FRAME_BODY, MALFORMED, INFO, "frame_body",                                   \
		"A frame of that command has no body")                                 \
	X(FRAME_SIZE, MALFORMED, INFO, "frame_size", "The frame is too large")         \
	X(FRAME_MEMORY, MALFORMED, INFO, "frame_memory",                               \
		"There is no memory for so large a frame now")                         \
	X(HEADER_COUNT, MALFORMED, INFO, "header_count",                               \
		"The frame has too many headers")                                      \
	X(HEADER_SIZE, MALFORMED, INFO, "header_size", "A header line is too long")    \
	X(KEPT, MALFORMED, INFO, "kept",                                               \
		"Too much came behind a frame that is not done yet")                   \
	/* Breaches of STOMP: what a frame must have, and what its ids must name. */   \
	X(MISSING_HEADER, MALFORMED, INFO, "missing_header", "A header is missing")    \
	X(ACK_MODE, MALFORMED, INFO, "ack_mode", "The ack mode is unknown")            \
	X(PREFETCH, MALFORMED, INFO, "prefetch",                                       \
		"The prefetch-count is no number from 1")                              \
	X(ID_IN_USE, MALFORMED, INFO, "id_in_use", "The subscription id is in use")    \
	X(SUBSCRIBED, MALFORMED, INFO, "subscribed",                                   \
		"The destination is subscribed to")                                    \
	X(UNKNOWN_SUBSCRIPTION, MALFORMED, INFO, "unknown_subscription",               \
		"There is no such subscription")                                       \
	X(UNKNOWN_MESSAGE, MALFORMED, INFO, "unknown_message",                         \
		"There is no such message to acknowledge")                             \
	X(ACKNOWLEDGED, MALFORMED, INFO, "acknowledged",                               \
		"The message is acknowledged already")                                 \
	X(EXPIRATION, MALFORMED, INFO, "expiration",                                   \
		"The time at which the message expires is no number")                  \
	X(REQUEUE, MALFORMED, INFO, "requeue",                                         \
		"The requeue header is neither true nor false")                        \
	X(NO_NACK, MALFORMED, INFO, "no_nack", "STOMP 1.0 has no NACK")                \
	X(UNKNOWN_TRANSACTION, MALFORMED, INFO, "unknown_transaction",                 \
		"There is no such transaction")                                        \
	X(TRANSACTION_OPEN, MALFORMED, INFO, "transaction_open",                       \
		"The transaction is open already")                                     \
	X(TRANSACTION_LOST, MALFORMED, INFO, "transaction_lost",                       \
		"The transaction acknowledges what its subscription took along")       \
	/* The conversation cannot continue. */                                        \
	X(SILENCE, MALFORMED, INFO, "silence", "No heart-beat came in time")           \
	X(SLOW_CONSUMER, MALFORMED, INFO, "slow_consumer", "Slow consumer")            \
	/* The configuration does not allow it. */                                     \
	X(NO_OWNER, DENIED, INFO, "no_owner",                                          \
		"Nobody owns destinations of that prefix")                             \
	X(NOT_SUBSCRIBABLE, DENIED, INFO, "not_subscribable",                          \
		"No destination of that prefix can be subscribed to")                  \
	X(CLIENT_SEND, DENIED, INFO, "client_send",                                    \
		"Clients may not send to that destination")                            \
	X(MAY_NOT_SUBSCRIBE, DENIED, INFO, "may_not_subscribe",                        \
		"You may not subscribe to that destination")                           \
	X(MAY_NOT_SEND, DENIED, INFO, "may_not_send",                                  \
		"You may not send to that destination")                                \
	X(RATE, DENIED, INFO, "rate", "You send to that destination too often")        \
	X(TOKEN_EXPIRED, DENIED, INFO, "token_expired", "The token has expired")       \
	X(TOKEN, DENIED, INFO, "token", "The token is not accepted")                   \
	X(OTHER_USERS_TOKEN, DENIED, INFO, "other_users_token",                        \
		"The token is another user's")                                         \
	X(SELECTOR, DENIED, INFO, "selector", "Selectors are not supported")           \
	X(SEND_PATTERN, DENIED, INFO, "send_pattern",                                  \
		"A message has one destination, not a pattern")                        \
	X(PATTERN, DENIED, INFO, "pattern", "The pattern cannot be used")              \
	X(QUEUE_PATTERN, DENIED, INFO, "queue_pattern",                                \
		"A queue is subscribed to by its name, not by a pattern")              \
	X(OTHER_USER, DENIED, INFO, "other_user",                                      \
		"The destinations of another user cannot be subscribed to")            \
	X(REPLY_TO, DENIED, INFO, "reply_to", "Nobody could answer to that reply-to")  \
	X(USER_PATTERN, DENIED, INFO, "user_pattern",                                  \
		"Destinations of users are subscribed to by their names")              \
	X(USER_DESTINATION, DENIED, INFO, "user_destination",                          \
		"/user needs a name and a destination")                                \
	X(REPLY_QUEUE, DENIED, INFO, "reply_queue", "There is no such reply queue")    \
	X(DEAD_LETTER_SEND, DENIED, INFO, "dead_letter_send",                          \
		"Only Postern sends to the dead-letter queue")                         \
	X(DEAD_LETTER_READ, DENIED, INFO, "dead_letter_read",                          \
		"Clients of this listener may not read dead letters")                  \
	X(NO_ROUTE, DENIED, INFO, "no_route", "No route has that destination")         \
	X(BAD_TARGET, DENIED, INFO, "bad_target", "The route leads to no destination") \
	X(ROUTE_VARIABLE, DENIED, INFO, "route_variable",                              \
		"The route has no destination for this client")                        \
	X(TEMPLATE, DENIED, INFO, "template", "The route cannot shape that message")   \
	X(CONSOLE, DENIED, INFO, "console", "The console has no such service")         \
	/* Bounds of a client, and of a queue. */                                      \
	X(DESTINATION_SIZE, DENIED, INFO, "destination_size",                          \
		"The destination is too long")                                         \
	X(SUBSCRIPTIONS, DENIED, INFO, "subscriptions",                                \
		"There are too many subscriptions")                                    \
	X(TRANSACTIONS, DENIED, INFO, "transactions",                                  \
		"There are too many open transactions")                                \
	X(TRANSACTION_SIZE, DENIED, INFO, "transaction_size",                          \
		"The transaction is too large")                                        \
	X(QUEUE_FULL, DENIED, INFO, "queue_full", "The queue is full")                 \
	/* Bounds of the process. */                                                   \
	X(DESTINATIONS, FAILED, INFO, "destinations",                                  \
		"There are too many destinations")                                     \
	X(PATTERNS, FAILED, INFO, "patterns", "There are too many patterns")           \
	X(SHARE, FAILED, INFO, "share", "This user or address already uses its share") \
	X(PARKED, FAILED, INFO, "parked",                                              \
		"The queue has too many dead messages of this user or address")        \
	X(TRANSACTION_MEMORY, FAILED, INFO, "transaction_memory",                      \
		"There is no memory for the transaction now")                          \
	X(SUBSCRIPTION_MEMORY, FAILED, INFO, "subscription_memory",                    \
		"There is no memory for the subscription now")                         \
	X(QUEUES_FULL, FAILED, INFO, "queues_full",                                    \
		"The queues have no room for more now")

/* All kinds, in one enum: REFUSAL_NOT_FOUND, ... */
enum refusal_kind {
#define X(kind, ...) REFUSAL_##kind,
	HTTP_REFUSALS(X) CONNECTION_REFUSALS(X) STOMP_REFUSALS(X)
#undef X
		REFUSALS,
};

/* A refusal. All slices are borrowed; zeroed fields are not shown. */
struct refusal {
	enum refusal_door door; /* one of the kind's */
	enum refusal_kind kind;

	/*
	 * The object and its value: "destination" and "/topic/a", "target" and
	 * "/chta", "header heart-beat" and "1", "command" and "SENDD". The value may
	 * be anything that the peer has sent; at most 80 octets of it are shown.
	 */
	struct slice what, value;
	bool is_of_connect; /* the value came in a CONNECT frame: it is not shown */

	/* What to do about it, in whole sentences, without the peer's own words. */
	struct slice hint;

	/* For the log alone: why, and the peer. */
	struct slice reason, session, user;
	struct address address;
};

/* The value of the label `door`, and of the log's field. Static. */
const char *door_name(enum refusal_door door);

/*
 * The value of the label `kind` and of the log field of that name. It never changes,
 * because users' dashboards depend on it.
 */
const char *refusal_name(enum refusal_kind kind);

/*
 * The short text for the peer: an ERROR's message or the first line of an HTTP body.
 * Static.
 */
struct slice refusal_sentence(enum refusal_kind kind);

/*
 * True when the kind can occur at that door. Each such pair has a counter in /metrics.
 */
bool refusal_is_at(enum refusal_kind kind, enum refusal_door door);

/* The status of the answer over HTTP; 0 for a kind that never occurs there. */
unsigned refusal_status(enum refusal_kind kind);

/*
 * The class of a kind that can occur at the door STOMP. For any other kind it returns
 * REFUSAL_MALFORMED, without a meaning.
 */
enum refusal_class refusal_class(enum refusal_kind kind);

/*
 * For a hint that names what a peer has sent. Appends its printable form: at most 80
 * octets, cut between characters and then followed by "...", with "?" for control
 * characters and U+FFFD for bytes that are not UTF-8. Adds no quotes, and does not look
 * for secrets.
 */
void refusal_append_clean(struct buf *out, struct slice bytes);

/*
 * Counts the refusal and logs it. If `text` is not NULL, appends the long answer to
 * the peer: `The command is unknown: command "SENDD". Hint.`, one line without a line
 * end.
 */
void refusal_report(
	struct metrics *metrics, const struct refusal *refusal, struct buf *text);

#endif
