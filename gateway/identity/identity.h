/*
 * Who somebody is: the name, groups and claims that a login has proved, what a token
 * grants beside the rules, and until when. It never changes after it is made; a
 * refreshed token makes another one. It never leaves its worker, so references are
 * counted without atomics.
 */
#ifndef GATEWAY_IDENTITY_IDENTITY_H
#define GATEWAY_IDENTITY_IDENTITY_H

#include "gateway/identity/access_pattern.h"
#include "gateway/identity/login_source.h"
#include "gateway/route/claim.h"

#include <stdint.h>

enum access_action {
	ACCESS_SUBSCRIBE,
	ACCESS_SEND,
	ACCESS_ACTIONS,
};

struct identity {
	unsigned references;
	enum login_source source;
	struct slice user; /* empty: nobody, who has shown nothing */
	struct slice *groups;
	size_t group_count;
	struct claim *claims; /* only those that rules, routes or presence name */
	size_t claim_count;
	bool may_have_more; /* claims: rules may name others since the login */
	struct access_pattern *grants[ACCESS_ACTIONS];
	size_t grant_counts[ACCESS_ACTIONS];
	int64_t expires_at; /* seconds since 1970; 0: never */
	struct buf texts;   /* the bytes of all slices */
};

/* What identity_create() copies. All is borrowed. */
struct identity_facts {
	enum login_source source;
	struct slice user;
	const struct slice *groups;
	size_t group_count;
	const struct claim *claims; /* value.data is NULL: it is known to be missing */
	size_t claim_count;
	bool may_have_more;
	const struct slice *grants[ACCESS_ACTIONS]; /* patterns without variables */
	size_t grant_counts[ACCESS_ACTIONS];
	int64_t expires_at;
};

/*
 * Copies the facts; the caller holds the first reference. NULL, with the mistake
 * appended to *mistake, when a grant is no pattern.
 */
struct identity *identity_create(
	const struct identity_facts *facts, char separator, struct buf *mistake);

/* Returns the identity with one more reference. NULL stays NULL. */
struct identity *identity_ref(struct identity *identity);
void identity_unref(struct identity *identity); /* NULL is fine */

/* His name; empty for NULL. Lives as long as the identity. */
static inline struct slice identity_user(const struct identity *identity)
{
	return identity == NULL ? SLICE("") : identity->user;
}

/* Nobody: without a name, groups and claims. Static; it is not counted. */
const struct identity *identity_nobody(void);

/*
 * True for a name like a session's: 16 digits, in lower-case hexadecimal. A session
 * without a login has /user/LABEL/... for its own; a user of that name would get it.
 */
bool identity_name_is_label(struct slice name);

/* Whether he is in that group, by its exact bytes. */
bool identity_has_group(const struct identity *identity, struct slice group);

/* The value of a claim; NULL when it has none of that name. */
const struct slice *identity_claim(const struct identity *identity, struct slice name);

/*
 * True when nobody knows whether the login has that claim: its token was read when no
 * rule named it. The next token tells.
 */
bool identity_claim_is_unknown(const struct identity *identity, struct slice name);

#endif
