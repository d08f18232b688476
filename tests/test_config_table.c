/* The rules for single values; test_config.c tests whole files. */
#include "gateway/config/config.h"
#include "gateway/config/config_table.h"

#include "tests/support/unit.h"

/* True when a file with `value` between `before` and `behind` is a configuration. */
static bool is_taken(const char *before, const char *value, const char *behind)
{
	struct buf json = {0}, error = {0};

	buf_printf(&json, "%s\"%s\"%s", before, value, behind);
	struct config *config = config_parse(buf_slice(&json), "c.json", NULL, &error);
	bool taken = config != NULL;

	ck_assert(taken == (error.len == 0));
	config_unref(config);
	buf_finish(&json);
	buf_finish(&error);
	return taken;
}

static const struct {
	const char *origin;
	bool valid;
} origins[] = {
	{"*", true},
	{"null", true},
	{"https://shop.example", true},
	{"http://localhost:3000", true},
	{"https://*.shop.example", true},
	{"http://[::1]:3000", true},
	{"capacitor://localhost", true},
	{"", false},
	{"shop.example", false},
	{"https://", false},
	{"://shop.example", false},
	{"https:/shop.example", false},
	{"https://shop.example/", false},
	{"https://shop.example/chat", false},
	{"https://user@shop.example", false},
	{"https://a,https://b", false},
	{"https://shop example", false},
};

START_TEST(an_origin_is_scheme_and_host)
{
	bool taken = is_taken("{\"allowed_origins\": [", origins[_i].origin, "]}");

	ck_assert_msg(taken == origins[_i].valid, "\"%s\"", origins[_i].origin);
}
END_TEST

static const struct {
	const char *path;
	bool valid;
} paths[] = {
	{"/chat", true},
	{"/gateway/chat-2_b.x", true},
	{"/", false},
	{"", false},
	{"chat", false},
	{"/chat/", false},
	{"/a//b", false},
	{"/a/../b", false},
	{"/./b", false},
	{"/a?b", false},
	{"/a%20b", false},
	{"/a b", false},
};

START_TEST(a_path_is_plain)
{
	bool taken = is_taken("{\"endpoints\": [{\"path\": ", paths[_i].path, "}]}");

	ck_assert_msg(taken == paths[_i].valid, "\"%s\"", paths[_i].path);
}
END_TEST

static const struct {
	const char *prefix;
	bool valid;
} prefixes[] = {
	{"/topic", true},
	{"/a/b.c", true},
	{"", false},
	{"/", false},
	{"topic", false},
	{"/topic/", false},
	{"/a//b", false},
	{"/to*", false},
	{"/{a}", false},
	{"/a b", false},
};

START_TEST(a_prefix_has_no_wildcards)
{
	bool taken =
		is_taken("{\"broker\": {\"prefixes\": [", prefixes[_i].prefix, "]}}");

	ck_assert_msg(taken == prefixes[_i].valid, "\"%s\"", prefixes[_i].prefix);
}
END_TEST

static const struct {
	const char *url;
	bool valid;
} urls[] = {
	{"/vendor/sockjs.js?v=1", true},
	{"//cdn.example/sockjs.js", true},
	{"https://cdn.example/sockjs.js", true},
	{"http://cdn.example/sockjs.js", true},
	{"", false},
	{"sockjs.js", false},
	{"javascript:alert(1)", false},
	{"/a' onload='x", false},
	{"/a><script>", false},
};

START_TEST(a_script_url_cannot_leave_its_quotes)
{
	bool taken = is_taken("{\"endpoints\": [{\"path\": \"/a\", \"sockjs_url\": ",
		urls[_i].url, "}]}");

	ck_assert_msg(taken == urls[_i].valid, "\"%s\"", urls[_i].url);
}
END_TEST

static const struct {
	const char *zone;
	bool valid;
} zones[] = {
	{"Europe/Paris", true},
	{"UTC", true},
	{"CET-1CEST,M3.5.0,M10.5.0/3", true},
	{"<+03>-3", true},
	{"", true},
	{"/etc/passwd", false},
	{"../../etc/passwd", false},
	{"Europe/ Paris", false},
};

START_TEST(a_time_zone_stays_in_its_folder)
{
	bool taken = is_taken("{\"timezone\": ", zones[_i].zone, "}");

	ck_assert_msg(taken == zones[_i].valid, "\"%s\"", zones[_i].zone);
}
END_TEST

static const struct {
	const char *listen;
	bool valid;
} tcp_listens[] = {
	{"", true}, /* nowhere */
	{":61613", true},
	{"127.0.0.1:61613", true},
	{"[::1]:0", true},
	{"localhost", false},
	{":65536", false},
	{" ", false},
};

START_TEST(plain_stomp_has_an_address_or_none)
{
	bool taken = is_taken("{\"tcp\": {\"listen\": ", tcp_listens[_i].listen, "}}");

	ck_assert_msg(taken == tcp_listens[_i].valid, "\"%s\"", tcp_listens[_i].listen);
}
END_TEST

static void check_meanings(const struct config_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct config_key *key = &table->keys[i];

		ck_assert_msg(key->means != NULL && *key->means != '\0',
			"nothing says what %s means", key->name);
		if (key->inside != NULL)
			check_meanings(key->inside);
	}
}

START_TEST(every_key_says_what_it_means)
{
	check_meanings(&config_table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_table");
	TCase *values = unit_case(suite, "values");

	unit_add_table(values, an_origin_is_scheme_and_host, origins);
	unit_add_table(values, a_path_is_plain, paths);
	unit_add_table(values, a_prefix_has_no_wildcards, prefixes);
	unit_add_table(values, a_script_url_cannot_leave_its_quotes, urls);
	unit_add_table(values, a_time_zone_stays_in_its_folder, zones);
	unit_add_table(values, plain_stomp_has_an_address_or_none, tcp_listens);
	tcase_add_test(values, every_key_says_what_it_means);
	return unit_run(suite);
}
