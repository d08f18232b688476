/*
 * The commands of the command line: `postern COMMAND [OPTION...]`. Each is one
 * function in a file of its own. command_table.c lists them, command_options.c reads
 * their options, and help, manual page and completions are made from both.
 */
#ifndef GATEWAY_COMMAND_COMMAND_H
#define GATEWAY_COMMAND_COMMAND_H

#include "gateway/config/config.h"
#include "gateway/config/config_settings.h"
#include "gateway/worker/edge.h"

/* What a command has to work with; all is borrowed. */
struct command_line {
	const char *file; /* the configuration's; NULL: the built-in demo */
	struct config_settings settings;
	const char *word; /* the one word of a command that takes one; NULL: none */
	bool defaults;    /* --defaults: of print-config */
	bool document;    /* --document: of print-config */
	bool secrets;     /* --secrets: of print-config */
	const struct edge_ops *edge;
};

struct command {
	const char *name;
	const char *summary; /* one line of the overview */
	const char *help;    /* what --help adds to it */
	const char
		*word; /* what its one word, a command's name, is called; NULL: none */
	const char *const
		*words;  /* all that this word may be; NULL: a command's name */
	bool configures; /* takes --config and the keys of the configuration */
	bool prints;     /* takes the options of print-config */
	int (*run)(const struct command_line *line);
};

/* In the order of the overview; the last has no name. */
extern const struct command command_table[];

/* Runs what the arguments name. Returns the process's exit status. */
int command_run(int argc, char **argv, const struct edge_ops *edge);

/* The command of that name. NULL after command_complain(), with the nearest name. */
const struct command *command_find(const char *name);

/* Writes to stderr what is wrong, and how to get help. Returns EXIT_FAILURE. */
int command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes lines to stderr, each with "postern: " and `before` in front of it. */
void command_say(const char *before, const struct buf *lines);

/*
 * The configuration that the command line names, which the caller holds. NULL after
 * saying why not.
 */
struct config *command_read_config(const struct command_line *line);

/*
 * Serves until a signal ends the process. As every command it returns the process's
 * exit status, after saying what was wrong.
 */
int command_serve(const struct command_line *line);

/* Reads the configuration and advises on it; a warning is no failure. */
int command_check_config(const struct command_line *line);

/*
 * Prints the configuration with what the environment and the options set. Secrets are
 * hidden unless --secrets.
 */
int command_print_config(const struct command_line *line);

/*
 * Asks /health of the server that this configuration describes, on this machine.
 * Failure means no answer in time, or another one than 200.
 */
int command_healthcheck(const struct command_line *line);

/*
 * Reads a password from stdin, from a terminal twice and without echo, and prints its
 * hash. Wipes what it has read.
 */
int command_hash_password(const struct command_line *line);

/*
 * Prints the help of all commands, or of the one that the line names. Fails when there
 * is none of that name.
 */
int command_help(const struct command_line *line);

/* Prints the manual page, which is made from the tables, as roff. */
int command_man(const struct command_line *line);

/* Prints a script for bash, made from the same tables. */
int command_completion(const struct command_line *line);

/* Prints "postern VERSION". */
int command_version(const struct command_line *line);

/*
 * Prints the help of one command on stdout: its text, its options and, if it takes
 * them, where the keys are listed.
 */
void command_print_help(const struct command *command);

#endif
