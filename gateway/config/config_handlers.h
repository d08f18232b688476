/*
 * The list of handlers that can run at an endpoint. To add one, write its file and add
 * a row here. The configuration then accepts the name and documents it, and the server
 * has the handler in its table (gateway/server/server_handlers.c).
 */
#ifndef GATEWAY_CONFIG_CONFIG_HANDLERS_H
#define GATEWAY_CONFIG_CONFIG_HANDLERS_H

/* X(ENUMERATOR, name): struct handler name_handler, HANDLER_ENUMERATOR. */
#define HANDLER_LIST(X)                                                                \
	X(STOMP, stomp) /* the STOMP conversation */                                   \
	X(ECHO, echo)   /* sends back what it receives */                              \
	X(REPLY, reply) /* answers each message with one text */                       \
	X(CLOSE, close) /* closes immediately */                                       \
                                                                                       \
	/* For the SockJS clients' own tests. */                                       \
	X(AMPLIFY, amplify)     /* answers n with 2^n letters */                       \
	X(BROADCAST, broadcast) /* sends what it receives to all */                    \
	X(TICKER, ticker)       /* ticks every second */

#define HANDLER_ENUMERATOR(NAME, name) HANDLER_##NAME,
enum handler_kind { HANDLER_LIST(HANDLER_ENUMERATOR) HANDLERS };
#undef HANDLER_ENUMERATOR

#endif
