/*
 * JSON Web Tokens (RFC 7519) in the compact form of JWS. A token is read, then verified
 * by the rules of its issuer. Before that, nothing that it says is believed; its "iss"
 * only chooses the rules. Headers that lead to keys (jku, jwk, x5u, x5c) are ignored.
 */
#ifndef GATEWAY_IDENTITY_TOKEN_H
#define GATEWAY_IDENTITY_TOKEN_H

#include "gateway/identity/token_keys.h"

struct json_t;

enum { TOKEN_NAME_MAX = 255 /* bytes of a user, or of a group */ };

/* What a log line says; a client gets one of two texts (token_fault_is_expiry()). */
enum token_fault {
	TOKEN_GOOD,
	TOKEN_MALFORMED,
	TOKEN_UNKNOWN_ISSUER,
	TOKEN_ALGORITHM,
	TOKEN_TYPE,
	TOKEN_UNKNOWN_KEY,
	TOKEN_SIGNATURE,
	TOKEN_AUDIENCE,
	TOKEN_NO_EXPIRY,
	TOKEN_EXPIRED,
	TOKEN_NOT_YET,
	TOKEN_NO_USER,
	TOKEN_BAD_GROUPS,
	TOKEN_BAD_GRANTS,
	TOKEN_TOO_LARGE,
};

/* A sentence without a part of the token: "is for another audience". Static. */
const char *token_fault_text(enum token_fault fault);

/* A token as it was read. All slices point into it, or into the text that was read. */
struct token {
	const struct algorithm *algorithm;
	struct slice key_id; /* empty: none */
	struct slice issuer; /* as it says; empty: none */
	struct slice signed_text;
	struct buf signature;
	struct json_t *header, *claims;
};

/*
 * Reads the text, which must live as long as the token. After anything but TOKEN_GOOD
 * (TOKEN_MALFORMED, TOKEN_ALGORITHM, TOKEN_TYPE) there is nothing to finish.
 */
enum token_fault token_read(struct token *token, struct slice text);
void token_finish(struct token *token); /* after TOKEN_GOOD only */

/* What the tokens of one issuer must be. */
struct token_rules {
	struct slice issuer; /* exactly */
	const struct slice *audiences;
	size_t audience_count; /* one of them must be named; 0: no audience is asked */
	const struct slice *algorithms;
	size_t algorithm_count;    /* 0: whatever the keys allow */
	struct slice user, groups; /* the names of claims, for token_user() and so on */
	const struct token_keys *keys;
};

/*
 * Verifies signature and claims at `now`, in seconds since 1970. `leeway`, in seconds,
 * is how far clocks may differ. May take 0.8 ms (algorithm_is_slow()). From any thread.
 */
enum token_fault token_verify(const struct token *token,
	const struct token_rules *rules, int64_t now, int64_t leeway);

/*
 * The verified claims. A name with dots leads into objects ("realm_access.roles"),
 * unless a claim has that whole name. All slices live as long as the token.
 */

/* "exp", in seconds since 1970. */
int64_t token_expiry(const struct token *token);

/* The user's name; empty when the claim is missing or no good name. */
struct slice token_user(const struct token *token, struct slice name);

/*
 * Calls `visit` for each text of a claim, or of a member of it (NULL: of the claim
 * itself): of a list of texts, or the words of a text. False when that is something
 * else. What is missing has no texts.
 */
bool token_each_text(const struct token *token, struct slice name, const char *member,
	void (*visit)(struct slice text, void *context), void *context);

/*
 * Appends a claim that is a text, a whole number or a boolean, as text. False when it
 * is missing or something else.
 */
bool token_claim(const struct token *token, struct slice name, struct buf *out);

/*
 * True for a name that may be a user's or a group's: 1 to TOKEN_NAME_MAX bytes of
 * UTF-8 without control characters.
 */
bool token_name_is_good(struct slice name);

#endif
