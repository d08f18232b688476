/* Prints the configuration that is in force, as a file that gives it again. */
#include "gateway/command.h"

#include "gateway/config_print.h"

#include <stdio.h>
#include <stdlib.h>

static int print(const struct config *config)
{
	json_t *json = config_to_json(config);
	bool good = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 &&
		    fputs("\n", stdout) >= 0 && fflush(stdout) == 0;

	json_decref(json);
	if (!good)
		perror("postern: stdout");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_print_config(const struct command_line *line)
{
	struct buf error = {0};
	struct config *config =
		line->defaults ? config_parse(SLICE("{}"), "defaults", NULL, &error)
			       : command_read_config(line);
	int status = EXIT_FAILURE;

	if (config != NULL)
		status = print(config);
	config_unref(config);
	buf_finish(&error);
	return status;
}
