#include "gateway/stomp/login_header.h"

#include "gateway/config/config.h"
#include "gateway/identity/token.h"
#include "gateway/session/session.h"
#include "protocol/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * Cuts the groups at commas, into *groups, which the caller frees. False when one is no
 * good name.
 */
static bool login_split_groups(struct slice text, struct slice **groups, size_t *count)
{
	bool is_good = true;

	*groups = xcalloc(text.len / 2 + 1, sizeof(**groups));
	for (*count = 0; text.len > 0;) {
		const size_t comma = slice_find(text, ',');
		const struct slice group =
			slice_trim(slice_first(text, comma), SLICE_BLANKS);

		if (group.len > 0)
			(*groups)[(*count)++] = group;
		is_good = is_good && (group.len == 0 || token_name_is_good(group));
		text = slice_from(text, comma + 1);
	}
	return is_good;
}

void login_header_check(const struct config *config, const struct peer *shown,
	struct login_verdict *verdict)
{
	const uint64_t lasts = config->times.user_header;
	struct identity_facts facts = {.source = LOGIN_BY_PROXY, .user = shown->user};
	struct slice *groups;

	*verdict = (struct login_verdict){
		.source = LOGIN_BY_PROXY, .kind = REFUSAL_NO_PROXY_USER};
	bool is_good =
		login_split_groups(shown->groups, &groups, &facts.group_count) &&
		token_name_is_good(shown->user) &&
		!(config->login.anonymous && identity_name_is_label(shown->user)) &&
		shown->groups.len <= config->limits.identity;
	facts.groups = groups;
	if (lasts > 0)
		facts.expires_at = (int64_t)time(NULL) + (int64_t)(lasts / 1000);
	if (is_good)
		verdict->identity = identity_create(&facts, '/', NULL);
	else
		snprintf(verdict->reason, sizeof(verdict->reason),
			"login.user_header or login.groups_header has no good names");
	free(groups);
}
