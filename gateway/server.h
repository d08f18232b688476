/*
 * The server: its configuration, its secret, its workers, and the signals that
 * end it. main.c gives it the edge, so that the core never knows the carriers.
 */
#ifndef GATEWAY_SERVER_H
#define GATEWAY_SERVER_H

#include "gateway/config.h"
#include "gateway/edge.h"

/*
 * Serves until SIGTERM or SIGINT; a second one ends at once. Returns the
 * process's exit status. The configuration stays the caller's.
 */
int server_run(const struct config *config, const struct edge_ops *edge);

#endif
