/* The server itself, and the commands that need no server. */
#include "gateway/command/command.h"

#include "gateway/config/config_advise.h"
#include "gateway/server/server.h"

#include <stdio.h>
#include <stdlib.h>

int command_serve(const struct command_line *line)
{
	struct config *config = command_read_config(line);

	if (config == NULL)
		return EXIT_FAILURE;
	int status = server_run(config, line->file, &line->settings, line->edge);
	config_unref(config);
	return status;
}

int command_check_config(const struct command_line *line)
{
	struct config *config = command_read_config(line);

	if (config == NULL)
		return EXIT_FAILURE;

	struct buf advice = {0};
	config_advise(config, &advice);
	command_say("warning: ", &advice);
	buf_finish(&advice);
	printf("%s: nothing is wrong\n",
		line->file != NULL ? line->file : "the built-in demo");
	config_unref(config);
	return EXIT_SUCCESS;
}

int command_version(const struct command_line *line)
{
	(void)line;
	puts("postern " POSTERN_VERSION);
	return EXIT_SUCCESS;
}
