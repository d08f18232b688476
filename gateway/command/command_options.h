/*
 * The options of a command: a few of its own, and one for each key of the
 * configuration. An option is taken by its whole name only, so that a new one never
 * changes what an old command line means.
 */
#ifndef GATEWAY_COMMAND_COMMAND_OPTIONS_H
#define GATEWAY_COMMAND_COMMAND_OPTIONS_H

#include "gateway/command/command.h"

struct command_option {
	const char *name;  /* without its dashes */
	char letter;       /* of its short form: -c; 0: none */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *means; /* in a few words */
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
	COMMAND_BAD,   /* it has been said what is wrong */
};

/*
 * Reads the words after the command's name into *line. COMMAND_BAD after saying what is
 * wrong; COMMAND_HELPS when --help was among them.
 */
enum command_verdict command_read_options(const struct command *command, int count,
	char *const *words, struct command_line *line);

#endif
