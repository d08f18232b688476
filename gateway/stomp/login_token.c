#include "gateway/stomp/login_token.h"

#include "gateway/config/config.h"
#include "gateway/identity/token_identity.h"
#include "gateway/worker/metrics.h"
#include "protocol/stomp.h"

#include <stdio.h>
#include <time.h>

/* Where a token stands in a frame. */

/* "eyJ" begins every object in base64url, and a token has two points. */
static bool login_looks_like_token(struct slice text)
{
	const struct slice rest = slice_from(text, slice_find(text, '.') + 1);

	return slice_starts_with(text, SLICE("eyJ")) && rest.len > 0 &&
	       slice_find(rest, '.') < rest.len;
}

static struct slice login_without_scheme(struct slice value)
{
	const struct slice scheme = SLICE("Bearer ");

	return slice_equal_nocase(slice_first(value, scheme.len), scheme)
		       ? slice_trim(slice_from(value, scheme.len), SLICE_BLANKS)
		       : value;
}

bool login_token_of_frame(const struct config *config, const struct stomp_frame *frame,
	struct slice *token)
{
	const struct strings *names = &config->login.token_headers;

	for (size_t i = 0; i < names->count && config->token_count > 0; i++) {
		const bool is_passcode =
			slice_equal_nocase(names->items[i], SLICE("passcode"));

		for (size_t j = 0; j < frame->header_count; j++) {
			const struct stomp_header *header = &frame->headers[j];

			if (!slice_equal_nocase(header->name, names->items[i]))
				continue;
			if (!is_passcode || login_looks_like_token(header->value)) {
				*token = login_without_scheme(header->value);
				return true;
			}
			break; /* the first of two equal headers counts */
		}
	}
	return false;
}

/* Verifying. */

static const struct token_issuer *login_find_issuer(
	const struct config *config, struct slice name)
{
	for (size_t i = 0; i < config->token_count; i++) {
		if (slice_equal(config->tokens[i].issuer, name))
			return &config->tokens[i];
	}
	return NULL;
}

/* Names only an issuer of the configuration: the rest is the peer's own words. */
static void login_refuse_token(struct login_verdict *verdict,
	const struct token_issuer *issuer, enum token_fault fault)
{
	verdict->kind = fault == TOKEN_EXPIRED ? REFUSAL_TOKEN_EXPIRED : REFUSAL_TOKEN;
	if (issuer == NULL)
		snprintf(verdict->reason, sizeof(verdict->reason), "the token %s",
			token_fault_text(fault));
	else
		snprintf(verdict->reason, sizeof(verdict->reason),
			"the token of \"%.*s\" %s",
			(int)slice_first(issuer->issuer, 80).len, issuer->issuer.data,
			token_fault_text(fault));
}

/* From any thread: reads the configuration and the clock only. */
static void login_verify_token(const struct config *config, const struct token *token,
	struct login_verdict *verdict)
{
	const struct token_issuer *issuer = login_find_issuer(config, token->issuer);
	enum token_fault fault = TOKEN_UNKNOWN_ISSUER;

	if (issuer != NULL) {
		const struct token_rules rules = {
			.issuer = issuer->issuer,
			.audiences = issuer->audience.items,
			.audience_count = issuer->audience.count,
			.algorithms = issuer->algorithms.items,
			.algorithm_count = issuer->algorithms.count,
			.user = issuer->user,
			.keys = issuer->keys,
		};
		const struct token_keeping keeping = {
			.groups = issuer->groups,
			.permissions = issuer->permissions,
			.claims = config->claims.items,
			.claim_count = config->claims.count,
			.bytes_max = config->limits.identity,
			.separator = config->access.separator,
		};

		fault = token_verify(token, &rules, (int64_t)time(NULL),
			(int64_t)config->times.leeway / 1000);
		if (fault == TOKEN_GOOD && config->login.anonymous &&
			identity_name_is_label(token_user(token, rules.user)))
			fault = TOKEN_NO_USER;
		if (fault == TOKEN_GOOD)
			verdict->identity =
				token_make_identity(token, &rules, &keeping, &fault);
	}
	if (verdict->identity == NULL)
		login_refuse_token(verdict, issuer, fault);
}

void login_token_verify(
	const struct config *config, struct slice text, struct login_verdict *verdict)
{
	struct token token;
	const enum token_fault fault = token_read(&token, text);

	if (fault != TOKEN_GOOD) {
		login_refuse_token(verdict, NULL, fault);
		return;
	}
	login_verify_token(config, &token, verdict);
	token_finish(&token);
}

bool login_token_decide(
	struct worker *worker, struct slice text, struct login_verdict *verdict)
{
	struct token token;

	*verdict = (struct login_verdict){.source = LOGIN_BY_TOKEN};
	if (text.len > worker->config->limits.token) {
		metrics_refuse(worker->metrics, BOUND_TOKEN);
		login_refuse_token(verdict, NULL, TOKEN_TOO_LARGE);
		return true;
	}
	const enum token_fault fault = token_read(&token, text);
	if (fault != TOKEN_GOOD) {
		login_refuse_token(verdict, NULL, fault);
		return true;
	}
	const bool is_slow = algorithm_is_slow(token.algorithm);
	if (!is_slow)
		login_verify_token(worker->config, &token, verdict);
	token_finish(&token);
	return !is_slow;
}
