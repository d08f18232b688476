/* Tokens, rules, secrets in a configuration: what is compiled, and what is refused. */
#include "gateway/config/config.h"
#include "gateway/config/config_print.h"
#include "gateway/identity/token_keys.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <unistd.h>

#define SECRET       "'0123456789abcdef0123456789abcdef'"
#define TOKENS(more) "'tokens': [{'issuer': 'https://a', " more "}]"
#define RULE(more)   "'rules': [{" more "}]"
#define RATED(more)  "'match': '/topic/*', 'allow': 'send', " more
#define HASH                                                                           \
	"$y$j9T$F5Jx5fExrKuPp53xLKQ..1$"                                               \
	"X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"
#define USER(login) "'users': [{'login': '" login "', 'password': '" HASH "'}]"

/* With single quotes, which become double ones. The mistake "" means none. */
static const struct {
	const char *json, *mistake;
} rows[] = {
	{TOKENS("'secrets': " SECRET), ""},
	{TOKENS("'secrets': [" SECRET ", " SECRET "]"), ""},
	{TOKENS("'secrets': 'short'"),
		"tokens[0].secrets[0]: a secret has less than 32 bytes"},
	{TOKENS("'secrets': '-----BEGIN PUBLIC KEY-----\\nMIIBIjANBgkqhkiG'"),
		"tokens[0].secrets[0]: a secret is a key in PEM"},
	{TOKENS("'user': 'sub'"),
		"tokens[0]: needs keys or secrets: else no token can be verified"},
	{TOKENS("'keys': 'tests/tokens/keys.json', 'audience': 'chat'"), ""},
	{TOKENS("'keys': 'tests/tokens/rsa.pem', 'audience': ['a', 'b']"), ""},
	{TOKENS("'keys': 'tests/tokens/keys.json'"),
		"tokens[0]: needs audience: else the issuer's tokens for any other "
		"service log in here"},
	{TOKENS("'keys': 'tests/none.json', 'audience': 'chat'"),
		"tokens[0].keys: tests/none.json: No such file or directory"},
	{TOKENS("'keys': 'tests/tokens/tokens.txt', 'audience': 'chat'"),
		"tokens[0].keys: tests/tokens/tokens.txt: neither a JWK set nor PEM"},
	{TOKENS("'keys': 'https://a/jwks.json', 'audience': 'chat'"),
		"tokens[0].keys: is a URL"},
	{TOKENS("'secrets': " SECRET ", 'algorithms': 'none'"),
		"tokens[0].algorithms: must be one of HS256"},
	{TOKENS("'secrets': " SECRET "}, {'issuer': 'https://a', 'secrets': " SECRET),
		"tokens[1].issuer: \"https://a\" stands twice"},
	{"'tokens': [{'secrets': " SECRET "}]", "tokens[0].issuer: is missing"},
	{"'login': {'token_headers': ['a b']}",
		"login.token_headers[0]: must be the name of a header"},
	{"'login': {'user_header': 'X-User'}, 'trusted_proxies': ['10.0.0.1']", ""},
	{"'login': {'user_header': 'X-User'}",
		"login.user_header: needs trusted_proxies"},
	{"'login': {'groups_header': 'X-Groups'}",
		"login.groups_header: needs login.user_header"},
	{"'login': {'user_header': 'X-User', 'groups_header': 'x-user'}, "
	 "'trusted_proxies': ['10.0.0.0/8']",
		"login.groups_header: is login.user_header too"},
	{"'login': {'user_header': 'X-User'}, 'trusted_proxies': ['10.0.0.0/8', "
	 "'fc00::/7', '192.0.2.1']",
		""},
	{"'login': {'user_header': 'X-User'}, 'trusted_proxies': ['0.0.0.0/0']",
		"trusted_proxies[0]: is too wide for login.user_header"},
	{"'login': {'user_header': 'X-User'}, 'trusted_proxies': ['10.0.0.1', '::/0']",
		"trusted_proxies[1]: is too wide for login.user_header"},
	{"'login': {'user_header': 'X-User'}, 'trusted_proxies': ['128.0.0.0/1']",
		"trusted_proxies[0]: is too wide for login.user_header"},
	{"'login': {'user_header': 'X-User'}, 'trusted_proxies': ['::ffff:0.0.0.0/96']",
		"trusted_proxies[0]: is too wide for login.user_header"},
	{"'trusted_proxies': ['0.0.0.0/0']", ""},

	/* An empty list is no "everybody". */
	{"'rules': []", "rules: is empty: leave the key out to allow everything, or "
			"deny it by {\"match\": \"/**\""},
	{"'tokens': []", "tokens: is empty: name an issuer, or leave the key out"},
	{TOKENS("'secrets': " SECRET ", 'algorithms': []"),
		"tokens[0].algorithms: is empty: name an algorithm, or leave"},
	{TOKENS("'secrets': " SECRET ", 'audience': []"),
		"tokens[0].audience: is empty: name your service"},
	{RULE("'match': '/topic/*', 'allow': 'send', 'groups': []"),
		"rules[0].groups: is empty: name a group, or leave the key out"},
	{RULE("'match': '/topic/*', 'allow': 'send', 'users': []"),
		"rules[0].users: is empty: name a user, or leave the key out"},
	{RULE("'match': '/topic/*', 'allow': 'send', 'users': ''"),
		"rules[0].users: must not be empty"},
	{RULE("'match': '/topic/*', 'allow': []"),
		"rules[0].allow: is empty: write subscribe, send or both"},
	{RULE("'match': '/topic/*', 'allow': 'send', 'deny': []"),
		"rules[0].deny: is empty: write subscribe, send or both"},

	{"'login': {'anonymous': true}, " USER("0123456789abcdef"),
		"users[0].login: is like the name of a session"},
	{"'login': {'anonymous': true}, " USER("0123456789ABCDEF"), ""},
	{"'login': {'anonymous': true}, " USER("0123456789abcde"), ""},
	{USER("0123456789abcdef"), ""},

	{"'tcp': {'user': 'worker', 'groups': 'backend'}", ""},
	{"'tcp': {'user': 'worker', 'groups': ['a', 'b']}", ""},
	{"'tcp': {'groups': 'backend'}", "tcp.groups: needs tcp.user"},
	{"'tcp': {'user': '0123456789abcdef'}",
		"tcp.user: is like the name of a session"},
	{"'tcp': {'user': 'a\\u0007'}", "tcp.user: must be UTF-8 of at most 255 bytes"},
	{"'tcp': {'user': 'a', 'groups': ['\\n']}",
		"tcp.groups[0]: must be UTF-8 of at most 255 bytes"},
	{"'tcp': {'user': 'a', 'groups': ['']}", "tcp.groups[0]: must not be empty"},

	{RULE("'match': '/topic/{user}/**', 'allow': 'send'"), ""},
	{RULE("'match': '/topic/*', 'allow': 'send', 'deny': ['subscribe']"), ""},
	{RULE("'match': '/topic/*'"), "rules[0]: needs allow or deny"},
	{RULE("'match': '/topic/*', 'allow': 'read'"),
		"rules[0].allow: must be one of subscribe, send"},
	{RULE("'match': '/topic/*', 'allow': 'send', 'deny': 'send'"),
		"rules[0]: allows and denies the same"},
	{RULE("'match': 'topic', 'allow': 'send'"),
		"rules[0].match: must begin with a /"},
	{RULE("'match': '/topic/a{user}', 'allow': 'send'"),
		"rules[0].match: a variable must be a whole segment"},
	{"'broker': {'separator': '.'}, " RULE(
		 "'match': '/topic/a.**', 'allow': 'send'"),
		""},
	/* Routes have '/' only. */
	{"'broker': {'separator': '.'}, " RULE("'match': '/app/a.**', 'allow': 'send'"),
		"rules[0].match: ** must be a whole segment"},
	{RULE("'match': '/topic/#', 'allow': 'subscribe'"),
		"rules[0].match: \"#\" and \">\" are no wildcards of rules"},
	{RULE("'allow': 'send'"), "rules[0].match: is missing"},
	{RULE(RATED("'rate': {'messages': 10, 'burst': 20}, 'over': 'deny'")), ""},
	{RULE(RATED("'rate': {'messages': 0}, 'over': 'wait'")), ""},
	{RULE(RATED("'rate': {'per': 1000}")),
		"rules[0].rate: needs messages, such as {\"messages\": 10, \"per\": "
		"1000}"},
	{RULE(RATED("'rate': {'messages': -1}")), "rules[0].rate.messages: must be"},
	{RULE(RATED("'rate': {'messages': 1, 'per': 0}")),
		"rules[0].rate.per: must be"},
	{RULE(RATED("'rate': {'messages': 1, 'seconds': 1}")),
		"rules[0].rate.seconds: is not a known key"},
	{RULE(RATED("'rate': 10")), "rules[0].rate: must be an object"},
	{RULE(RATED("'over': 'deny'")), "rules[0].over: means nothing without a rate"},
	{RULE(RATED("'over': 'drop'")), "rules[0].over: must be one of wait, deny"},
	{RULE("'match': '/topic/*', 'allow': 'subscribe', 'rate': {'messages': 1}"),
		"rules[0].rate: counts what the rule lets users send: add \"send\" to "
		"allow, or remove it"},
	{"'limits': {'user_messages': 10, 'user_burst': 20}", ""},
	{"'limits': {'user_burst': 20}",
		"limits.user_burst: needs limits.user_messages"},
	{RULE("'match': '/topic/*', 'allow': 'send', 'group': 'a'"),
		"rules[0].group: is not a known key (did you mean \"groups\"?)"},
};

static struct config *parse(const char *json, struct buf *error)
{
	struct buf text = {0};

	buf_append_char(&text, '{');
	for (; *json != '\0'; json++)
		buf_append_char(&text, *json == '\'' ? '"' : *json);
	buf_append_char(&text, '}');
	struct config *config = config_parse(buf_slice(&text), "c.json", NULL, error);
	buf_finish(&text);
	return config;
}

START_TEST(each_mistake_is_reported_where_it_stands)
{
	struct buf error = {0};
	struct config *config = parse(rows[_i].json, &error);

	buf_append_char(&error, '\0');
	ck_assert_msg((config != NULL) == (rows[_i].mistake[0] == '\0'), "%s: %s",
		rows[_i].json, error.data);
	ck_assert_msg(strstr(error.data, rows[_i].mistake) != NULL, "%s: %s",
		rows[_i].json, error.data);
	config_unref(config);
	buf_finish(&error);
}
END_TEST

START_TEST(rules_about_routes_cut_destinations_as_routes_do)
{
	struct buf error = {0};
	struct config *config = parse("'broker': {'separator': '.'}, 'rules': ["
				      "{'match': '/app/x/*', 'deny': 'send'},"
				      "{'match': '/app/**', 'allow': 'send'},"
				      "{'match': '/topic/x/*', 'allow': 'send'}]",
		&error);

	ck_assert_ptr_nonnull(config);
	ck_assert(!access_check(
		&config->access, identity_nobody(), ACCESS_SEND, SLICE("/app/x/a.b"))
			   .is_allowed);
	ck_assert(access_check(
		&config->access, identity_nobody(), ACCESS_SEND, SLICE("/app/y/a.b"))
			  .is_allowed);
	ck_assert(!access_check(
		&config->access, identity_nobody(), ACCESS_SEND, SLICE("/topic/x/a.b"))
			   .is_allowed);
	config_unref(config);
	buf_finish(&error);
}
END_TEST

START_TEST(rules_are_compiled_in_order_with_the_claims_that_they_name)
{
	struct buf error = {0};
	struct config *config = parse(
		"'rules': [{'match': '/a/{claim.tenant}', 'allow': 'send'},"
		"{'match': '/b/{claim.level}/{claim.tenant}', 'deny': 'subscribe'}]",
		&error);

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->access.count, 2);
	ck_assert_uint_eq(config->access.items[0].allows, 1u << ACCESS_SEND);
	ck_assert_uint_eq(config->access.items[1].denies, 1u << ACCESS_SUBSCRIBE);
	ck_assert_uint_eq(config->claims.count, 2);
	ck_assert_slice_eq(config->claims.items[0], SLICE("tenant"));
	ck_assert_slice_eq(config->claims.items[1], SLICE("level"));
	config_unref(config);
	buf_finish(&error);
}
END_TEST

START_TEST(logins_keep_the_claims_that_routes_name)
{
	struct buf error = {0};
	struct config *config = parse(
		TOKENS("'secrets': " SECRET) ","
					     "'app': {'routes': [{'match': '/app/a',"
					     "'send_to': "
					     "['/topic/{claim.tenant}/{user}', "
					     "'/topic/{claim.team}'],"
					     "'body': {'a': ['{claim.level?}', "
					     "'{claim.tenant}']},"
					     "'reply': '{claim.reply}'}]}," RULE(
						     "'match': "
						     "'/a/{claim.team}/{claim.rule}', "
						     "'allow': 'send'"),
		&error);
	const char *const kept[] = {"level", "tenant", "reply", "team", "rule"};

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->claims.count, COUNT(kept));
	for (size_t i = 0; i < COUNT(kept); i++)
		ck_assert_slice_eq(config->claims.items[i], slice_of(kept[i]));
	config_unref(config);
	buf_finish(&error);
}
END_TEST

START_TEST(rates_are_numbered_and_no_more_than_accounts_have_buckets_for)
{
	struct buf json = {0}, error = {0};

	buf_append(&json, SLICE("'rules': [{'match': '/none', 'allow': 'send'}"));
	for (int i = 1; i < RATES_MAX; i++)
		buf_printf(&json,
			",{'match': '/%d', 'allow': 'send', 'rate': {'messages': %d}}",
			i, i);
	buf_append(&json, SLICE("]"));
	buf_append_char(&json, '\0');
	struct config *config = parse(json.data, &error);
	ck_assert_ptr_nonnull(config);
	ck_assert(config->has_rates);
	ck_assert_uint_eq(config->rates[0].messages, 0);
	for (unsigned i = 0; i < RATES_MAX; i++) {
		ck_assert_uint_eq(config->access.items[i].rate, i);
		ck_assert_uint_eq(config->rates[i].messages, i);
	}
	config_unref(config);

	json.len -= 2;
	buf_append(&json, SLICE(",{'match': '/**', 'allow': 'send', 'rate': "
				"{'messages': 1}}]"));
	buf_append_char(&json, '\0');
	ck_assert_ptr_null(parse(json.data, &error));
	buf_append_char(&error, '\0');
	ck_assert_ptr_nonnull(
		strstr(error.data, "rules[32].rate: is one too many: at most 31"));
	buf_finish(&json);
	buf_finish(&error);
}
END_TEST

START_TEST(a_secret_may_stand_in_a_file_and_is_never_printed)
{
	static const char secret[] = "a secret from a file, of 32 bytes";
	char name[] = "/tmp/postern-secret-XXXXXX";
	struct buf error = {0}, json = {0};
	int fd = mkstemp(name);

	ck_assert_int_eq(write(fd, secret, strlen(secret)), (ssize_t)strlen(secret));
	ck_assert_int_eq(write(fd, "\n", 1), 1);
	close(fd);
	buf_printf(&json, TOKENS("'secrets': ['file:%s', " SECRET "]"), name);
	buf_append_char(&json, '\0');
	struct config *config = parse(json.data, &error);
	unlink(name);
	ck_assert_ptr_nonnull(config);
	ck_assert_slice_eq(config->tokens[0].secrets.items[0], slice_of(secret));
	ck_assert_uint_eq(token_keys_count(config->tokens[0].keys), 2);

	json_t *printed = config_to_json(config);
	ck_assert_uint_eq(config_hide_secrets(printed), 2);
	char *text = json_dumps(printed, 0);
	ck_assert_ptr_null(strstr(text, secret));
	ck_assert_ptr_null(strstr(text, "0123456789abcdef"));
	free(text);
	json_decref(printed);
	config_unref(config);
	buf_clear(&error);
	ck_assert_ptr_null(parse(json.data, &error));
	buf_append_char(&error, '\0');
	ck_assert_ptr_nonnull(strstr(error.data, "No such file or directory"));
	buf_finish(&json);
	buf_finish(&error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_identity");
	TCase *tcase = unit_case(suite, "identity");

	unit_add_table(tcase, each_mistake_is_reported_where_it_stands, rows);
	tcase_add_test(tcase, rules_about_routes_cut_destinations_as_routes_do);
	tcase_add_test(
		tcase, rules_are_compiled_in_order_with_the_claims_that_they_name);
	tcase_add_test(tcase, logins_keep_the_claims_that_routes_name);
	tcase_add_test(
		tcase, rates_are_numbered_and_no_more_than_accounts_have_buckets_for);
	tcase_add_test(tcase, a_secret_may_stand_in_a_file_and_is_never_printed);
	return unit_run(suite);
}
