/*
 * The commands of the command line: `postern COMMAND [OPTION...]`. Each is one
 * function in a file of its own. command_table.c lists them, command_options.c reads
 * their options. Help, manual page and completions are made from both.
 */
#ifndef GATEWAY_COMMAND_COMMAND_H
#define GATEWAY_COMMAND_COMMAND_H

#include "gateway/config/config.h"
#include "gateway/config/config_settings.h"
#include "gateway/worker/edge.h"

/* Whom `explain` speaks of: --user, --groups A,B, and each --claim NAME=VALUE. */
enum { EXPLAINED_CLAIMS_MAX = 16 };

struct explained {
	const char *user, *groups; /* NULL: none */
	const char *claims[EXPLAINED_CLAIMS_MAX];
	size_t claim_count; /* may be more: the rest is not kept */
};

/* The input of a command; all is borrowed. */
struct command_line {
	const char *file; /* of the configuration; NULL: the built-in demo */
	struct config_settings settings;
	const char *word, *second; /* that some commands take; NULL: none */
	bool defaults;             /* --defaults of print-config */
	bool document;             /* --document of print-config */
	bool secrets;              /* --secrets of print-config */
	struct explained explained;
	const struct edge_ops *edge;
};

struct command {
	const char *name;
	const char *summary; /* one line of the overview */
	const char *help;    /* added to it by --help */
	const char *word;    /* the name of its one word; NULL: it takes none */
	const char *const
		*words;     /* the values of this word; NULL: the names of commands */
	const char *second; /* the name of its second word; NULL: it takes none */
	bool configures;    /* takes --config and the keys of the configuration */
	bool prints;        /* takes the options of print-config */
	bool explains;      /* takes the options of explain */
	int (*run)(const struct command_line *line);
};

/* In the order of the overview; the last has no name. */
extern const struct command command_table[];

/*
 * Runs the command that the first argument names; without one, `serve`. `edge`, which
 * must be static, is the transports for `serve`. Returns the process's exit status.
 */
int command_run(int argc, char **argv, const struct edge_ops *edge);

/*
 * The command of that name. NULL after command_complain(), which suggests the nearest
 * name.
 */
const struct command *command_find(const char *name);

/* Writes the mistake to stderr, and how to get help. Returns EXIT_FAILURE. */
int command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes lines to stderr, each with "postern: " and `before` in front. */
void command_say(const char *before, const struct buf *lines);

/*
 * The configuration that the command line names, which the caller holds. NULL after
 * writing the reason to stderr.
 */
struct config *command_read_config(const struct command_line *line);

/*
 * Serves until a signal ends the process. Like every command, it returns the process's
 * exit status, after writing any error to stderr.
 */
int command_serve(const struct command_line *line);

/* Reads the configuration and advises on it; a warning is not a failure. */
int command_check_config(const struct command_line *line);

/*
 * Prints the configuration in force, with the environment and the options. Hides
 * secrets unless --secrets.
 */
int command_print_config(const struct command_line *line);

/*
 * Says whether the rules let somebody subscribe or send, and which rule decides. Exits
 * with 0 if it is allowed, with 1 if it is denied or cannot be said.
 */
int command_explain(const struct command_line *line);

/*
 * Asks /health of the server that this configuration describes, on this machine. Fails
 * without an answer in time, or with another status than 200.
 */
int command_healthcheck(const struct command_line *line);

/*
 * Reads a password from stdin, from a terminal twice and without echo, and prints its
 * hash. Wipes the password from memory.
 */
int command_hash_password(const struct command_line *line);

/*
 * Prints the help of all commands, or of the named one. Fails when no command has that
 * name.
 */
int command_help(const struct command_line *line);

/* Prints the manual page, made from the tables, as roff. */
int command_man(const struct command_line *line);

/* Prints a completion script for bash, made from the same tables. */
int command_completion(const struct command_line *line);

/* Prints "postern VERSION". */
int command_version(const struct command_line *line);

/*
 * Prints the help of one command on stdout: its text, its options and, if it takes
 * keys, where these are listed.
 */
void command_print_help(const struct command *command);

#endif
