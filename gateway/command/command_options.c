#include "gateway/command/command_options.h"

#include "gateway/config/config_mistake.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* The effect of an option of a command's own. */
enum command_option_action {
	OPTION_HELP,
	OPTION_CONFIG,
	OPTION_DEFAULTS,
	OPTION_DOCUMENT,
	OPTION_SECRETS,
	OPTION_USER,
	OPTION_GROUPS,
	OPTION_CLAIM,
};

static const struct command_option own_options[] = {
	[OPTION_HELP] = {"help", 'h', NULL, "prints this help"},
	[OPTION_CONFIG] = {"config", 'c', "FILE",
		"the configuration, in JSON; by default that of the demo"},
	[OPTION_DEFAULTS] = {"defaults", 0, NULL,
		"prints every key with its default instead"},
	[OPTION_DOCUMENT] = {"document", 0, NULL,
		"prints the document about all keys instead, in Markdown"},
	[OPTION_SECRETS] = {"secrets", 0, NULL, "prints secrets, too"},
	[OPTION_USER] = {"user", 'u', "NAME", "who asks; by default nobody"},
	[OPTION_GROUPS] = {"groups", 'g', "NAMES",
		"the groups of who asks, with commas between them"},
	[OPTION_CLAIM] = {"claim", 0, "NAME=VALUE", "a claim of who asks; repeatable"},
};

enum { OWN_OPTIONS = sizeof(own_options) / sizeof(*own_options) };

/* Whether the command has that option. */
static bool command_has_own(
	const struct command *command, enum command_option_action action)
{
	switch (action) {
	case OPTION_HELP:
		return true;
	case OPTION_CONFIG:
		return command->configures;
	case OPTION_DEFAULTS:
	case OPTION_DOCUMENT:
	case OPTION_SECRETS:
		return command->prints;
	case OPTION_USER:
	case OPTION_GROUPS:
	case OPTION_CLAIM:
		break;
	}
	return command->explains;
}

const struct command_option *command_option(const struct command *command, size_t index)
{
	for (unsigned i = 0; i < OWN_OPTIONS; i++) {
		if (command_has_own(command, (enum command_option_action)i) &&
			index-- == 0)
			return &own_options[i];
	}
	return NULL;
}

const struct command_option *command_option_at(size_t index)
{
	return index < OWN_OPTIONS ? &own_options[index] : NULL;
}

/* All options of a command. */
struct options {
	const struct command *command;
	struct config_leaves leaves; /* none: the command needs no configuration */
	const char **words;          /* their names, with a NULL after the last */
};

static void options_list(const struct command *command, struct options *options)
{
	size_t count = 0;

	*options = (struct options){.command = command};
	if (command->configures)
		config_leaves_list(&options->leaves, CONFIG_FLAG);
	options->words = xcalloc(
		OWN_OPTIONS + options->leaves.count + 1, sizeof(*options->words));
	for (size_t i = 0; command_option(command, i) != NULL; i++)
		options->words[count++] = command_option(command, i)->name;
	for (size_t i = 0; i < options->leaves.count; i++)
		options->words[count++] = options->leaves.names[i];
}

static void options_finish(struct options *options)
{
	config_leaves_finish(&options->leaves);
	free(options->words);
}

/* One word of the command line in its parts: "--name=value", "--name", "-c". */
struct option_word {
	struct slice name; /* without dashes */
	bool is_short;     /* one dash */
	const char *value; /* after '='; NULL: none */
};

static struct option_word options_split_word(const char *word)
{
	const bool is_short = word[1] != '-';
	struct slice text = slice_from(slice_of(word), is_short ? 1 : 2);
	size_t end = is_short ? text.len : slice_find(text, '=');

	return (struct option_word){slice_first(text, end), is_short,
		end < text.len ? text.data + end + 1 : NULL};
}

/* Does not repeat the value: it may be a secret. */
static void options_refuse(const struct options *options, struct option_word word)
{
	const char *dashes = word.is_short ? "-" : "--";
	const char *nearest = config_nearest(word.name, options->words);

	if (nearest != NULL)
		command_complain("unknown option %s%.*s (did you mean --%s?)", dashes,
			SLICE_ARGS(word.name), nearest);
	else
		command_complain(
			"unknown option %s%.*s", dashes, SLICE_ARGS(word.name));
}

/* The index of an own option, or -1. */
static int options_find_own(const struct options *options, struct option_word word)
{
	for (unsigned i = 0; i < OWN_OPTIONS; i++) {
		const struct command_option *own = &own_options[i];

		if (!command_has_own(options->command, (enum command_option_action)i))
			continue;
		if (word.is_short
				? word.name.len == 1 && word.name.data[0] == own->letter
				: slice_equal(word.name, slice_of(own->name)))
			return (int)i;
	}
	return -1;
}

static void options_add_setting(struct command_line *line,
	const struct config_leaf *leaf, struct slice name, const char *value)
{
	struct buf source = {0};

	buf_printf(&source, "--%.*s", SLICE_ARGS(name));
	config_settings_add(&line->settings, leaf, buf_slice(&source), value);
	buf_finish(&source);
}

static void options_take_own(struct command_line *line, int own, const char *value)
{
	switch ((enum command_option_action)own) {
	case OPTION_HELP:
		break; /* for the caller */
	case OPTION_CONFIG:
		line->file = value;
		break;
	case OPTION_DEFAULTS:
		line->defaults = true;
		break;
	case OPTION_DOCUMENT:
		line->document = true;
		break;
	case OPTION_SECRETS:
		line->secrets = true;
		break;
	case OPTION_USER:
		line->explained.user = value;
		break;
	case OPTION_GROUPS:
		line->explained.groups = value;
		break;
	case OPTION_CLAIM:
		if (line->explained.claim_count < EXPLAINED_CLAIMS_MAX)
			line->explained.claims[line->explained.claim_count] = value;
		line->explained.claim_count++;
		break;
	}
}

/* One option of the command line, and its meaning. */
struct found_option {
	struct option_word word;
	int own;                        /* -1: not a command's own */
	const struct config_leaf *leaf; /* NULL: not a key */
	bool takes_value;
};

static struct found_option options_find(const struct options *options, const char *text)
{
	struct found_option found = {.word = options_split_word(text)};

	found.own = options_find_own(options, found.word);
	if (found.own < 0 && !found.word.is_short)
		found.leaf = config_leaves_find(&options->leaves, found.word.name);
	found.takes_value = found.leaf != NULL ||
			    (found.own >= 0 && own_options[found.own].value != NULL);
	return found;
}

/* False after writing the mistake to stderr. */
static bool options_check(const struct options *options,
	const struct found_option *found, const char *text, const char *value)
{
	if (found->own < 0 && found->leaf == NULL)
		options_refuse(options, found->word);
	else if (found->takes_value && value == NULL)
		command_complain("%s needs a value", text);
	else if (!found->takes_value && value != NULL)
		command_complain("--%.*s takes no value", SLICE_ARGS(found->word.name));
	else
		return true;
	return false;
}

/*
 * Reads one option, whose value may be the next word. Returns how many words it has
 * taken, or 0 after writing the mistake to stderr.
 */
static int options_read(const struct options *options, int count, char *const *words,
	struct command_line *line, bool *helps)
{
	const struct found_option found = options_find(options, words[0]);
	const bool takes_next = found.takes_value && found.word.value == NULL;
	const char *value = takes_next && count > 1 ? words[1] : found.word.value;

	if (!options_check(options, &found, words[0], value))
		return 0;
	*helps |= found.own == OPTION_HELP;
	if (found.leaf != NULL)
		options_add_setting(line, found.leaf, found.word.name, value);
	else
		options_take_own(line, found.own, value);
	return takes_next ? 2 : 1;
}

enum command_verdict command_read_options(const struct command *command, int count,
	char *const *words, struct command_line *line)
{
	struct options options;
	bool helps = false, reads_options = true, is_bad = false;

	options_list(command, &options);
	for (int at = 0, taken; at < count && !helps && !is_bad; at += taken) {
		taken = 1;
		if (reads_options && strcmp(words[at], "--") == 0) {
			reads_options = false;
		} else if (reads_options && words[at][0] == '-') {
			taken = options_read(
				&options, count - at, words + at, line, &helps);
			is_bad = taken == 0;
		} else if (command->word != NULL && line->word == NULL) {
			line->word = words[at];
		} else if (command->second != NULL && line->second == NULL) {
			line->second = words[at];
		} else {
			command_complain("too many words: %s", words[at]);
			is_bad = true;
		}
	}
	options_finish(&options);
	if (is_bad)
		return COMMAND_BAD;
	return helps ? COMMAND_HELPS : COMMAND_RUNS;
}
