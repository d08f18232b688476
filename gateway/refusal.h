/*
 * The one list of everything that Postern refuses. A row of it feeds the answer to the
 * peer, the log line, postern_refusals_total{door,kind} and the table test
 * (tests/wire/refusals*.test.mjs), which fails for a kind that it does not trigger.
 *
 * Whoever refuses something fills a struct refusal and calls refusal_report(). That is
 * the only place that quotes what a peer has sent, so it is the only place that must
 * keep secrets: it never shows a query string, a value of a CONNECT frame, or a value
 * whose name looks like a secret's (secret.h). Of those only the name is shown.
 */
#ifndef GATEWAY_REFUSAL_H
#define GATEWAY_REFUSAL_H

#include "gateway/log.h"
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

/* What the rule for STOMP's answers depends on (client_refusal.h, www/docs/stomp.md). */
enum refusal_class {
	REFUSAL_MALFORMED, /* the peer breaks the protocol: the conversation ends */
	REFUSAL_DENIED,    /* the peer may not do that: broker.deny decides */
	REFUSAL_FAILED,    /* not the peer's doing, and it passes: nothing is closed */
};

/*
 * Levels: INFO for what somebody who sets up a client or the server must find; DEBUG for
 * what any stranger repeats without end and nobody has to act on. Every line is bounded
 * by limits.log_lines all the same, for each door apart.
 *
 * The sentence is what the peer reads first: short, without a point at its end, and
 * without anything that the peer has sent.
 */

#define AT(door) (1u << DOOR_##door)

/* Answered with a status. X(KIND, doors, status, level, "name", "sentence") */
#define HTTP_REFUSALS(X)                                                               \
	X(NOT_FOUND, AT(HTTP) | AT(ADMIN), 404, INFO, "not_found",                     \
		"Nothing is served at this path")

/* The connection ends without a status. X(KIND, doors, level, "name", "sentence") */
#define CONNECTION_REFUSALS(X)                                                         \
	X(PROXY_HEADER, AT(PROXY), INFO, "proxy_header",                               \
		"The PROXY header is missing or malformed")

/* At the door STOMP. X(KIND, class, level, "name", "sentence") */
#define STOMP_REFUSALS(X)                                                              \
	/* Breaches of STOMP, before CONNECTED and after. */                           \
	X(FIRST_FRAME, MALFORMED, INFO, "first_frame",                                 \
		"The first frame must be CONNECT")                                     \
	X(UNKNOWN_COMMAND, MALFORMED, INFO, "unknown_command",                         \
		"The command is unknown")                                              \
	X(SERVER_COMMAND, MALFORMED, INFO, "server_command",                           \
		"A client does not send that command")

/* All kinds, in one enum: REFUSAL_NOT_FOUND, ... */
enum refusal_kind {
#define X(kind, ...) REFUSAL_##kind,
	HTTP_REFUSALS(X) CONNECTION_REFUSALS(X) STOMP_REFUSALS(X)
#undef X
		REFUSALS,
};

/* Something that is refused. Everything is borrowed; what is zeroed is not shown. */
struct refusal {
	enum refusal_door door; /* one of the kind's */
	enum refusal_kind kind;

	/*
	 * What it is about, and its value: "destination" and "/topic/a", "target" and
	 * "/chta", "header heart-beat" and "1", "command" and "SENDD". The value may be
	 * anything that the peer has sent; at most 80 octets of it are shown.
	 */
	struct slice what, value;
	bool is_of_connect; /* the value came in a CONNECT frame: it is not shown */

	/* What to do about it, in whole sentences; never what the peer has sent. */
	struct slice hint;

	/* Who it was, for the log alone. */
	struct slice session, user, address;
};

const char *door_name(enum refusal_door door);
const char *refusal_name(enum refusal_kind kind);
struct slice refusal_sentence(enum refusal_kind kind); /* the short answer */
bool refusal_is_at(enum refusal_kind kind, enum refusal_door door);
unsigned refusal_status(enum refusal_kind kind);          /* of HTTP; 0: it has none */
enum refusal_class refusal_class(enum refusal_kind kind); /* of STOMP's only */

/*
 * Counts the refusal and logs it. If `text` is not NULL, the long answer to the peer is
 * appended: `The command is unknown: command "SENDD". Hint.`, one line without an end.
 */
void refusal_report(
	struct metrics *metrics, const struct refusal *refusal, struct buf *text);

/*
 * Appends what may be shown of a peer's bytes: at most 80 octets, cut between characters
 * and then followed by "...", with "?" for control characters and U+FFFD for what is no
 * UTF-8. Not in quotes, and with no eye for secrets.
 */
void refusal_append_clean(struct buf *out, struct slice bytes);

#endif
