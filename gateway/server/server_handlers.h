/* The list of handlers, for the sessions of each worker. */
#ifndef GATEWAY_SERVER_SERVER_HANDLERS_H
#define GATEWAY_SERVER_SERVER_HANDLERS_H

#include "gateway/config/config_handlers.h"
#include "gateway/session/handler.h"

extern const struct handler *const server_handlers[HANDLERS];

#endif
