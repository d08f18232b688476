/*
 * Good and hostile tokens, made by tests/tokens/make.mjs: each line of tokens.txt has a
 * name, the fault that is expected, and the token.
 */
#include "gateway/identity/token.h"

#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdio.h>

enum { NOW = 1796000000, LEEWAY = 30 };

#define FAULT(name)                                                                    \
	{                                                                              \
#name, TOKEN_##name                                                    \
	}

static const struct {
	const char *name;
	enum token_fault fault;
} faults[] = {FAULT(GOOD), FAULT(MALFORMED), FAULT(UNKNOWN_ISSUER), FAULT(ALGORITHM),
	FAULT(TYPE), FAULT(UNKNOWN_KEY), FAULT(SIGNATURE), FAULT(AUDIENCE),
	FAULT(NO_EXPIRY), FAULT(EXPIRED), FAULT(NOT_YET), FAULT(NO_USER),
	FAULT(BAD_GROUPS), FAULT(BAD_GRANTS), FAULT(TOO_LARGE)};

static struct token_keys *keys;
static struct token_rules rules;
static struct buf tokens, why, seen;

static void read_file(const char *path, struct buf *text)
{
	char bytes[4096];
	FILE *file = fopen(path, "r");

	ck_assert_msg(file != NULL, "%s", path);
	for (size_t len; (len = fread(bytes, 1, sizeof(bytes), file)) > 0;)
		buf_append(text, (struct slice){bytes, len});
	fclose(file);
}

static bool add_file(const char *path)
{
	struct buf text = {0};

	read_file(path, &text);
	bool is_good = token_keys_add_text(keys, buf_slice(&text), &why);
	buf_finish(&text);
	return is_good;
}

static void setup(void)
{
	static const struct slice audience = SLICE_INIT("chat");

	keys = token_keys_create();
	ck_assert_msg(add_file("tests/tokens/keys.json"), "%.*s",
		SLICE_ARGS(buf_slice(&why)));
	read_file("tests/tokens/tokens.txt", &tokens);
	rules = (struct token_rules){
		.issuer = SLICE("https://id.example"),
		.audiences = &audience,
		.audience_count = 1,
		.user = SLICE("sub"),
		.keys = keys,
	};
}

static void teardown(void)
{
	token_keys_destroy(keys);
	buf_finish(&tokens);
	buf_finish(&why);
	buf_finish(&seen);
}

static struct slice take_word(struct slice *rest, char end)
{
	struct slice word = slice_first(*rest, slice_find(*rest, end));

	*rest = slice_from(*rest, word.len + 1);
	return word;
}

/* The token of that name. */
static struct slice find_token(const char *name)
{
	struct slice rest = buf_slice(&tokens);

	while (rest.len > 0) {
		struct slice line = take_word(&rest, '\n');

		if (slice_equal(take_word(&line, ' '), slice_of(name))) {
			take_word(&line, ' ');
			return line;
		}
	}
	ck_abort_msg("no token %s", name);
}

static enum token_fault check(struct slice text)
{
	struct token token;
	enum token_fault fault = token_read(&token, text);

	if (fault != TOKEN_GOOD)
		return fault;
	fault = token_verify(&token, &rules, NOW, LEEWAY);
	token_finish(&token);
	return fault;
}

START_TEST(each_token_is_accepted_or_refused_for_the_right_reason)
{
	struct slice rest = buf_slice(&tokens);
	unsigned count = 0;

	while (rest.len > 0) {
		struct slice line = take_word(&rest, '\n');
		struct slice name = take_word(&line, ' ');
		struct slice expected = take_word(&line, ' ');
		enum token_fault fault = check(line);

		ck_assert_msg(slice_equal(expected, slice_of(faults[fault].name)),
			"%.*s is %s, not %.*s", SLICE_ARGS(name), faults[fault].name,
			SLICE_ARGS(expected));
		count++;
	}
	ck_assert_uint_gt(count, 70);
}
END_TEST

START_TEST(the_table_of_faults_is_in_order)
{
	for (unsigned i = 0; i < COUNT(faults); i++) {
		ck_assert_uint_eq(faults[i].fault, i);
		ck_assert_uint_gt(strlen(token_fault_text(faults[i].fault)), 0);
	}
}
END_TEST

START_TEST(a_token_that_is_cut_or_changed_anywhere_is_refused)
{
	const struct slice good = find_token("HS256");
	char copy[2048];

	ck_assert_uint_lt(good.len, sizeof(copy));
	for (size_t i = 0; i < good.len; i++) {
		ck_assert_int_ne(check(slice_first(good, i)), TOKEN_GOOD);
		memcpy(copy, good.data, good.len);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		ck_assert_int_ne(check((struct slice){copy, good.len}), TOKEN_GOOD);
	}
}
END_TEST

START_TEST(an_issuer_may_allow_fewer_algorithms_than_its_keys)
{
	static const struct slice allowed[] = {
		SLICE_INIT("RS256"), SLICE_INIT("ES256")};

	rules.algorithms = allowed;
	rules.algorithm_count = COUNT(allowed);
	ck_assert_int_eq(check(find_token("RS256")), TOKEN_GOOD);
	ck_assert_int_eq(check(find_token("HS256")), TOKEN_ALGORITHM);
	ck_assert_int_eq(check(find_token("PS256")), TOKEN_ALGORITHM);
}
END_TEST

START_TEST(without_audiences_any_audience_will_do)
{
	rules.audience_count = 0;
	ck_assert_int_eq(check(find_token("other-audience")), TOKEN_GOOD);
	ck_assert_int_eq(check(find_token("no-audience")), TOKEN_GOOD);
}
END_TEST

START_TEST(pem_keys_verify_too)
{
	token_keys_destroy(keys);
	rules.keys = keys = token_keys_create();
	ck_assert(add_file("tests/tokens/rsa.pem"));
	ck_assert(add_file("tests/tokens/p256.pem"));
	ck_assert_uint_eq(token_keys_count(keys), 2);
	ck_assert_int_eq(check(find_token("RS256")), TOKEN_GOOD);
	ck_assert_int_eq(check(find_token("ES256")), TOKEN_GOOD);
	ck_assert_int_eq(check(find_token("HS256")), TOKEN_UNKNOWN_KEY);
	ck_assert_int_eq(check(find_token("confused-pem")), TOKEN_UNKNOWN_KEY);
}
END_TEST

static const struct {
	const char *text, *why;
} unusable[] = {
	{"", "neither a JWK set nor PEM"},
	{"[]", "neither a JWK set nor PEM"},
	{"{\"keys\":{}}", "neither a JWK set nor PEM"},
	{"{\"keys\":[]}", "no key that Postern can use"},
	{"{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "no key that Postern can use"},
	{"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAA\"}",
		"no key that Postern can use"},
	{"-----BEGIN PRIVATE KEY-----\n",
		"not the PEM of a public key: RSA of at least "
		"2048 bits, P-256, P-384, or Ed25519"},
};

START_TEST(a_text_without_a_key_is_refused_with_the_reason)
{
	ck_assert(!token_keys_add_text(keys, slice_of(unusable[_i].text), &why));
	ck_assert_slice_eq(buf_slice(&why), slice_of(unusable[_i].why));
}
END_TEST

START_TEST(secrets_are_bounded_in_length_and_number)
{
	ck_assert(!token_keys_add_secret(keys, SLICE("too short"), &why));
	while (token_keys_count(keys) < TOKEN_KEYS_MAX)
		ck_assert(token_keys_add_secret(
			keys, SLICE("a secret of 32 bytes, or some more"), &why));
	ck_assert(!token_keys_add_secret(
		keys, SLICE("a secret of 32 bytes, or some more"), &why));
	ck_assert_int_eq(check(find_token("HS256")), TOKEN_GOOD);
}
END_TEST

static void see(struct slice text, void *context)
{
	(void)context;
	buf_printf(&seen, "[%.*s]", SLICE_ARGS(text));
}

static const struct {
	const char *name, *texts, *claim;
} claims[] = {
	{"groups", "[staff][red]", NULL},
	{"scope", "[read][write]", "read  write"},
	{"realm_access.roles", "[admin]", NULL},
	{"https://id.example/groups", "[named by a URL]", NULL},
	{"tenant", "[acme]", "acme"},
	{"level", NULL, "7"},
	{"beta", NULL, "true"},
	{"realm_access", NULL, NULL},
	{"missing", "", NULL},
	{"realm_access.missing", "", NULL},
	{"tenant.x", "", NULL},
	{"", "", NULL},
	{".", "", NULL},
};

START_TEST(claims_are_found_by_name_or_by_path)
{
	struct token token;

	ck_assert_int_eq(token_read(&token, find_token("HS256")), TOKEN_GOOD);
	ck_assert_int_eq(token_expiry(&token), NOW + 3600);
	ck_assert_slice_eq(token_user(&token, SLICE("sub")), SLICE("ana"));
	bool has_texts =
		token_each_text(&token, slice_of(claims[_i].name), NULL, see, NULL);
	ck_assert_int_eq(has_texts, claims[_i].texts != NULL);
	if (claims[_i].texts != NULL)
		ck_assert_slice_eq(buf_slice(&seen), slice_of(claims[_i].texts));
	buf_clear(&seen);
	bool has_claim = token_claim(&token, slice_of(claims[_i].name), &seen);
	ck_assert_int_eq(has_claim, claims[_i].claim != NULL);
	if (has_claim)
		ck_assert_slice_eq(buf_slice(&seen), slice_of(claims[_i].claim));
	token_finish(&token);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tcase = unit_case(suite, "tokens");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_token_is_accepted_or_refused_for_the_right_reason);
	tcase_add_test(tcase, the_table_of_faults_is_in_order);
	tcase_add_test(tcase, a_token_that_is_cut_or_changed_anywhere_is_refused);
	tcase_add_test(tcase, an_issuer_may_allow_fewer_algorithms_than_its_keys);
	tcase_add_test(tcase, without_audiences_any_audience_will_do);
	tcase_add_test(tcase, pem_keys_verify_too);
	unit_add_table(
		tcase, a_text_without_a_key_is_refused_with_the_reason, unusable);
	tcase_add_test(tcase, secrets_are_bounded_in_length_and_number);
	unit_add_table(tcase, claims_are_found_by_name_or_by_path, claims);
	return unit_run(suite);
}
