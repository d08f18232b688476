/*
 * The commands of the command line: `postern COMMAND [OPTION...]`. Each is one
 * function in a file of its own; command.c has the list, and reads the options.
 */
#ifndef GATEWAY_COMMAND_H
#define GATEWAY_COMMAND_H

#include "gateway/config.h"
#include "gateway/config_settings.h"
#include "gateway/edge.h"

/* What a command has to work with; all is borrowed. */
struct command_line {
	const char *file; /* the configuration's; NULL: the built-in demo */
	struct config_settings settings;
	bool defaults; /* --defaults: of print-config */
	bool document; /* --document: of print-config */
	const struct edge_ops *edge;
};

/* Runs what the arguments name. Returns the process's exit status. */
int command_run(int argc, char **argv, const struct edge_ops *edge);

/* Says it on stderr, and where help is. Returns EXIT_FAILURE. */
int command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The configuration that the command line names, or NULL after saying why not. */
struct config *command_read_config(const struct command_line *line);

/* The commands themselves: they return the process's exit status. */
int command_serve(const struct command_line *line);
int command_check_config(const struct command_line *line);
int command_print_config(const struct command_line *line);
int command_healthcheck(const struct command_line *line);
int command_hash_password(const struct command_line *line);
int command_version(const struct command_line *line);

#endif
