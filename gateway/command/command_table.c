/* The table of commands. */
#include "gateway/command/command.h"

static const char *const explained_actions[] = {"subscribe", "send", NULL};

const struct command command_table[] = {
	{
		.name = "serve",
		.summary = "serves until SIGTERM; this is the default command",
		.help = "A second SIGTERM ends it immediately.\n",
		.configures = true,
		.run = command_serve,
	},
	{
		.name = "check-config",
		.summary = "says what is wrong with a configuration",
		.help = "Exits with 0 if nothing is wrong.\n",
		.configures = true,
		.run = command_check_config,
	},
	{
		.name = "print-config",
		.summary = "prints the configuration as it is in force",
		.help = "The output is a file for --config with the same "
			"configuration. "
			"It hides secrets\n"
			"(admin.token, the password hashes of users), and Postern "
			"refuses a file with\n"
			"hidden secrets. To get a file that you can use, give "
			"--secrets, and keep that\n"
			"output as safe as the original file.\n",
		.configures = true,
		.prints = true,
		.run = command_print_config,
	},
	{
		.name = "explain",
		.summary =
			"says what the rules let somebody do, and which rule says so",
		.help = "ACTION is subscribe or send; DESTINATION may be a pattern "
			"that a "
			"client\nsubscribes to. Exits with 0 if it is allowed, and "
			"with 1 "
			"if it is denied:\n\n"
			"  postern explain -c postern.json --user ana --groups staff "
			"\\\n"
			"    subscribe '/topic/staff/**'\n",
		.word = "ACTION",
		.words = explained_actions,
		.second = "DESTINATION",
		.configures = true,
		.explains = true,
		.run = command_explain,
	},
	{
		.name = "healthcheck",
		.summary = "asks the server on this machine whether it is healthy",
		.help = "Requests /health at the address at which `serve` would listen "
			"with the same\n"
			"configuration. Exits with 0 if the server is healthy, also if "
			"it is full. Exits\n"
			"with 1 if it is not, or does not answer within some "
			"seconds.\n",
		.configures = true,
		.run = command_healthcheck,
	},
	{
		.name = "hash-password",
		.summary = "makes the hash of a password, for \"users\"",
		.help = "Reads the password twice from the terminal. Without a "
			"terminal it "
			"reads one\nline of stdin.\n",
		.run = command_hash_password,
	},
	{
		.name = "help",
		.summary = "explains a command",
		.help = "Without COMMAND it lists all commands.\n",
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
		.summary = "prints completions for bash",
		.help = "Try: eval \"$(postern completion)\"\n",
		.run = command_completion,
	},
	{
		.name = "version",
		.summary = "prints the version",
		.help = "",
		.run = command_version,
	},
	{.name = NULL},
};
