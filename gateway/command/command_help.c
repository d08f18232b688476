/* The overview of all commands, and the help of each. */
#include "gateway/command/command_options.h"

#include <stdio.h>
#include <stdlib.h>

static const char about_keys[] =
	"  --KEY VALUE         sets a key: --listen 127.0.0.1:9000, --workers 2,\n"
	"                      --allowed-origins https://a.example,https://b.example,\n"
	"                      --limits.queue-bytes 1000000,\n"
	"                      --endpoints '[{\"path\": \"/a\"}]'\n"
	"\n"
	"An option overrides the environment (POSTERN_CONFIG, POSTERN_LISTEN,\n"
	"POSTERN_LIMITS__QUEUE_BYTES, ...), and the environment overrides the file. "
	"Write\n"
	"lists of strings with commas or as JSON, and lists of objects as JSON. "
	"Options\n"
	"have no abbreviations.\n";

static void help_print_option(const struct command_option *option)
{
	char left[32];
	const bool has_value = option->value != NULL;

	snprintf(left, sizeof(left), "--%s%s%s", option->name, has_value ? " " : "",
		has_value ? option->value : "");
	if (option->letter != 0)
		printf("  -%c, %-15s %s\n", option->letter, left, option->means);
	else
		printf("  %-19s %s\n", left, option->means);
}

void command_print_help(const struct command *command)
{
	const struct command_option *option;

	printf("Usage: postern %s [OPTION...]", command->name);
	if (command->word != NULL)
		printf(" [%s]", command->word);
	printf("\n\n%s: %s.\n%s\n", command->name, command->summary, command->help);
	for (size_t i = 0; (option = command_option(command, i)) != NULL; i++)
		help_print_option(option);
	if (command->configures)
		fputs(about_keys, stdout);
}

static void help_print_overview(void)
{
	puts("Usage: postern [COMMAND] [OPTION...]\n"
	     "\n"
	     "A message broker that every browser can speak STOMP to: by WebSocket, "
	     "or by\n"
	     "SockJS's fallbacks. Without a configuration it serves its demo.\n");
	for (const struct command *command = command_table; command->name != NULL;
		command++)
		printf("  %-14s %s\n", command->name, command->summary);
	puts("\n"
	     "  -h, --help     the same as help\n"
	     "  -v, --version  the same as version\n"
	     "\n"
	     "Try: postern COMMAND --help");
}

int command_help(const struct command_line *line)
{
	const struct command *command;

	if (line->word == NULL) {
		help_print_overview();
		return EXIT_SUCCESS;
	}
	command = command_find(line->word);
	if (command == NULL)
		return EXIT_FAILURE;
	command_print_help(command);
	return EXIT_SUCCESS;
}
