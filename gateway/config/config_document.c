/* The document follows the table: first the top, then each section and list. */
#include "gateway/config/config_document.h"

#include "gateway/config/config_table.h"

#include <inttypes.h>

static const char introduction[] =
	"# Configuration\n"
	"\n"
	"The configuration is one JSON file. `--config` (`-c`) or `POSTERN_CONFIG` "
	"names it. Without a file\n"
	"Postern serves its demo.\n"
	"\n"
	"Each key also has a name in the environment and as an option: "
	"`limits.queue_bytes` is\n"
	"`POSTERN_LIMITS__QUEUE_BYTES` and `--limits.queue-bytes`. An option overrides "
	"the environment, and\n"
	"the environment overrides the file. There, write lists of strings with commas "
	"or as JSON, and lists\n"
	"of objects as JSON.\n"
	"\n"
	"```sh\n"
	"postern check-config --config postern.json     # reports every mistake: file, "
	"line, column, key\n"
	"postern print-config --config postern.json     # prints what is in force\n"
	"postern print-config --defaults                # prints every key with its "
	"default\n"
	"```\n"
	"\n"
	"On SIGHUP Postern reads the file again. A key with *restart* keeps its value "
	"until the next start;\n"
	"if it has changed, the log names it. Sizes are in bytes, times in "
	"milliseconds.\n"
	"\n"
	"Postern also refuses a name that no message could ever reach: a prefix "
	"below one that takes\n"
	"its destinations first, `/user` as a prefix, two routes for the same "
	"destinations, or a target that\n"
	"no prefix owns.\n"
	"\n"
	"`postern print-config --document` makes this page from the program's own "
	"table. A test fails when\n"
	"the page is out of date.\n";

static void document_append_choices(struct buf *out, const char *const *choices)
{
	for (size_t i = 0; choices[i] != NULL; i++)
		buf_printf(out, "%s`%s`", i > 0 ? ", " : "", choices[i]);
}

/* The kind of its values. */
static void document_append_kind(struct buf *out, const struct config_key *key)
{
	switch (key->kind) {
	case CONFIG_BOOL:
		buf_append(out, SLICE("`true`, `false`"));
		break;
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		buf_printf(out, "%" PRIu64 " to %" PRIu64 "%s%s", key->min, key->max,
			key->unit != NULL ? " " : "",
			key->unit != NULL ? key->unit : "");
		break;
	case CONFIG_TEXT:
		if (key->choices != NULL)
			document_append_choices(out, key->choices);
		else
			buf_append(out, SLICE("a string"));
		break;
	case CONFIG_TEXTS:
		buf_printf(out, "%sstrings", key->single ? "a string, or " : "");
		break;
	case CONFIG_OBJECT:
		buf_printf(out, "an object: [below](#%s)", key->name);
		break;
	case CONFIG_LIST:
		buf_printf(out, "objects: [below](#%s)", key->name);
		break;
	case CONFIG_MAP:
		buf_append(out, SLICE("an object of strings"));
		break;
	case CONFIG_VALUE:
		buf_append(out, SLICE("any JSON"));
		break;
	}
}

static void document_append_default(struct buf *out, const struct config_key *key)
{
	switch (key->kind) {
	case CONFIG_BOOL:
		buf_printf(out, "`%s`", key->fallback ? "true" : "false");
		break;
	case CONFIG_UNSIGNED:
	case CONFIG_SIZE:
	case CONFIG_NUMBER:
		buf_printf(out, "%" PRIu64, key->fallback);
		break;
	case CONFIG_TEXT:
		if (key->required)
			buf_append(out, SLICE("*required*"));
		else if (key->text != NULL)
			buf_printf(out, "`\"%s\"`", key->text);
		break;
	case CONFIG_TEXTS:
		if (key->text != NULL)
			buf_printf(out, "`[\"%s\"]`", key->text);
		else
			buf_append(out, SLICE("none"));
		break;
	case CONFIG_MAP:
		buf_append(out, SLICE("none"));
		break;
	case CONFIG_OBJECT:
	case CONFIG_LIST:
	case CONFIG_VALUE:
		break;
	}
}

static void document_append_table(struct buf *out, const struct config_table *table)
{
	buf_append(out, SLICE("\n| key | what it sets | values | default | |\n"
			      "|---|---|---|---|---|\n"));
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		buf_printf(out, "| `%s` | %s | ", key->name, key->means);
		document_append_kind(out, key);
		buf_append(out, SLICE(" | "));
		document_append_default(out, key);
		buf_printf(out, " | %s |\n", key->at_start ? "restart" : "");
	}
}

/* Tables are nested three deep at most: app.routes. */
static void document_append_inside(struct buf *out, const struct config_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		if (key->inside == NULL)
			continue;
		buf_printf(out, "\n## %s\n\n`%s`: %s. %s\n", key->name, key->name,
			key->means,
			key->kind == CONFIG_LIST
				? "Each object of the list has these keys:"
				: "Its keys:");
		document_append_table(out, key->inside);
		document_append_inside(out, key->inside);
	}
}

void config_document(struct buf *out)
{
	buf_append(out, slice_of(introduction));
	buf_append(out, SLICE("\n## The top\n"));
	document_append_table(out, &config_table);
	document_append_inside(out, &config_table);
}
