#include "gateway/identity/token_identity.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Texts of the token, which live as long as it does. */
struct token_texts {
	struct slice *items;
	size_t count, bytes;
	bool has_bad_name;
};

/* What an item takes beside its bytes, so that many empty ones count too. */
enum { ITEM_BYTES = 32 };

static void token_texts_add(struct slice text, void *context)
{
	struct token_texts *texts = context;

	texts->items =
		xrealloc(texts->items, (texts->count + 1) * sizeof(*texts->items));
	texts->items[texts->count++] = text;
	texts->bytes += text.len + ITEM_BYTES;
	texts->has_bad_name = texts->has_bad_name || !token_name_is_good(text);
}

struct gathering {
	struct token_texts groups, grants[ACCESS_ACTIONS];
	struct claim *claims;
	size_t claim_count, present;
	struct buf values; /* of the claims */
};

static void gathering_finish(struct gathering *gathering)
{
	free(gathering->groups.items);
	for (unsigned action = 0; action < ACCESS_ACTIONS; action++)
		free(gathering->grants[action].items);
	free(gathering->claims);
	buf_finish(&gathering->values);
}

static void gathering_take_claims(struct gathering *gathering,
	const struct token *token, const struct token_keeping *keeping)
{
	size_t at = 0;

	gathering->claim_count = keeping->claim_count;
	gathering->claims = xcalloc(keeping->claim_count + 1, sizeof(struct claim));
	for (size_t i = 0; i < keeping->claim_count; i++) {
		struct claim *claim = &gathering->claims[i];
		const size_t start = gathering->values.len;

		claim->name = keeping->claims[i];
		/* Its place is set when the buffer moves no more. NULL: missing. */
		if (!token_claim(token, claim->name, &gathering->values))
			continue;
		gathering->present++;
		claim->value = (struct slice){"", gathering->values.len - start};
	}
	for (size_t i = 0; i < gathering->claim_count; i++) {
		struct slice *value = &gathering->claims[i].value;

		if (value->len > 0)
			value->data = gathering->values.data + at;
		at += value->len;
	}
}

static enum token_fault gathering_take(struct gathering *gathering,
	const struct token *token, const struct token_keeping *keeping)
{
	static const char *const members[ACCESS_ACTIONS] = {
		[ACCESS_SUBSCRIBE] = "subscribe", [ACCESS_SEND] = "send"};

	if (!token_each_text(token, keeping->groups, NULL, token_texts_add,
		    &gathering->groups) ||
		gathering->groups.has_bad_name)
		return TOKEN_BAD_GROUPS;
	for (unsigned action = 0; action < ACCESS_ACTIONS; action++) {
		if (keeping->permissions.len > 0 &&
			!token_each_text(token, keeping->permissions, members[action],
				token_texts_add, &gathering->grants[action]))
			return TOKEN_BAD_GRANTS;
	}
	gathering_take_claims(gathering, token, keeping);
	return gathering->groups.bytes + gathering->values.len +
				       gathering->present * ITEM_BYTES +
				       gathering->grants[ACCESS_SUBSCRIBE].bytes +
				       gathering->grants[ACCESS_SEND].bytes >
			       keeping->bytes_max
		       ? TOKEN_TOO_LARGE
		       : TOKEN_GOOD;
}

static struct identity *gathering_make_identity(const struct gathering *gathering,
	const struct token *token, const struct token_rules *rules, char separator)
{
	struct identity_facts facts = {
		.source = LOGIN_BY_TOKEN,
		.user = token_user(token, rules->user),
		.groups = gathering->groups.items,
		.group_count = gathering->groups.count,
		.claims = gathering->claims,
		.claim_count = gathering->claim_count,
		.may_have_more = true,
		.expires_at = token_expiry(token),
	};
	struct buf mistake = {0};

	for (unsigned action = 0; action < ACCESS_ACTIONS; action++) {
		facts.grants[action] = gathering->grants[action].items;
		facts.grant_counts[action] = gathering->grants[action].count;
	}
	struct identity *identity = identity_create(&facts, separator, &mistake);
	buf_finish(&mistake);
	return identity;
}

struct identity *token_make_identity(const struct token *token,
	const struct token_rules *rules, const struct token_keeping *keeping,
	enum token_fault *fault)
{
	struct gathering gathering = {.claim_count = 0};
	struct identity *identity = NULL;

	*fault = gathering_take(&gathering, token, keeping);
	if (*fault == TOKEN_GOOD) {
		identity = gathering_make_identity(
			&gathering, token, rules, keeping->separator);
		if (identity == NULL)
			*fault = TOKEN_BAD_GRANTS;
	}
	gathering_finish(&gathering);
	return identity;
}
