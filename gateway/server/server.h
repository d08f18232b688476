/*
 * The server: its configuration, its secret, its workers, and the signals that
 * end it or make it read its configuration again. main.c gives it the edge, so that the
 * core never knows the carriers.
 */
#ifndef GATEWAY_SERVER_SERVER_H
#define GATEWAY_SERVER_SERVER_H

#include "gateway/config/config.h"
#include "gateway/worker/edge.h"

/*
 * Serves until SIGTERM or SIGINT; a second one ends the server without waiting for what
 * is left. Returns the process's exit status. On SIGHUP it reads the file (NULL: the
 * demo) again, with the settings over it; `config` is what both have said first. All is
 * borrowed.
 */
int server_run(const struct config *config, const char *file,
	const struct config_settings *settings, const struct edge_ops *edge);

#endif
