/* The edge: door, HTTP, WebSocket and TCP. gateway/main.c passes it to the core. */
#ifndef TRANSPORTS_EDGE_H
#define TRANSPORTS_EDGE_H

#include "gateway/worker/edge.h"

extern const struct edge_ops transports_edge;

#endif
