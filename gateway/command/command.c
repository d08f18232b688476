#include "gateway/command/command_options.h"

#include "gateway/config/config_mistake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16 };

int command_complain(const char *format, ...)
{
	va_list arguments;

	fputs("postern: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\nTry: postern --help\n", stderr);
	return EXIT_FAILURE;
}

static void command_refuse_command(const char *name)
{
	const char *names[COMMANDS_MAX + 1] = {NULL};

	for (size_t i = 0; i < COMMANDS_MAX && command_table[i].name != NULL; i++)
		names[i] = command_table[i].name;
	const char *nearest = config_nearest(slice_of(name), names);
	if (nearest != NULL)
		command_complain(
			"unknown command %s (did you mean %s?)", name, nearest);
	else
		command_complain("unknown command %s", name);
}

const struct command *command_find(const char *name)
{
	for (const struct command *at = command_table; at->name != NULL; at++) {
		if (strcmp(at->name, name) == 0)
			return at;
	}
	command_refuse_command(name);
	return NULL;
}

void command_say(const char *before, const struct buf *lines)
{
	struct slice rest = buf_slice(lines), line;

	while (config_next_line(&rest, &line))
		fprintf(stderr, "postern: %s%.*s\n", before, SLICE_ARGS(line));
}

/* The environment comes first, so that options override it. */
static bool command_read_environment(
	const struct command *command, struct command_line *line)
{
	struct buf error = {0};
	bool good =
		!command->configures || config_settings_add_environment(&line->settings,
						environ, &line->file, &error) == 0;

	command_say("", &error);
	buf_finish(&error);
	return good;
}

struct config *command_read_config(const struct command_line *line)
{
	struct buf error = {0};
	struct config *config = config_read(line->file, &line->settings, &error);

	command_say("", &error);
	buf_finish(&error);
	return config;
}

/* The name of the command for the first word; NULL: the word is an option. */
static const char *named_command(const char *word)
{
	if (word == NULL)
		return NULL;
	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		return "help";
	if (strcmp(word, "-v") == 0 || strcmp(word, "--version") == 0)
		return "version";
	return word[0] != '-' ? word : NULL;
}

static int command_run_named(const struct command *command, int count, char **words,
	struct command_line *line)
{
	if (!command_read_environment(command, line))
		return EXIT_FAILURE;
	switch (command_read_options(command, count, words, line)) {
	case COMMAND_RUNS:
		return command->run(line);
	case COMMAND_HELPS:
		command_print_help(command);
		return EXIT_SUCCESS;
	case COMMAND_BAD:
		break;
	}
	return EXIT_FAILURE;
}

int command_run(int argc, char **argv, const struct edge_ops *edge)
{
	const char *name = named_command(argc > 1 ? argv[1] : NULL);
	const struct command *command = command_find(name != NULL ? name : "serve");
	const int behind = name != NULL ? 2 : 1;
	struct command_line line = {.edge = edge};
	int status = EXIT_FAILURE;

	if (command != NULL)
		status =
			command_run_named(command, argc - behind, argv + behind, &line);
	config_settings_finish(&line.settings);
	return status;
}
