/* The edge as gateway/main.c hands it to the core: door, HTTP, WebSocket and TCP. */
#ifndef TRANSPORTS_EDGE_H
#define TRANSPORTS_EDGE_H

#include "gateway/worker/edge.h"

extern const struct edge_ops transports_edge;

#endif
