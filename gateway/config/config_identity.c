/* The keys of "login", "tokens" and "rules". */
#include "gateway/config/config_identity.h"

#include "gateway/config/config.h"
#include "gateway/config/config_values.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

#define TEXT(field, standard, meaning)                                                 \
	.means = (meaning), .kind = CONFIG_TEXT, .offset = (field), .text = (standard)

#define RATE_NUMBER(field)                                                             \
	.kind = CONFIG_NUMBER, .offset = offsetof(struct rule, rate.field)

#define TEXTS(type, field, meaning)                                                    \
	.means = (meaning), .kind = CONFIG_TEXTS,                                      \
	.offset = offsetof(type, field.items), .count = offsetof(type, field.count),   \
	.single = true

static const char *const actions[] = {"subscribe", "send", NULL};
static const char *const algorithms[] = {"HS256", "HS384", "HS512", "RS256", "RS384",
	"RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", NULL};

static const struct config_key login[] = {
	{
		.name = "token_headers",
		TEXTS(struct config, login.token_headers,
			"the headers of CONNECT that may hold a token; without this "
			"key, Authorization and passcode"),
		.check = config_value_header_name,
	},
	{
		.name = "token_cookie",
		TEXT(offsetof(struct config, login.token_cookie), "",
			"the cookie of the opening request that may hold a token; "
			"empty: none"),
		.check = config_value_cookie,
	},
	{
		.name = "token_query",
		TEXT(offsetof(struct config, login.token_query), "",
			"the parameter of the opening URL that may hold a token; "
			"empty: none. Others log URLs: prefer a header"),
	},
	{
		.name = "user_header",
		TEXT(offsetof(struct config, login.user_header), "",
			"the header in which a trusted proxy names the user; empty: "
			"none"),
		.check = config_value_header_name,
	},
	{
		.name = "groups_header",
		TEXT(offsetof(struct config, login.groups_header), "",
			"the header in which a trusted proxy names the user's groups, "
			"with commas between them; empty: none"),
		.check = config_value_header_name,
	},
	{
		.name = "anonymous",
		.means = "whether a client that shows no login may connect, where "
			 "there is a way to log in",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct config, login.anonymous),
		.fallback = false,
	},
};

const struct config_table config_login = {.keys = login, .count = COUNT(login)};

static const struct config_key token[] = {
	{
		.name = "issuer",
		TEXT(offsetof(struct token_issuer, issuer), NULL,
			"the iss of these tokens, exactly"),
		.required = true,
		.check = config_value_said,
	},
	{
		.name = "audience",
		TEXTS(struct token_issuer, audience,
			"what the aud of a token must name, one of these"),
		.check = config_value_said,
		.empty = "name your service as the issuer does, or leave the key out "
			 "if the tokens have no aud",
	},
	{
		.name = "keys",
		TEXT(offsetof(struct token_issuer, keys_file), "",
			"the file with the issuer's public keys: a JWK set, or PEM"),
	},
	{
		.name = "secrets",
		TEXTS(struct token_issuer, secrets,
			"secrets of at least 32 bytes for HS256, HS384 and HS512; "
			"each is accepted"),
		.secret = true,
	},
	{
		.name = "algorithms",
		TEXTS(struct token_issuer, algorithms,
			"the algorithms that are accepted; without this key, all that "
			"the keys allow"),
		.choices = algorithms,
		.empty = "name an algorithm, or leave the key out to accept all that "
			 "the keys allow",
	},
	{
		.name = "user",
		TEXT(offsetof(struct token_issuer, user), "sub",
			"the claim that names the user"),
		.check = config_value_said,
	},
	{
		.name = "groups",
		TEXT(offsetof(struct token_issuer, groups), "groups",
			"the claim that names the user's groups; dots lead into "
			"objects"),
		.check = config_value_said,
	},
	{
		.name = "permissions",
		TEXT(offsetof(struct token_issuer, permissions), "",
			"the claim whose members subscribe and send list destinations "
			"that are allowed beside the rules; empty: none"),
	},
};

const struct config_table config_token = {
	token, COUNT(token), sizeof(struct token_issuer)};

static const struct config_key rate[] = {
	{
		.name = "messages",
		.means =
			"how many SENDs of one user, or of one address without a "
			"login, the rule lets through in this time; 0: as many as come",
		RATE_NUMBER(messages),
		.min = 0,
		.max = RATE_MESSAGES_MAX,
	},
	{
		.name = "per",
		.means = "the time for that many",
		RATE_NUMBER(per),
		.fallback = 1000,
		.min = 1,
		.max = RATE_PER_MAX,
		.unit = "milliseconds",
	},
	{
		.name = "burst",
		.means = "how many may come in a row after a pause; 0: as many as "
			 "messages",
		RATE_NUMBER(burst),
		.min = 0,
		.max = RATE_MESSAGES_MAX,
	},
};

static const struct config_table config_rate = {.keys = rate, .count = COUNT(rate)};

static const char *const overs[] = {"wait", "deny", NULL};

static const struct config_key rule[] = {
	{
		.name = "match",
		TEXT(offsetof(struct rule, match), NULL,
			"the destinations of the rule: a pattern, in which {user}, "
			"{group} and {claim.NAME} stand for one segment"),
		.required = true,
	},
	{
		.name = "groups",
		TEXTS(struct rule, groups, "the rule is for members of one of these"),
		.check = config_value_said,
		.empty = "name a group, or leave the key out if the rule is for every "
			 "group",
	},
	{
		.name = "users",
		TEXTS(struct rule, users, "the rule is for these users"),
		.check = config_value_said,
		.empty = "name a user, or leave the key out if the rule is for every "
			 "user",
	},
	{
		.name = "login",
		.means = "whether the rule is only for clients that have logged in",
		.kind = CONFIG_BOOL,
		.offset = offsetof(struct rule, login),
		.fallback = false,
	},
	{
		.name = "allow",
		TEXTS(struct rule, allow, "what the rule allows: subscribe, send"),
		.choices = actions,
		.empty = "write subscribe, send or both, or leave the key out",
	},
	{
		.name = "deny",
		TEXTS(struct rule, deny, "what the rule denies: subscribe, send"),
		.choices = actions,
		.empty = "write subscribe, send or both, or leave the key out",
	},
	{
		.name = "rate",
		.means = "how often each user may send by this rule, on all sessions "
			 "together",
		.kind = CONFIG_OBJECT,
		.inside = &config_rate,
	},
	{
		.name = "over",
		TEXT(offsetof(struct rule, over), "wait",
			"what happens above the rate: the client is not read until its "
			"message may come, or the message is denied"),
		.choices = overs,
	},
};

const struct config_table config_rule = {rule, COUNT(rule), sizeof(struct rule)};
