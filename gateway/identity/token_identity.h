/* From a token to an identity: the one place that says what is kept of a token. */
#ifndef GATEWAY_IDENTITY_TOKEN_IDENTITY_H
#define GATEWAY_IDENTITY_TOKEN_IDENTITY_H

#include "gateway/identity/identity.h"
#include "gateway/identity/token.h"

/* What is kept, and how much. All is borrowed. */
struct token_keeping {
	struct slice groups, permissions; /* names of claims; empty: none */
	const struct slice *claims;       /* names; others are not kept */
	size_t claim_count;
	size_t bytes_max; /* of user, groups, claims and grants together */
	char separator;   /* of patterns */
};

/*
 * The identity of a verified token; the caller holds it. NULL, with *fault, when its
 * groups or permissions cannot be used, or are too many.
 */
struct identity *token_make_identity(const struct token *token,
	const struct token_rules *rules, const struct token_keeping *keeping,
	enum token_fault *fault);

#endif
