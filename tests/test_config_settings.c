/*
 * The environment and flags override a file; commands.test.mjs tests them from
 * outside.
 */
#include "gateway/config/config_settings.h"

#include "gateway/config/config.h"
#include "tests/support/unit.h"

#include <unistd.h>

static struct config_settings settings;
static struct buf error;

static void teardown(void)
{
	config_settings_finish(&settings);
	buf_finish(&error);
}

static void set(const char *flag, const char *value)
{
	struct config_leaves leaves;

	config_leaves_list(&leaves, CONFIG_FLAG);
	const struct config_leaf *leaf =
		config_leaves_find(&leaves, slice_of(flag + strlen("--")));
	ck_assert_ptr_nonnull(leaf);
	config_settings_add(&settings, leaf, slice_of(flag), value);
	config_leaves_finish(&leaves);
}

static struct config *parse(const char *json)
{
	return config_parse(slice_of(json), "c.json", &settings, &error);
}

/* Names */

static const struct {
	enum config_style style;
	const char *name;
} names[] = {
	{CONFIG_PATH, "listen"},
	{CONFIG_PATH, "limits.queue_bytes"},
	{CONFIG_PATH, "endpoints"},
	{CONFIG_VARIABLE, "LOG_LEVEL"},
	{CONFIG_VARIABLE, "BROKER__DEAD_LETTER"},
	{CONFIG_FLAG, "log-level"},
	{CONFIG_FLAG, "limits.queue-bytes"},
};

START_TEST(every_key_has_a_name_outside_of_the_file)
{
	struct config_leaves leaves;

	config_leaves_list(&leaves, names[_i].style);
	ck_assert_ptr_nonnull(config_leaves_find(&leaves, slice_of(names[_i].name)));
	config_leaves_finish(&leaves);
}
END_TEST

static const char *const strangers[] = {
	"limits", "endpoints.path", "limits.queue-bytes", "limits_queue_bytes", ""};

START_TEST(what_is_no_key_by_itself_has_no_name)
{
	struct config_leaves leaves;

	config_leaves_list(&leaves, CONFIG_PATH);
	ck_assert_ptr_null(config_leaves_find(&leaves, slice_of(strangers[_i])));
	config_leaves_finish(&leaves);
}
END_TEST

/* Values */

START_TEST(settings_go_over_the_file_and_leave_the_rest)
{
	set("--workers", "7");
	set("--limits.frame", "0000000000000000000000001000");
	set("--times.ping", "5");
	set("--require-origin", "true");
	struct config *config = parse("{\"listen\": \":81\", \"workers\": 2,"
				      "\"limits\": {\"frame\": 500, \"headers\": 9}}");

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->workers, 7);
	ck_assert_slice_eq(config->port, SLICE("81"));
	ck_assert_uint_eq(config->limits.frame, 1000);
	ck_assert_uint_eq(config->limits.headers, 9);
	ck_assert_uint_eq(config->times.ping, 5);
	ck_assert(config->require_origin);
	config_unref(config);
}
END_TEST

START_TEST(the_last_setting_of_a_key_counts)
{
	set("--workers", "many");
	set("--workers", "3");
	struct config *config = parse("{}");

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->workers, 3);
	config_unref(config);
}
END_TEST

static const struct {
	const char *value;
	size_t count;
	const char *last;
} lists[] = {
	{"/a", 1, "/a"},
	{"/a,/b", 2, "/b"},
	{" /a , /b ", 2, "/b"},
	{"/a,   /b", 2, "/b"},
	{"[\"/a\", \"/b\", \"/c\"]", 3, "/c"},
	{"[]", 0, NULL},
	{"", 0, NULL},
};

START_TEST(a_list_of_strings_has_commas_or_is_json)
{
	set("--broker.prefixes", lists[_i].value);
	struct config *config = parse("{\"broker\": {\"prefixes\": [\"/x\"]}}");

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->broker_prefixes.count, lists[_i].count);
	if (lists[_i].count > 0)
		ck_assert_slice_eq(config->broker_prefixes.items[lists[_i].count - 1],
			slice_of(lists[_i].last));
	config_unref(config);
}
END_TEST

START_TEST(a_list_of_objects_is_json_and_takes_the_place_of_the_files)
{
	set("--endpoints", "[{\"path\": \"/a\"}, {\"path\": \"/b\"}]");
	struct config *config = parse("{\"endpoints\": [{\"path\": \"/c\"}]}");

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->endpoint_count, 2);
	ck_assert_slice_eq(config->endpoints[1].path, SLICE("/b"));
	config_unref(config);
}
END_TEST

/* Mistakes */

static const struct {
	const char *flag, *value, *error;
} mistakes[] = {
	{"--workers", "", "--workers: workers: must be a whole number"},
	{"--workers", "-1", "--workers: workers: must be a whole number"},
	{"--workers", "+1", "--workers: workers: must be a whole number"},
	{"--workers", " 1", "--workers: workers: must be a whole number"},
	{"--workers", "1 ", "--workers: workers: must be a whole number"},
	{"--workers", "99999999999999999999999x",
		"--workers: workers: must be a whole number"},
	{"--workers", "1e2", "--workers: workers: must be a whole number"},
	{"--workers", "257", "--workers: workers: must be from 0 to 256"},
	{"--times.ping", "99999999999999999999999",
		"--times.ping: times.ping: must be from 1 to 2147483647 milliseconds"},
	{"--require-origin", "yes",
		"--require-origin: require_origin: must be true or false"},
	{"--timezone", "/etc", "--timezone: timezone: must be like \"Europe/Paris\""},
	{"--timezone", "\xff", "--timezone: must be UTF-8"},
	{"--allowed-origins", "*,\xff", "--allowed-origins: must be UTF-8"},
	{"--allowed-origins", "[\"*\"",
		"--allowed-origins: column 4: ']' expected near "
		"end of file"},
	{"--allowed-origins", "a,*",
		"--allowed-origins: allowed_origins[0]: must be \"*\", \"null\" or an "
		"origin like "
		"\"https://shop.example\", \"https://*.shop.example\", "
		"\"http://localhost:*\" or \"file://\", without a path"},
	{"--endpoints", "7", "--endpoints: endpoints: must be a list of objects"},
	{"--endpoints", "[{\"path\": \"/a\", \"path\": \"/b\"}]",
		"--endpoints: column 22: duplicate object key near '\"path\"'"},
	{"--app.routes", "[{\"match\": \"/nowhere\"}]",
		"--app.routes: app.routes[0].match: is below none of app.prefixes"},
};

START_TEST(a_mistake_in_a_setting_is_told_with_its_source)
{
	set(mistakes[_i].flag, mistakes[_i].value);
	ck_assert_ptr_null(parse("{}"));
	ck_assert_slice_eq(buf_slice(&error), slice_of(mistakes[_i].error));
}
END_TEST

START_TEST(a_mistake_in_the_file_keeps_its_place_beside_settings)
{
	set("--limits.frame", "1000");
	set("--broker.prefixes", "/a");
	ck_assert_ptr_null(parse("{\"limits\": {\"headers\": 1}}"));
	ck_assert_slice_eq(buf_slice(&error),
		SLICE("c.json:1:13: limits.headers: must be from 4 to 4096"));
}
END_TEST

START_TEST(a_section_that_is_none_is_the_files_mistake)
{
	set("--limits.frame", "1000");
	ck_assert_ptr_null(parse("{\"limits\": 5}"));
	ck_assert_slice_eq(
		buf_slice(&error), SLICE("c.json:1:2: limits: must be an object"));
}
END_TEST

/* The environment */

START_TEST(the_environment_is_read_as_far_as_it_is_ours)
{
	char *const environment[] = {"PATH=/bin", "POSTERN=/bin/postern", "POSTERNX=1",
		"POSTERN_CONFIG=/etc/p.json", "POSTERN_TIMES__PING=77",
		"POSTERN_PORT=tcp://10.0.0.1:80", "POSTERN_SERVICE_HOST=10.0.0.1",
		NULL};
	const char *file = NULL;

	ck_assert_int_eq(
		config_settings_add_environment(&settings, environment, &file, &error),
		0);
	ck_assert_str_eq(file, "/etc/p.json");
	ck_assert_uint_eq(settings.count, 1);
	struct config *config = parse("{}");
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->times.ping, 77);
	config_unref(config);
}
END_TEST

static const struct {
	const char *variable, *error;
} unknown[] = {
	{"POSTERN_WORKER=1",
		"environment: POSTERN_WORKER: is not a known variable (did "
		"you mean \"POSTERN_WORKERS\"?)"},
	{"POSTERN_TIMES_PING=1", "environment: POSTERN_TIMES_PING: is not a known "
				 "variable (did you mean \"POSTERN_TIMES__PING\"?)"},
	{"POSTERN_listen=:1", "environment: POSTERN_listen: is not a known variable"},
	{"POSTERN_=1", "environment: POSTERN_: is not a known variable"},
};

START_TEST(a_variable_that_is_none_is_refused_with_the_nearest)
{
	char *const environment[] = {(char *)unknown[_i].variable, NULL};
	const char *file = NULL;

	ck_assert_int_eq(
		config_settings_add_environment(&settings, environment, &file, &error),
		-1);
	ck_assert_slice_eq(buf_slice(&error), slice_of(unknown[_i].error));
	ck_assert_uint_eq(settings.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_settings");
	TCase *keys = unit_case(suite, "names");
	TCase *values = unit_case(suite, "values");
	TCase *refused = unit_case(suite, "mistakes");
	TCase *environment = unit_case(suite, "environment");

	unit_add_table(keys, every_key_has_a_name_outside_of_the_file, names);
	unit_add_table(keys, what_is_no_key_by_itself_has_no_name, strangers);
	tcase_add_checked_fixture(values, NULL, teardown);
	tcase_add_test(values, settings_go_over_the_file_and_leave_the_rest);
	tcase_add_test(values, the_last_setting_of_a_key_counts);
	unit_add_table(values, a_list_of_strings_has_commas_or_is_json, lists);
	tcase_add_test(
		values, a_list_of_objects_is_json_and_takes_the_place_of_the_files);
	tcase_add_checked_fixture(refused, NULL, teardown);
	unit_add_table(
		refused, a_mistake_in_a_setting_is_told_with_its_source, mistakes);
	tcase_add_test(refused, a_mistake_in_the_file_keeps_its_place_beside_settings);
	tcase_add_test(refused, a_section_that_is_none_is_the_files_mistake);
	tcase_add_checked_fixture(environment, NULL, teardown);
	tcase_add_test(environment, the_environment_is_read_as_far_as_it_is_ours);
	unit_add_table(environment, a_variable_that_is_none_is_refused_with_the_nearest,
		unknown);
	return unit_run(suite);
}
