/* The server itself, and what can be said without it. */
#include "gateway/command.h"

#include "gateway/log.h"
#include "gateway/server.h"

#include <stdio.h>
#include <stdlib.h>

int command_serve(const struct command_line *line)
{
	struct config *config = command_read_config(line);
	enum log_level level = LOG_INFO;
	enum log_format format = LOG_TEXT;

	if (config == NULL)
		return EXIT_FAILURE;
	log_level_parse(config->log_level, &level);
	log_set_level(level);
	log_format_parse(config->log_format, &format);
	log_set_format(format);
	log_set_most(config->limits.log_lines);
	int status = server_run(config, line->edge);
	config_destroy(config);
	return status;
}

int command_check_config(const struct command_line *line)
{
	struct config *config = command_read_config(line);

	if (config == NULL)
		return EXIT_FAILURE;
	printf("%s: nothing is wrong\n",
		line->file != NULL ? line->file : "the built-in demo");
	config_destroy(config);
	return EXIT_SUCCESS;
}

int command_version(const struct command_line *line)
{
	(void)line;
	puts("postern " POSTERN_VERSION);
	return EXIT_SUCCESS;
}
