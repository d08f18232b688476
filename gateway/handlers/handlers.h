/*
 * Each handler of the list in config_handlers.h is one constant, such as
 * `echo_handler`. The file that defines it includes this header. That of STOMP is in
 * gateway/stomp/.
 */
#ifndef GATEWAY_HANDLERS_HANDLERS_H
#define GATEWAY_HANDLERS_HANDLERS_H

#include "gateway/config/config_handlers.h"
#include "gateway/session/handler.h"

#define HANDLER_DECLARE(NAME, name) extern const struct handler name##_handler;
HANDLER_LIST(HANDLER_DECLARE)
#undef HANDLER_DECLARE

#endif
