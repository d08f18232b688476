/*
 * Prints the configuration in force, as a file that gives it again; or lists the keys.
 */
#include "gateway/command/command.h"

#include "gateway/config/config_document.h"
#include "gateway/config/config_print.h"

#include <stdio.h>
#include <stdlib.h>

static int command_printed(bool good)
{
	if (!good || fflush(stdout) != 0) {
		perror("postern: stdout");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int command_print(const struct config *config, bool secrets)
{
	json_t *json = config_to_json(config);
	const size_t hidden = secrets ? 0 : config_hide_secrets(json);

	if (hidden > 0)
		fprintf(stderr,
			"postern: secrets are hidden (%zu), so this is no file for "
			"--config: --secrets prints them\n",
			hidden);
	bool good = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 &&
		    fputs("\n", stdout) >= 0;

	json_decref(json);
	return command_printed(good);
}

static int command_print_document(void)
{
	struct buf text = {0};

	config_document(&text);
	bool good = fwrite(text.data, 1, text.len, stdout) == text.len;
	buf_finish(&text);
	return command_printed(good);
}

int command_print_config(const struct command_line *line)
{
	if (line->document)
		return command_print_document();

	struct buf error = {0};
	struct config *config =
		line->defaults ? config_parse(SLICE("{}"), "defaults", NULL, &error)
			       : command_read_config(line);
	int status = EXIT_FAILURE;

	if (config != NULL)
		status = command_print(config, line->secrets);
	config_unref(config);
	buf_finish(&error);
	return status;
}
