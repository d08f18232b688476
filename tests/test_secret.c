#include "gateway/base/secret.h"

#include "tests/support/unit.h"

static const struct {
	const char *name;
	bool is_secret;
} names[] = {
	{"passcode", true},
	{"Password", true},
	{"Authorization", true},
	{"x-auth", true},
	{"X-CSRF-TOKEN", true},
	{"Cookie", true},
	{"set-cookie2", true},
	{"client_secret", true},
	{"credentials", true},
	{"api-key", true},
	{"passcode hidden", true}, /* a line without its colon */
	{"pas", false},
	{"to ken", false},
	{"destination", false},
	{"Host", false},
	{"", false},
};

START_TEST(a_name_is_a_secrets_by_a_word_in_it)
{
	ck_assert_msg(secret_is_named(slice_of(names[_i].name)) == names[_i].is_secret,
		"%s", names[_i].name);
}
END_TEST

static const struct {
	const char *text;
	bool is_secret;
} texts[] = {
	{"eyJhbGciOiJIUzI1", true},
	{"x eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ9", true},
	{"/chat/eyJhbGci_-JIUzI1", true},
	{"eyJeyJhbGciOiJIUzI1NiJ9", true},
	{"eyJhbGciOiJIUzI", false},
	{"eyJhbGciOi JIUzI1NiJ9", false},
	{"EYJhbGciOiJIUzI1NiJ9", false},
	{"/topic/a", false},
	{"", false},
};

START_TEST(a_token_is_known_by_its_look)
{
	ck_assert_msg(secret_is_in(slice_of(texts[_i].text)) == texts[_i].is_secret,
		"%s", texts[_i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret");
	TCase *tcase = unit_case(suite, "secret");

	unit_add_table(tcase, a_name_is_a_secrets_by_a_word_in_it, names);
	unit_add_table(tcase, a_token_is_known_by_its_look, texts);
	return unit_run(suite);
}
