/* Says what the rules let somebody do. */
#include "gateway/command/command.h"

#include "gateway/identity/access.h"
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

static int explain_print(
	const struct access_rules *rules, struct access_verdict verdict)
{
	const char *word = verdict.is_allowed ? "allowed" : "denied";

	if (verdict.rule != NULL)
		printf("%s by rules[%zu]: %.*s\n", word,
			(size_t)(verdict.rule - rules->items),
			SLICE_ARGS(verdict.rule->pattern.text));
	else if (rules->count == 0)
		printf("%s: there are no rules\n", word);
	else
		printf("%s: no rule allows it\n", word);
	return verdict.is_allowed ? EXIT_SUCCESS : EXIT_FAILURE;
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

		status = explain_print(&config->access,
			access_check(&config->access, identity,
				is_send ? ACCESS_SEND : ACCESS_SUBSCRIBE,
				slice_of(line->second)));
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
