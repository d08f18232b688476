/*
 * Why a session has ended. This list is the only one. The close frame, the tombstone,
 * the log line and the counter all read it, so code that ends a session names only an
 * ending.
 *
 * X(name, code, text, reason): the code and the text reach the peer in its close
 * frame; `reason` is the label of postern_sessions_closed_total and the field `ending`
 * of the log line "session ended".
 */
#ifndef GATEWAY_WORKER_ENDING_H
#define GATEWAY_WORKER_ENDING_H

#include "protocol/slice.h"

#define ENDING_LIST(X)                                                                 \
	/* A STOMP client has sent DISCONNECT. */                                      \
	X(DISCONNECT, 1000, "Goodbye", "disconnect")                                   \
	/* The peer has closed its connection, or its sending side. */                 \
	X(CLOSED, 1001, "Connection closed", "closed")                                 \
	/* The connection broke, or the client did not fetch the session's frames. */  \
	X(INTERRUPTED, 1002, "Connection interrupted", "interrupted")                  \
	X(NO_PONG, 1002, "No pong", "no_pong")                                         \
	/* Postern has answered a STOMP client by an ERROR. */                         \
	X(ERROR, 1002, "STOMP error", "error")                                         \
	/* The peer has sent an invalid SockJS frame. */                               \
	X(FRAMING, 1002, "Broken framing.", "framing")                                 \
	/* A WebSocket frame is invalid, or out of place (RFC 6455). */                \
	X(PROTOCOL, 1002, "A WebSocket frame is malformed", "protocol")                \
	X(NOT_TEXT, 1007, "A text message is not UTF-8", "not_text")                   \
	/* Plain STOMP over TCP. */                                                    \
	X(WRONG_DOOR, 1002,                                                            \
		"SockJS is spoken here. Plain STOMP is at the endpoint's /websocket",  \
		"wrong_door")                                                          \
	/* A message of a WebSocket has begun, and its end has not come. */            \
	X(UNFINISHED, 1013, "A message has not come in time", "unfinished")            \
	X(TOO_BIG, 1009, "Message too big", "too_big")                                 \
	X(SLOW_CONSUMER, 1008, "Slow consumer", "slow_consumer")                       \
	/* There is no memory for an unfinished message, or for a write's rest. */     \
	X(NO_MEMORY, 1013, "There is no memory for so much now", "no_memory")          \
	/* The gateway stops. */                                                       \
	X(GOING_AWAY, 1001, "Going away", "going_away")                                \
	/* The handler `close` closes each session. */                                 \
	X(HANDLER, 3000, "Go away!", "handler")                                        \
	/* The token, or the login by login.user_header, has expired. */               \
	X(EXPIRED, 1008, "The token has expired", "expired")                           \
	/* An operator has closed it in the console. */                                \
	X(OPERATOR, 1008, "Closed by an operator", "operator")

#define ENDING_ENUMERATOR(name, code, text, reason) ENDING_##name,

enum ending {
	ENDING_NONE, /* the session continues */
	ENDING_LIST(ENDING_ENUMERATOR) ENDINGS,
};

#undef ENDING_ENUMERATOR

/* The code of the close frame, WebSocket's or SockJS's. Not for ENDING_NONE. */
unsigned ending_code(enum ending ending);

/* The sentence of the close frame, after ending_code(). Static. Not for ENDING_NONE. */
struct slice ending_text(enum ending ending);

/* The ending's name in logs and metrics: "slow_consumer". Static. */
const char *ending_name(enum ending ending);

/* True when the peer broke a rule or a limit. */
bool ending_is_peers_fault(enum ending ending);

#endif
