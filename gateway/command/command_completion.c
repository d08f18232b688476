/*
 * The completions of bash after "postern": commands, their options, and values that
 * are words.
 */
#include "gateway/command/command_options.h"

#include <stdio.h>
#include <stdlib.h>

static const char beginning[] =
	"# bash completion for postern, as `postern completion` prints it\n"
	"_postern()\n"
	"{\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"	local command=${COMP_WORDS[1]} words=\n"
	"	COMPREPLY=()\n";

static const char ending[] = "	COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
			     "}\n"
			     "complete -F _postern postern\n";

static void completion_print_commands(void)
{
	for (const struct command *at = command_table; at->name != NULL; at++)
		printf(" %s", at->name);
}

/* For options whose value is a file, a folder, or one of some words. */
static void completion_print_values(const struct config_leaves *leaves)
{
	puts("	case $prev in\n"
	     "	-c | --config) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	     "	--www) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;");
	for (size_t i = 0; i < leaves->count; i++) {
		const struct config_key *key = leaves->items[i].key;

		if (key->kind != CONFIG_BOOL && key->choices == NULL)
			continue;
		printf("	--%s) COMPREPLY=($(compgen -W '", leaves->names[i]);
		if (key->kind == CONFIG_BOOL)
			fputs("true false", stdout);
		for (size_t j = 0; key->choices != NULL && key->choices[j] != NULL; j++)
			printf("%s%s", j > 0 ? " " : "", key->choices[j]);
		puts("' -- \"$cur\")); return ;;");
	}
	puts("	esac");
}

static void completion_print_options(
	const struct command *command, const struct config_leaves *leaves)
{
	const struct command_option *option;

	printf("	%s) words='", command->name);
	for (size_t i = 0; (option = command_option(command, i)) != NULL; i++)
		printf("%s--%s", i > 0 ? " " : "", option->name);
	for (size_t i = 0; command->configures && i < leaves->count; i++)
		printf(" --%s", leaves->names[i]);
	if (command->word != NULL)
		completion_print_commands();
	puts("' ;;");
}

int command_completion(const struct command_line *line)
{
	struct config_leaves leaves;

	(void)line;
	config_leaves_list(&leaves, CONFIG_FLAG);
	fputs(beginning, stdout);
	completion_print_values(&leaves);
	fputs("	if [ \"$COMP_CWORD\" = 1 ]; then command=; fi\n"
	      "	case $command in\n",
		stdout);
	for (const struct command *at = command_table; at->name != NULL; at++)
		completion_print_options(at, &leaves);
	fputs("	*) words='--help --version", stdout);
	completion_print_commands();
	puts("' ;;\n	esac");
	fputs(ending, stdout);
	config_leaves_finish(&leaves);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
