/* Says what the rules let somebody do. */
#include "gateway/command/command.h"

#include "gateway/broker/permit.h"
#include "gateway/config/config.h"
#include "protocol/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>

/* Who asks; the lists are the caller's to free. */
static bool explain_read_facts(
	const struct explained *explained, struct identity_facts *facts)
{
	struct slice rest =
		slice_of(explained->groups != NULL ? explained->groups : "");
	struct slice *groups = xcalloc(rest.len + 1, sizeof(*groups));
	struct claim *claims = xcalloc(EXPLAINED_CLAIMS_MAX, sizeof(*claims));

	facts->user = slice_of(explained->user != NULL ? explained->user : "");
	facts->groups = groups;
	facts->claims = claims;
	while (rest.len > 0) {
		const struct slice group = slice_first(rest, slice_find(rest, ','));

		if (group.len > 0)
			groups[facts->group_count++] = group;
		rest = slice_from(rest, group.len + 1);
	}
	if (explained->claim_count > EXPLAINED_CLAIMS_MAX)
		return false;
	for (size_t i = 0; i < explained->claim_count; i++) {
		const struct slice text = slice_of(explained->claims[i]);
		const size_t equals = slice_find(text, '=');

		if (equals == text.len)
			return false;
		claims[facts->claim_count++] = (struct claim){
			slice_first(text, equals), slice_from(text, equals + 1)};
	}
	return true;
}

static int explain_print(const char *file, const struct access_rules *rules,
	const struct permit_explanation *explanation)
{
	const char *word = explanation->is_allowed ? "allowed" : "denied";

	if (explanation->rule != NULL) {
		const size_t index = (size_t)(explanation->rule - rules->items);

		printf("%s by rules[%zu] (%s:%zu): %.*s\n", word, index, file,
			config_rule_line(file, index),
			SLICE_ARGS(explanation->rule->pattern.text));
	} else {
		printf("%s: %s\n", word, explanation->text);
	}
	return explanation->is_allowed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_explain(const struct command_line *line)
{
	struct identity_facts facts = {.user = SLICE("")};
	const struct slice word = slice_of(line->word != NULL ? line->word : "");
	const bool is_send = slice_equal(word, SLICE("send"));
	int status = EXIT_FAILURE;

	if (line->second == NULL ||
		(!is_send && !slice_equal(word, SLICE("subscribe"))))
		return command_complain(
			"explain needs subscribe or send, and a destination");
	struct config *config = command_read_config(line);
	if (config == NULL)
		return EXIT_FAILURE;
	if (explain_read_facts(&line->explained, &facts)) {
		struct identity *identity =
			identity_create(&facts, config->access.separator, NULL);
		struct permit_explanation explanation;

		permit_explain(config, identity,
			is_send ? ACCESS_SEND : ACCESS_SUBSCRIBE,
			slice_of(line->second), &explanation);
		status = explain_print(line->file, &config->access, &explanation);
		identity_unref(identity);
	} else {
		command_complain("--claim is NAME=VALUE, at most %d times",
			EXPLAINED_CLAIMS_MAX);
	}
	free((void *)facts.groups);
	free((void *)facts.claims);
	config_unref(config);
	return status;
}
