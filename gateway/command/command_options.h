/*
 * The options of a command: a few of its own, and one for each key of the
 * configuration. Options have no abbreviations, so that a new option never changes the
 * meaning of an old command line.
 */
#ifndef GATEWAY_COMMAND_COMMAND_OPTIONS_H
#define GATEWAY_COMMAND_COMMAND_OPTIONS_H

#include "gateway/command/command.h"

struct command_option {
	const char *name;  /* without its dashes */
	char letter;       /* of its short form: -c; 0: none */
	const char *value; /* the name of its value; NULL: it takes none */
	const char *means; /* its meaning in a few words */
};

/* The options that only this command has: `index` counts from 0, NULL is the end. */
const struct command_option *command_option(
	const struct command *command, size_t index);

/*
 * The options of all commands together, once each: `index` counts from 0, NULL is the
 * end.
 */
const struct command_option *command_option_at(size_t index);

enum command_verdict {
	COMMAND_RUNS,
	COMMAND_HELPS, /* --help was among the options */
	COMMAND_BAD,   /* the mistake was written to stderr */
};

/*
 * Reads the words after the command's name into *line. COMMAND_BAD after writing the
 * mistake to stderr; COMMAND_HELPS when --help was among them.
 */
enum command_verdict command_read_options(const struct command *command, int count,
	char *const *words, struct command_line *line);

#endif
