#include "gateway/command.h"

#include "gateway/config_mistake.h"
#include "protocol/xmalloc.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct command {
	const char *name;
	const char *summary; /* one line of the overview */
	const char *help;    /* what --help adds to it */
	bool configures;     /* takes --config and the keys of the configuration */
	bool prints;         /* takes --defaults and --document */
	int (*run)(const struct command_line *line);
};

static const struct command commands[] = {
	{
		.name = "serve",
		.summary = "serves until SIGTERM; what postern does when no command is "
			   "named",
		.help = "A second SIGTERM ends at once.\n",
		.configures = true,
		.run = command_serve,
	},
	{
		.name = "check-config",
		.summary = "says what is wrong with a configuration",
		.help = "Exits with 0 when nothing is.\n",
		.configures = true,
		.run = command_check_config,
	},
	{
		.name = "print-config",
		.summary = "prints the configuration as it is in force",
		.help = "What comes out is a file for --config that gives the same "
			"again, passwords'\n"
			"hashes and all: keep it as safe as the one that went in.\n"
			"\n"
			"  --defaults     every key with its default instead\n"
			"  --document     the document on all keys instead, in "
			"Markdown\n",
		.configures = true,
		.prints = true,
		.run = command_print_config,
	},
	{
		.name = "healthcheck",
		.summary = "asks the server that runs here whether it is well",
		.help = "Asks for /health at the address that `serve` would listen at "
			"with the same\n"
			"configuration. Exits with 0 when it is well, also when it is "
			"full, with 1\n"
			"when it is not, or has not answered within some seconds.\n",
		.configures = true,
		.run = command_healthcheck,
	},
	{
		.name = "hash-password",
		.summary = "makes what stands for a password in \"users\"",
		.help = "Reads the password from the terminal, twice, or else one line "
			"of stdin.\n",
		.run = command_hash_password,
	},
	{
		.name = "version",
		.summary = "says which version this is",
		.help = "",
		.run = command_version,
	},
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

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

static const struct command *find_command(const char *name)
{
	for (int i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int refuse_command(const char *name)
{
	const char *names[COMMANDS + 1] = {NULL};

	for (int i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	const char *nearest = config_nearest(slice_of(name), names);
	if (nearest != NULL)
		return command_complain(
			"unknown command %s (did you mean %s?)", name, nearest);
	return command_complain("unknown command %s", name);
}

/* Help. */

static int help(void)
{
	puts("Usage: postern [COMMAND] [OPTION...]\n"
	     "\n"
	     "A gateway that lets every browser speak STOMP: WebSocket first, "
	     "SockJS's\n"
	     "fallbacks when there is none. Without a configuration it serves its "
	     "demo.\n");
	for (int i = 0; i < COMMANDS; i++)
		printf("  %-14s %s\n", commands[i].name, commands[i].summary);
	puts("\nTry: postern COMMAND --help");
	return EXIT_SUCCESS;
}

static int help_command(const struct command *command)
{
	printf("Usage: postern %s%s\n\n%s: %s.\n%s", command->name,
		command->configures ? " [OPTION...]" : "", command->name,
		command->summary, command->help);
	if (!command->configures)
		return EXIT_SUCCESS;
	puts("\n"
	     "  --config FILE  the configuration, in JSON; without one it is the "
	     "demo's\n"
	     "  --KEY VALUE    a key of it: --listen 127.0.0.1:9000, --workers 2,\n"
	     "                 --allowed-origins https://a.example,https://b.example,\n"
	     "                 --limits.queue-bytes 1000000, --endpoints '[{\"path\": "
	     "\"/a\"}]'\n"
	     "\n"
	     "Options go over the environment, and that goes over the file: "
	     "POSTERN_CONFIG,\n"
	     "POSTERN_LISTEN, POSTERN_LIMITS__QUEUE_BYTES, ... Lists of strings have "
	     "commas or\n"
	     "are JSON; lists of objects are JSON.");
	return EXIT_SUCCESS;
}

/* Options. */

enum {
	OPTION_HELP = 'h',
	OPTION_CONFIG = 256,
	OPTION_DEFAULTS,
	OPTION_DOCUMENT,
	OPTION_KEYS
};

struct options {
	struct config_leaves leaves;
	const char *words[CONFIG_LEAVES_MAX + 5];
	struct option items[CONFIG_LEAVES_MAX + 5];
	size_t count;
};

static void add_option(
	struct options *options, const char *name, int argument, int value)
{
	options->items[options->count] = (struct option){name, argument, NULL, value};
	options->words[options->count++] = name;
}

static void list_options(const struct command *command, struct options *options)
{
	memset(options, 0, sizeof(*options));
	add_option(options, "help", no_argument, OPTION_HELP);
	if (!command->configures)
		return;
	add_option(options, "config", required_argument, OPTION_CONFIG);
	if (command->prints) {
		add_option(options, "defaults", no_argument, OPTION_DEFAULTS);
		add_option(options, "document", no_argument, OPTION_DOCUMENT);
	}
	config_leaves_list(&options->leaves, CONFIG_FLAG);
	for (size_t i = 0; i < options->leaves.count; i++)
		add_option(options, options->leaves.names[i], required_argument,
			OPTION_KEYS + (int)i);
}

static int refuse_option(const struct options *options, const char *word)
{
	struct slice name = slice_of(word);

	while (slice_starts_with(name, SLICE("-")))
		name = slice_from(name, 1);
	name = slice_first(name, slice_find(name, '='));
	const char *nearest = config_nearest(name, options->words);
	if (nearest != NULL)
		return command_complain(
			"unknown option %s (did you mean --%s?)", word, nearest);
	return command_complain("unknown option %s", word);
}

static void add_flag(struct command_line *line, const struct options *options,
	size_t index, const char *value)
{
	struct buf source = {0};

	buf_printf(&source, "--%s", options->leaves.names[index]);
	config_settings_add(&line->settings, &options->leaves.items[index],
		buf_slice(&source), value);
	buf_finish(&source);
}

/* True when the command is to run; else *status is the process's. */
static bool read_options(const struct command *command, int argc, char **argv,
	struct command_line *line, int *status)
{
	struct options options;
	int option;

	list_options(command, &options);
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", options.items, NULL)) != -1) {
		if (option == OPTION_HELP) {
			*status = help_command(command);
			return false;
		}
		if (option == ':') {
			*status =
				command_complain("%s needs a value", argv[optind - 1]);
			return false;
		}
		if (option == '?') {
			*status = refuse_option(&options, argv[optind - 1]);
			return false;
		}
		if (option == OPTION_CONFIG)
			line->file = optarg;
		else if (option == OPTION_DEFAULTS)
			line->defaults = true;
		else if (option == OPTION_DOCUMENT)
			line->document = true;
		else
			add_flag(
				line, &options, (size_t)(option - OPTION_KEYS), optarg);
	}
	if (optind < argc) {
		*status = command_complain("too many words: %s", argv[optind]);
		return false;
	}
	return true;
}

/* The environment comes first, so that options go over it. */
static bool read_environment(const struct command *command, struct command_line *line)
{
	struct buf error = {0};
	bool good =
		!command->configures || config_settings_add_environment(&line->settings,
						environ, &line->file, &error) == 0;

	if (!good)
		fprintf(stderr, "postern: %.*s\n", SLICE_ARGS(buf_slice(&error)));
	buf_finish(&error);
	return good;
}

struct config *command_read_config(const struct command_line *line)
{
	struct buf error = {0};
	struct config *config = config_read(line->file, &line->settings, &error);

	if (config == NULL)
		fprintf(stderr, "postern: %.*s\n", SLICE_ARGS(buf_slice(&error)));
	buf_finish(&error);
	return config;
}

int command_run(int argc, char **argv, const struct edge_ops *edge)
{
	const bool is_named = argc > 1 && argv[1][0] != '-';
	const struct command *command = find_command(is_named ? argv[1] : "serve");
	struct command_line line = {.edge = edge};
	int status = EXIT_FAILURE;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return help();
	if (command == NULL)
		return refuse_command(argv[1]);
	if (read_environment(command, &line) &&
		read_options(command, argc - is_named, argv + is_named, &line, &status))
		status = command->run(&line);
	config_settings_finish(&line.settings);
	return status;
}
