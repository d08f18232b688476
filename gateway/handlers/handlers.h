/* The handlers that there are. To add one: a file, a line here, a line in handlers.c. */
#ifndef GATEWAY_HANDLERS_HANDLERS_H
#define GATEWAY_HANDLERS_HANDLERS_H

#include "gateway/session/handler.h"

extern const struct handler stomp_handler; /* client.c: the STOMP conversation */
extern const struct handler echo_handler;  /* says back what it hears */
extern const struct handler reply_handler; /* answers each message with one text */
extern const struct handler close_handler; /* closes at once */

/* What the SockJS clients' own tests want besides, each in its file. */
extern const struct handler amplify_handler;   /* answers n with 2^n letters */
extern const struct handler broadcast_handler; /* says to all what it hears */
extern const struct handler ticker_handler;    /* ticks every second */

#endif
