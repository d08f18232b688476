/* Reads the keys of the issuers of tokens, and compiles the rules. */
#include "gateway/config/config_check_internal.h"

#include "gateway/identity/token.h"
#include "gateway/identity/token_keys.h"
#include "protocol/xmalloc.h"

#include <errno.h>
#include <stdlib.h>

/* Issuers. */

static void config_read_token_keys(struct token_issuer *issuer,
	const struct config_path *item, const struct config_source *source)
{
	const struct config_path path = {item, "keys", 0};
	struct buf text = {0}, why = {0};

	if (slice_starts_with(issuer->keys_file, SLICE("http:")) ||
		slice_starts_with(issuer->keys_file, SLICE("https:")))
		config_mistake(source, &path,
			"is a URL: fetch the keys into a file, and send SIGHUP when "
			"they change");
	else if (!config_read_beside(source, issuer->keys_file, &text))
		config_mistake(source, &path, "%.*s: %s", SLICE_ARGS(issuer->keys_file),
			strerror(errno));
	else if (!token_keys_add_text(issuer->keys, buf_slice(&text), &why))
		config_mistake(source, &path, "%.*s: %.*s",
			SLICE_ARGS(issuer->keys_file), SLICE_ARGS(buf_slice(&why)));
	buf_finish(&text);
	buf_finish(&why);
}

static void config_read_token_secrets(struct token_issuer *issuer,
	const struct config_path *item, const struct config_source *source)
{
	const struct config_path path = {item, "secrets", 0};
	struct buf why = {0};

	for (size_t i = 0; i < issuer->secrets.count; i++) {
		const struct config_path secret = {&path, NULL, i};

		buf_clear(&why);
		if (!token_keys_add_secret(
			    issuer->keys, issuer->secrets.items[i], &why))
			config_mistake(
				source, &secret, "%.*s", SLICE_ARGS(buf_slice(&why)));
	}
	buf_finish(&why);
}

/* A key of the issuer's own service, but not for us, would let any client in. */
static void config_check_audience(const struct token_issuer *issuer,
	const struct config_path *item, const struct config_source *source)
{
	if (issuer->keys_file.len > 0 && issuer->audience.count == 0)
		config_mistake(source, item,
			"needs audience: else the issuer's tokens for any other "
			"service log in here");
}

static void config_check_issuer(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path list = {NULL, "tokens", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path name = {&item, "issuer", 0};
	struct token_issuer *issuer = &config->tokens[index];

	for (size_t i = 0; i < index && issuer->issuer.len > 0; i++) {
		if (slice_equal(config->tokens[i].issuer, issuer->issuer))
			config_mistake(source, &name, "\"%.*s\" stands twice",
				SLICE_ARGS(issuer->issuer));
	}
	issuer->keys = token_keys_create();
	if (issuer->keys_file.len > 0)
		config_read_token_keys(issuer, &item, source);
	config_read_token_secrets(issuer, &item, source);
	config_check_audience(issuer, &item, source);
	if (issuer->keys_file.len == 0 && issuer->secrets.count == 0)
		config_mistake(source, &item,
			"needs keys or secrets: else no token can be verified");
}

/* Rules. */

/* The actions of the words, as bits of enum access_action. */
static unsigned config_read_actions(const struct strings *words)
{
	unsigned bits = 0;

	for (size_t i = 0; i < words->count; i++) {
		if (slice_equal(words->items[i], SLICE("subscribe")))
			bits |= 1u << ACCESS_SUBSCRIBE;
		if (slice_equal(words->items[i], SLICE("send")))
			bits |= 1u << ACCESS_SEND;
	}
	return bits;
}

void config_keep_claim(struct config *config, struct slice claim)
{
	struct strings *claims = &config->claims;

	for (size_t i = 0; i < claims->count; i++) {
		if (slice_equal(claims->items[i], claim))
			return;
	}
	claims->items =
		xrealloc(claims->items, (claims->count + 1) * sizeof(*claims->items));
	claims->items[claims->count++] = claim;
}

/* Adds the claims that the rule's pattern names. */
static void config_add_claims(
	struct config *config, const struct access_pattern *pattern)
{
	for (size_t i = 0; i < pattern->count; i++) {
		const struct slice claim = access_pattern_claim(pattern, i);

		if (claim.len > 0)
			config_keep_claim(config, claim);
	}
}

/*
 * Routes have '/' between their segments, whatever the separator is. Rules about them
 * must cut alike: else a denying "/app/x/" and "*" would let "/app/x/a.b" pass.
 */
static char config_rule_separator(const struct config *config, struct slice match)
{
	return config_check_is_below_any(match, config->app_prefixes)
		       ? '/'
		       : config->access.separator;
}

static void config_check_rule(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path list = {NULL, "rules", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path match = {&item, "match", 0};
	const struct rule *rule = &config->rules[index];
	struct access_rule *access = &config->access.items[index];
	struct buf mistake = {0};

	*access = (struct access_rule){
		.groups = rule->groups.items,
		.group_count = rule->groups.count,
		.users = rule->users.items,
		.user_count = rule->users.count,
		.needs_login = rule->login,
		.allows = config_read_actions(&rule->allow),
		.denies = config_read_actions(&rule->deny),
	};
	if (rule->match.len > 0 &&
		!access_pattern_init(&access->pattern, rule->match,
			config_rule_separator(config, rule->match), &mistake))
		config_mistake(source, &match, "%.*s", SLICE_ARGS(buf_slice(&mistake)));
	config_add_claims(config, &access->pattern);
	if (access->allows == 0 && access->denies == 0 && rule->allow.count == 0 &&
		rule->deny.count == 0)
		config_mistake(source, &item, "needs allow or deny");
	if ((access->allows & access->denies) != 0)
		config_mistake(source, &item, "allows and denies the same");
	buf_finish(&mistake);
}

/* As Spring's and RabbitMQ's clients send them. */
static void config_default_token_headers(struct config *config)
{
	static const struct slice headers[] = {
		SLICE_INIT("Authorization"), SLICE_INIT("passcode")};
	const json_t *login = json_object_get(config->json, "login");
	struct strings *names = &config->login.token_headers;

	if (json_object_get(login, "token_headers") != NULL)
		return;
	names->count = sizeof(headers) / sizeof(*headers);
	names->items = xcalloc(names->count, sizeof(*names->items));
	memcpy(names->items, headers, sizeof(headers));
}

/* More than the largest private networks, 10.0.0.0/8 and fc00::/7, have. */
static bool config_network_is_wide(const struct network *network)
{
	enum { V4_BITS = ADDRESS_V4_AT * 8, V4_LEAST = 8, V6_LEAST = 7 };

	return network->bits < V6_LEAST ||
	       (address_is_v4(&network->base) && network->bits < V4_BITS + V4_LEAST);
}

/* Whoever connects from a trusted network may log in as anybody. */
static void config_check_trusted(
	const struct config *config, const struct config_source *source)
{
	const struct config_path list = {NULL, "trusted_proxies", 0};
	struct network network;

	for (size_t i = 0; i < config->trusted_proxies.count; i++) {
		const struct config_path item = {&list, NULL, i};

		if (network_parse(config->trusted_proxies.items[i], &network) &&
			config_network_is_wide(&network))
			config_mistake(source, &item,
				"is too wide for login.user_header: any client in it "
				"could log in as anybody; write the addresses of the "
				"proxies");
	}
}

/* A header that nobody is believed would log nobody in. */
static void config_check_user_header(
	const struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "login", 0};
	const struct config_path user = {&object, "user_header", 0};
	const struct config_path groups = {&object, "groups_header", 0};

	if (config->login.user_header.len > 0)
		config_check_trusted(config, source);
	if (config->login.user_header.len > 0 &&
		slice_equal_nocase(
			config->login.user_header, config->login.groups_header))
		config_mistake(source, &groups,
			"is login.user_header too: a user would be in the group of "
			"that name");

	if (config->login.user_header.len > 0 && config->trusted_proxies.count == 0)
		config_mistake(source, &user,
			"needs trusted_proxies: only their headers count");
	if (config->login.groups_header.len > 0 && config->login.user_header.len == 0)
		config_mistake(source, &groups, "needs login.user_header");
}

/* A name as tokens may have it. */
static void config_check_name(struct slice name, const struct config_path *path,
	const struct config_source *source)
{
	if (name.len > 0 && !token_name_is_good(name))
		config_mistake(source, path,
			"must be UTF-8 of at most 255 bytes, without control "
			"characters");
}

/* The identity of the listener for plain STOMP. */
static void config_check_tcp_user(
	const struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "tcp", 0};
	const struct config_path user = {&object, "user", 0};
	const struct config_path groups = {&object, "groups", 0};

	config_check_name(config->tcp_user, &user, source);
	if (identity_name_is_label(config->tcp_user))
		config_mistake(source, &user,
			"is like the name of a session, whose messages it could read");
	for (size_t i = 0; i < config->tcp_groups.count; i++) {
		const struct config_path group = {&groups, NULL, i};

		config_check_name(config->tcp_groups.items[i], &group, source);
	}
	if (config->tcp_groups.count > 0 && config->tcp_user.len == 0 &&
		!config_is_mistaken(source, "tcp.user"))
		config_mistake(source, &groups, "needs tcp.user");
}

void config_check_identity(struct config *config, const struct config_source *source)
{
	config_check_tcp_user(config, source);
	config_default_token_headers(config);
	config_check_user_header(config, source);
	for (size_t i = 0; i < config->token_count; i++)
		config_check_issuer(config, i, source);
	config->access = (struct access_rules){
		.items = xcalloc(config->rule_count + 1, sizeof(struct access_rule)),
		.count = config->rule_count,
		.separator = config->separator.data[0],
	};
	for (size_t i = 0; i < config->rule_count; i++)
		config_check_rule(config, i, source);
}

void config_finish_identity(struct config *config)
{
	for (size_t i = 0; i < config->token_count; i++) {
		token_keys_destroy(config->tokens[i].keys);
		free(config->tokens[i].audience.items);
		free(config->tokens[i].secrets.items);
		free(config->tokens[i].algorithms.items);
	}
	for (size_t i = 0; i < config->rule_count; i++) {
		if (config->access.items != NULL)
			access_pattern_finish(&config->access.items[i].pattern);
		free(config->rules[i].groups.items);
		free(config->rules[i].users.items);
		free(config->rules[i].allow.items);
		free(config->rules[i].deny.items);
	}
	free(config->access.items);
	free(config->claims.items);
	free(config->tokens);
	free(config->rules);
	free(config->login.token_headers.items);
	free(config->tcp_groups.items);
}
