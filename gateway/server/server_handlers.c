#include "gateway/server/server_handlers.h"

#include "gateway/handlers/handlers.h"

#define HANDLER_ROW(NAME, name) [HANDLER_##NAME] = &name##_handler,

const struct handler *const server_handlers[HANDLERS] = {HANDLER_LIST(HANDLER_ROW)};
