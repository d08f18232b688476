#include "gateway/identity/token.h"

#include "protocol/base64.h"
#include "protocol/utf8.h"

#include <jansson.h>
#include <math.h>

const char *token_fault_text(enum token_fault fault)
{
	static const char *const texts[] = {
		[TOKEN_GOOD] = "is good",
		[TOKEN_MALFORMED] = "is malformed",
		[TOKEN_UNKNOWN_ISSUER] = "is of an issuer that `tokens` does not name",
		[TOKEN_ALGORITHM] = "has an algorithm that is not allowed",
		[TOKEN_TYPE] = "was not made to log in: see its typ, and events",
		[TOKEN_UNKNOWN_KEY] = "is signed with a key that is not known",
		[TOKEN_SIGNATURE] = "has a wrong signature",
		[TOKEN_AUDIENCE] = "is for another audience",
		[TOKEN_NO_EXPIRY] = "has no exp",
		[TOKEN_EXPIRED] = "has expired",
		[TOKEN_NOT_YET] = "is not valid yet",
		[TOKEN_NO_USER] = "has no user, or one that is no good name",
		[TOKEN_BAD_GROUPS] = "has groups that are no good names",
		[TOKEN_BAD_GRANTS] = "has permissions that are no patterns",
		[TOKEN_TOO_LARGE] = "is above limits.token, or limits.identity",
	};

	return texts[fault];
}

static struct slice json_slice(const json_t *value)
{
	return json_is_string(value) ? (struct slice){json_string_value(value),
					       json_string_length(value)}
				     : (struct slice){"", 0};
}

/* Reading. */

/* An object in base64url; NULL when it is none. */
static json_t *token_read_part(struct slice text)
{
	struct buf bytes = {0};
	json_t *json = NULL;

	if (base64url_decode(text, &bytes))
		json = json_loadb(buf_slice(&bytes).data, bytes.len,
			JSON_REJECT_DUPLICATES, NULL);
	buf_finish(&bytes);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

/*
 * Issuers sign other statements about a user by the same key, such as that he has
 * logged out (RFC 8725, 3.11; RFC 8417, 2.2).
 */
static bool token_is_login(const struct token *token)
{
	static const struct slice types[] = {SLICE_INIT("JWT"), SLICE_INIT("at+jwt"),
		SLICE_INIT("application/jwt"), SLICE_INIT("application/at+jwt")};
	const json_t *type = json_object_get(token->header, "typ");

	if (json_is_object(json_object_get(token->claims, "events")))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (slice_equal_nocase(json_slice(type), types[i]))
			return true;
	}
	return type == NULL;
}

/* Reads what the header says. Extensions that must be understood are not. */
static enum token_fault token_read_header(struct token *token)
{
	const json_t *id = json_object_get(token->header, "kid");

	if (id != NULL && !json_is_string(id))
		return TOKEN_MALFORMED;
	if (!token_is_login(token))
		return TOKEN_TYPE;
	token->key_id = json_slice(id);
	token->algorithm =
		algorithm_find(json_slice(json_object_get(token->header, "alg")));
	return token->algorithm == NULL ||
			       json_object_get(token->header, "crit") != NULL
		       ? TOKEN_ALGORITHM
		       : TOKEN_GOOD;
}

enum token_fault token_read(struct token *token, struct slice text)
{
	const struct slice header = slice_first(text, slice_find(text, '.'));
	const struct slice rest = slice_from(text, header.len + 1);
	const struct slice claims = slice_first(rest, slice_find(rest, '.'));
	enum token_fault fault = TOKEN_MALFORMED;

	*token = (struct token){
		.signed_text = slice_first(text, header.len + 1 + claims.len),
		.header = token_read_part(header),
		.claims = token_read_part(claims),
	};
	if (claims.len < rest.len && token->header != NULL && token->claims != NULL &&
		base64url_decode(slice_from(rest, claims.len + 1), &token->signature))
		fault = token_read_header(token);
	if (fault != TOKEN_GOOD) {
		token_finish(token);
		return fault;
	}
	token->issuer = json_slice(json_object_get(token->claims, "iss"));
	return TOKEN_GOOD;
}

void token_finish(struct token *token)
{
	buf_finish(&token->signature);
	json_decref(token->header);
	json_decref(token->claims);
}

/* Verifying. */

static bool token_is_named(const struct slice *names, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(names[i], name))
			return true;
	}
	return false;
}

static bool token_has_audience(
	const struct token *token, const struct token_rules *rules)
{
	const json_t *claim = json_object_get(token->claims, "aud");

	if (rules->audience_count == 0)
		return true;
	if (json_is_string(claim))
		return token_is_named(
			rules->audiences, rules->audience_count, json_slice(claim));
	for (size_t i = 0; i < json_array_size(claim); i++) {
		const json_t *one = json_array_get(claim, i);

		if (json_is_string(one) &&
			token_is_named(rules->audiences, rules->audience_count,
				json_slice(one)))
			return true;
	}
	return false;
}

/* A time in seconds that fits 53 bits, as JSON's numbers do. */
static bool token_time(const struct token *token, const char *name, int64_t *seconds)
{
	const json_t *value = json_object_get(token->claims, name);
	const double number = json_number_value(value);

	if (!json_is_number(value) || !(fabs(number) < 9007199254740992.0))
		return false;
	*seconds = (int64_t)floor(number);
	return true;
}

static enum token_fault token_check_claims(const struct token *token,
	const struct token_rules *rules, int64_t now, int64_t leeway)
{
	int64_t expiry, begin;

	if (!slice_equal(token->issuer, rules->issuer))
		return TOKEN_UNKNOWN_ISSUER;
	if (!token_has_audience(token, rules))
		return TOKEN_AUDIENCE;
	if (!token_time(token, "exp", &expiry))
		return TOKEN_NO_EXPIRY;
	if (expiry + leeway <= now)
		return TOKEN_EXPIRED;
	if (json_object_get(token->claims, "nbf") != NULL &&
		(!token_time(token, "nbf", &begin) || begin - leeway > now))
		return TOKEN_NOT_YET;
	return token_user(token, rules->user).len > 0 ? TOKEN_GOOD : TOKEN_NO_USER;
}

enum token_fault token_verify(const struct token *token,
	const struct token_rules *rules, int64_t now, int64_t leeway)
{
	if (rules->algorithm_count > 0 &&
		!token_is_named(rules->algorithms, rules->algorithm_count,
			slice_of(token->algorithm->name)))
		return TOKEN_ALGORITHM;
	switch (token_keys_verify(rules->keys, token->algorithm, token->key_id,
		token->signed_text, buf_slice(&token->signature))) {
	case TOKEN_KEY_UNKNOWN:
		return TOKEN_UNKNOWN_KEY;
	case TOKEN_KEY_MISMATCHES:
		return TOKEN_SIGNATURE;
	case TOKEN_KEY_GOOD:
		break;
	}
	return token_check_claims(token, rules, now, leeway);
}

/* Claims. */

static const json_t *json_member(const json_t *object, struct slice name)
{
	const char *key;
	json_t *value;

	/* The object is only read. */
	json_object_foreach((json_t *)object, key, value)
	{
		if (slice_equal(slice_of(key), name))
			return value;
	}
	return NULL;
}

static const json_t *token_find_claim(const struct token *token, struct slice name)
{
	const json_t *value = json_member(token->claims, name);
	const json_t *object = token->claims;

	while (value == NULL && name.len > 0) {
		const size_t dot = slice_find(name, '.');
		const json_t *inner = json_member(object, slice_first(name, dot));

		if (dot >= name.len)
			return inner;
		if (!json_is_object(inner))
			return NULL;
		object = inner;
		name = slice_from(name, dot + 1);
	}
	return value;
}

int64_t token_expiry(const struct token *token)
{
	int64_t seconds = 0;

	token_time(token, "exp", &seconds);
	return seconds;
}

bool token_name_is_good(struct slice name)
{
	uint32_t code;

	if (name.len == 0 || name.len > TOKEN_NAME_MAX || !utf8_is_valid(name))
		return false;
	for (size_t len; name.len > 0; name = slice_from(name, len)) {
		len = utf8_decode(name, &code);
		if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			return false;
	}
	return true;
}

struct slice token_user(const struct token *token, struct slice name)
{
	const struct slice user = json_slice(token_find_claim(token, name));

	return token_name_is_good(user) ? user : SLICE("");
}

/* The words of a text, as in the claim "scope" (RFC 8693, 4.2). */
static void token_each_word(struct slice rest,
	void (*visit)(struct slice text, void *context), void *context)
{
	while (rest.len > 0) {
		const struct slice word = slice_first(rest, slice_find(rest, ' '));

		if (word.len > 0)
			visit(word, context);
		rest = slice_from(rest, word.len + 1);
	}
}

bool token_each_text(const struct token *token, struct slice name, const char *member,
	void (*visit)(struct slice text, void *context), void *context)
{
	const json_t *value = token_find_claim(token, name);

	if (member != NULL) {
		if (value != NULL && !json_is_object(value))
			return false;
		value = json_object_get(value, member);
	}
	if (json_is_string(value)) {
		token_each_word(json_slice(value), visit, context);
		return true;
	}
	if (value != NULL && !json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *text = json_array_get(value, i);

		if (!json_is_string(text))
			return false;
		visit(json_slice(text), context);
	}
	return true;
}

bool token_claim(const struct token *token, struct slice name, struct buf *out)
{
	const json_t *value = token_find_claim(token, name);

	if (json_is_string(value))
		buf_append(out, json_slice(value));
	else if (json_is_integer(value))
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		buf_append(out, json_is_true(value) ? SLICE("true") : SLICE("false"));
	else
		return false;
	return true;
}
