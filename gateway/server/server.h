/*
 * The server: its configuration, its secret, its workers, and the signals that end it
 * or make it reload its configuration. main.c passes the edge in, so that the core
 * does not depend on the carriers.
 */
#ifndef GATEWAY_SERVER_SERVER_H
#define GATEWAY_SERVER_SERVER_H

#include "gateway/config/config.h"
#include "gateway/worker/edge.h"

/*
 * Serves until SIGTERM or SIGINT; a second one ends the server immediately. Returns
 * the process's exit status. On SIGHUP it reads the file (NULL: the demo) again;
 * `settings` override it. `config` is the first result of both. All is borrowed.
 */
int server_run(const struct config *config, const char *file,
	const struct config_settings *settings, const struct edge_ops *edge);

#endif
