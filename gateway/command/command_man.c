/*
 * The manual page, in roff. All changing parts are made from the program's own tables:
 * the commands, their options, the keys of the configuration.
 */
#include "gateway/command/command_options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Escapes text that roff would interpret: dashes, backslashes, dots that begin a line.
 */
static void man_append_text(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const bool begins = out->len == 0 || out->data[out->len - 1] == '\n';

		if (begins && (*text == '.' || *text == '\''))
			buf_append(out, SLICE("\\&"));
		if (*text == '-')
			buf_append(out, SLICE("\\-"));
		else if (*text == '\\')
			buf_append(out, SLICE("\\e"));
		else
			buf_append_char(out, *text);
	}
}

static void man_append_bold(struct buf *out, const char *text)
{
	buf_append(out, SLICE("\\fB"));
	man_append_text(out, text);
	buf_append(out, SLICE("\\fR"));
}

static void man_append_italic(struct buf *out, const char *text)
{
	buf_append(out, SLICE("\\fI"));
	man_append_text(out, text);
	buf_append(out, SLICE("\\fR"));
}

static void man_append_commands(struct buf *out)
{
	buf_append(out, SLICE(".SH COMMANDS\n"));
	for (const struct command *at = command_table; at->name != NULL; at++) {
		buf_append(out, SLICE(".TP\n"));
		man_append_bold(out, at->name);
		if (at->word != NULL) {
			buf_append_char(out, ' ');
			man_append_italic(out, at->word);
		}
		buf_append_char(out, '\n');
		man_append_text(out, at->summary);
		buf_append(out, SLICE(".\n"));
		man_append_text(out, at->help);
	}
}

/* The options of a command besides the keys of the configuration. */
static void man_append_options(struct buf *out)
{
	const struct command_option *option;

	buf_append(out, SLICE(".SH OPTIONS\n"
			      "Options have no abbreviations. Each command explains "
			      "its options by\n"));
	man_append_bold(out, "--help");
	buf_append(out, SLICE(".\n"));
	for (size_t i = 0; (option = command_option_at(i)) != NULL; i++) {
		buf_append(out, SLICE(".TP\n"));
		if (option->letter != 0) {
			const char letter[] = {'-', option->letter, '\0'};

			man_append_bold(out, letter);
			buf_append(out, SLICE(", "));
		}
		buf_append(out, SLICE("\\fB\\-\\-"));
		man_append_text(out, option->name);
		buf_append(out, SLICE("\\fR"));
		if (option->value != NULL) {
			buf_append_char(out, ' ');
			man_append_italic(out, option->value);
		}
		buf_append_char(out, '\n');
		man_append_text(out, option->means);
		buf_append(out, SLICE(".\n"));
	}
}

static void man_append_default(struct buf *out, const struct config_key *key)
{
	struct buf text = {0};

	switch (key->kind) {
	case CONFIG_BOOL:
		buf_printf(&text, " Default: %s.", key->fallback ? "true" : "false");
		break;
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		buf_printf(&text, " Default: %" PRIu64 "%s%s.", key->fallback,
			key->unit != NULL ? " " : "",
			key->unit != NULL ? key->unit : "");
		break;
	case CONFIG_TEXT:
	case CONFIG_TEXTS:
		if (key->text != NULL && key->text[0] != '\0')
			buf_printf(&text, " Default: %s.", key->text);
		break;
	case CONFIG_OBJECT:
	case CONFIG_LIST:
	case CONFIG_MAP:
	case CONFIG_VALUE:
		break;
	}
	buf_append_char(&text, '\0');
	man_append_text(out, text.data);
	buf_finish(&text);
}

/* Every key that has an option. */
static void man_append_keys(struct buf *out)
{
	struct config_leaves flags, variables;

	config_leaves_list(&flags, CONFIG_FLAG);
	config_leaves_list(&variables, CONFIG_VARIABLE);
	buf_append(
		out, SLICE(".SH CONFIGURATION\n"
			   "The configuration is one JSON file. Each key also has an "
			   "option and a variable.\n"
			   "An option overrides the environment, and the "
			   "environment overrides the file.\n"
			   "Write lists of strings with commas or as JSON, and lists "
			   "of objects as JSON.\n"));
	for (size_t i = 0; i < flags.count; i++) {
		buf_append(out, SLICE(".TP\n\\fB\\-\\-"));
		man_append_text(out, flags.names[i]);
		buf_append(out, SLICE("\\fR, \\fBPOSTERN_"));
		man_append_text(out, variables.names[i]);
		buf_append(out, SLICE("\\fR\n"));
		man_append_text(out, flags.items[i].key->means);
		buf_append_char(out, '.');
		man_append_default(out, flags.items[i].key);
		if (flags.items[i].key->at_start)
			buf_append(out, SLICE(" A reload does not change it."));
		buf_append_char(out, '\n');
	}
	config_leaves_finish(&flags);
	config_leaves_finish(&variables);
}

static const char beginning[] =
	".SH NAME\n"
	"postern \\- lets every browser speak STOMP, over WebSocket and SockJS\n"
	".SH SYNOPSIS\n"
	".B postern\n"
	"[\\fICOMMAND\\fR] [\\fIOPTION\\fR...]\n"
	".SH DESCRIPTION\n"
	"A gateway and message broker. Pages connect by WebSocket or by SockJS's "
	"fallbacks,\n"
	"programs also by plain TCP. Without a configuration it serves its demo.\n";

static const char ending[] =
	".SH SIGNALS\n"
	".TP\n"
	".B SIGTERM, SIGINT\n"
	"Postern closes all sessions within times.drain, and ends. A second signal "
	"ends "
	"it\n"
	"immediately.\n"
	".TP\n"
	".B SIGHUP\n"
	"Postern reads the configuration again, and disconnects nobody. A file with "
	"mistakes changes nothing.\n"
	".SH FILES\n"
	".TP\n"
	".I /etc/postern/postern.json\n"
	"The configuration of the Debian package's service.\n"
	".SH EXIT STATUS\n"
	"0 after success, 1 otherwise.\n"
	".SH SEE ALSO\n"
	"The documents, in the package's folder below\n"
	".I /usr/share/doc/postern\n"
	"and at\n"
	".I /docs/\n"
	"of a server that serves its own pages.\n";

int command_man(const struct command_line *line)
{
	struct buf page = {0};

	(void)line;
	buf_append(
		&page, SLICE(".TH POSTERN 1 \"\" \"Postern " POSTERN_VERSION "\"\n"));
	buf_append(&page, slice_of(beginning));
	man_append_commands(&page);
	man_append_options(&page);
	man_append_keys(&page);
	buf_append(&page, slice_of(ending));
	bool good = fwrite(page.data, 1, page.len, stdout) == page.len &&
		    fflush(stdout) == 0;
	buf_finish(&page);
	if (!good)
		perror("postern: stdout");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
