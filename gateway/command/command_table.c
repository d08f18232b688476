/* What commands there are. */
#include "gateway/command/command.h"

const struct command command_table[] = {
	{
		.name = "serve",
		.summary = "serves until SIGTERM; what postern does when no command is "
			   "named",
		.help = "A second SIGTERM ends it immediately.\n",
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
		.help = "The output is a file for --config that gives the same "
			"configuration again.\n"
			"Secrets (admin.token, the passwords' hashes of users) are "
			"hidden, and a file\n"
			"with hidden ones is refused: with --secrets it can be used. "
			"Keep that output\n"
			"as safe as the file that went in.\n",
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
		.name = "help",
		.summary = "explains a command",
		.help = "Without a command it lists them all.\n",
		.word = "COMMAND",
		.run = command_help,
	},
	{
		.name = "man",
		.summary = "prints the manual page",
		.help = "Try: postern man | man -l -\n",
		.run = command_man,
	},
	{
		.name = "completion",
		.summary = "prints what bash completes",
		.help = "Try: eval \"$(postern completion)\"\n",
		.run = command_completion,
	},
	{
		.name = "version",
		.summary = "says which version this is",
		.help = "",
		.run = command_version,
	},
	{.name = NULL},
};
