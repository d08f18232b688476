#include "gateway/identity/identity.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/* How many bytes the texts of the facts have, so that their buffer never moves. */
static size_t identity_text_size(const struct identity_facts *facts)
{
	size_t size = facts->user.len;

	for (size_t i = 0; i < facts->group_count; i++)
		size += facts->groups[i].len;
	for (size_t i = 0; i < facts->claim_count; i++)
		size += facts->claims[i].name.len + facts->claims[i].value.len;
	for (unsigned action = 0; action < ACCESS_ACTIONS; action++) {
		for (size_t i = 0; i < facts->grant_counts[action]; i++)
			size += facts->grants[action][i].len;
	}
	return size;
}

/* Copies the text behind the others. */
static struct slice identity_keep(struct identity *identity, struct slice text)
{
	const size_t at = identity->texts.len;

	buf_append(&identity->texts, text);
	return slice_from(buf_slice(&identity->texts), at);
}

static void identity_keep_lists(
	struct identity *identity, const struct identity_facts *facts)
{
	identity->groups = xcalloc(facts->group_count + 1, sizeof(*identity->groups));
	for (size_t i = 0; i < facts->group_count; i++)
		identity->groups[identity->group_count++] =
			identity_keep(identity, facts->groups[i]);
	identity->claims = xcalloc(facts->claim_count + 1, sizeof(*identity->claims));
	for (size_t i = 0; i < facts->claim_count; i++) {
		struct claim *claim = &identity->claims[identity->claim_count++];
		const struct slice value = facts->claims[i].value;

		claim->name = identity_keep(identity, facts->claims[i].name);
		if (value.data != NULL)
			claim->value = identity_keep(identity, value);
	}
	identity->may_have_more = facts->may_have_more;
}

static bool identity_keep_grants(struct identity *identity,
	const struct identity_facts *facts, enum access_action action, char separator,
	struct buf *mistake)
{
	const size_t count = facts->grant_counts[action];

	identity->grants[action] = xcalloc(count + 1, sizeof(struct access_pattern));
	for (size_t i = 0; i < count; i++) {
		struct slice text = identity_keep(identity, facts->grants[action][i]);

		if (!access_pattern_init(
			    &identity->grants[action][i], text, separator, mistake))
			return false;
		identity->grant_counts[action]++;
	}
	return true;
}

struct identity *identity_create(
	const struct identity_facts *facts, char separator, struct buf *mistake)
{
	struct identity *identity = xcalloc(1, sizeof(*identity));

	identity->references = 1;
	identity->source = facts->source;
	identity->expires_at = facts->expires_at;
	buf_reserve(&identity->texts, identity_text_size(facts));
	identity->user = identity_keep(identity, facts->user);
	identity_keep_lists(identity, facts);
	if (identity_keep_grants(
		    identity, facts, ACCESS_SUBSCRIBE, separator, mistake) &&
		identity_keep_grants(identity, facts, ACCESS_SEND, separator, mistake))
		return identity;
	identity_unref(identity);
	return NULL;
}

struct identity *identity_ref(struct identity *identity)
{
	if (identity != NULL)
		identity->references++;
	return identity;
}

void identity_unref(struct identity *identity)
{
	if (identity == NULL || --identity->references > 0)
		return;
	for (unsigned action = 0; action < ACCESS_ACTIONS; action++) {
		for (size_t i = 0; i < identity->grant_counts[action]; i++)
			access_pattern_finish(&identity->grants[action][i]);
		free(identity->grants[action]);
	}
	free(identity->groups);
	free(identity->claims);
	buf_finish(&identity->texts);
	free(identity);
}

const struct identity *identity_nobody(void)
{
	static const struct identity nobody = {.user = SLICE_INIT("")};

	return &nobody;
}

bool identity_name_is_label(struct slice name)
{
	enum { LABEL_LEN = 16 };

	for (size_t i = 0; i < name.len; i++) {
		if (strchr("0123456789abcdef", name.data[i]) == NULL ||
			name.data[i] == '\0')
			return false;
	}
	return name.len == LABEL_LEN;
}

bool identity_has_group(const struct identity *identity, struct slice group)
{
	for (size_t i = 0; i < identity->group_count; i++) {
		if (slice_equal(identity->groups[i], group))
			return true;
	}
	return false;
}

/* Also one that is known to be missing. NULL: nobody has asked for it. */
static const struct claim *identity_find_claim(
	const struct identity *identity, struct slice name)
{
	for (size_t i = 0; i < identity->claim_count; i++) {
		if (slice_equal(identity->claims[i].name, name))
			return &identity->claims[i];
	}
	return NULL;
}

const struct slice *identity_claim(const struct identity *identity, struct slice name)
{
	const struct claim *claim = identity_find_claim(identity, name);

	return claim == NULL || claim->value.data == NULL ? NULL : &claim->value;
}

bool identity_claim_is_unknown(const struct identity *identity, struct slice name)
{
	return identity->may_have_more && identity_find_claim(identity, name) == NULL;
}
