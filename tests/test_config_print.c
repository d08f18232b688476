#include "gateway/config/config_print.h"

#include "gateway/config/demo.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static char *print(const struct config *config)
{
	json_t *json = config_to_json(config);
	char *text = json_dumps(json, JSON_INDENT(2));

	ck_assert_ptr_nonnull(text);
	json_decref(json);
	return text;
}

#define HASH "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"

static const char *const files[] = {
	"{}",
	NULL, /* the demo */
	"{'listen': '[::1]:80', 'workers': 3, 'timezone': 'Europe/Paris', 'www': ''}",
	"{'www': 'www', 'allowed_origins': ['https://a.example'], 'endpoints': ["
	"{'path': '/a'}, {'path': '/b', 'allowed_origins': []},"
	"{'path': '/c', 'handler': 'reply', 'reply': 'A\\n\\u00e9\\\"'}]}",
	"{'broker': {'prefixes': ['/queue', '/topic']}}",
	"{'broker': {'queues': [], 'separator': '.', 'dead_letter': ''}}",
	"{'app': {'prefixes': ['/app', '/x'], 'routes': [{'match': '/app/a/{b}'},"
	"{'match': '/x/**', 'send_to': '/topic/x', 'body': [1, 2.5, null, '{body}']},"
	"{'match': '/app/c', 'send_to': [], 'reply': {'a': {'b': '{user}'}}}]}}",
	"{'users': [{'login': 'ana', 'password': '" HASH "'}]}",
	"{'sockjs_clients': [{'version': '0.3.4', 'file': '/proc/self/exe'}]}",
	"{'limits': {'frame': 1000, 'connections': 7}, 'times': {'drain': 0}}",
};

START_TEST(what_is_printed_gives_the_same_configuration_again)
{
	struct config *first = config_of(files[_i] != NULL ? files[_i] : demo_json);
	struct buf error = {0};
	char *text = print(first);

	/* Another file, in another folder: nothing in it is relative any more. */
	struct config *second =
		config_parse(slice_of(text), "/etc/other.json", NULL, &error);
	ck_assert_msg(second != NULL, "%.*s\n%s", SLICE_ARGS(buf_slice(&error)), text);
	char *again = print(second);
	ck_assert_str_eq(again, text);
	ck_assert(first->www_bundled == second->www_bundled);
	ck_assert_uint_eq(first->queue_prefixes.count, second->queue_prefixes.count);
	ck_assert_uint_eq(first->limits.body, second->limits.body);
	ck_assert_uint_eq(first->route_count, second->route_count);
	for (size_t i = 0; i < first->endpoint_count; i++)
		ck_assert_uint_eq(first->endpoints[i].allowed_origins.count,
			second->endpoints[i].allowed_origins.count);
	config_unref(first);
	config_unref(second);
	free(text);
	free(again);
}
END_TEST

START_TEST(every_key_that_has_a_default_is_printed_with_it)
{
	struct config *config = config_of("{}");
	json_t *json = config_to_json(config);

	ck_assert_str_eq(
		json_string_value(json_object_get(json, "listen")), "0.0.0.0:8080");
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_object_get(json, "times"), "ping")),
		25000);
	ck_assert_str_eq(
		json_string_value(json_array_get(
			json_object_get(json_object_get(json, "broker"), "prefixes"),
			0)),
		"/topic");
	ck_assert(json_is_array(json_object_get(json, "allowed_origins")));
	ck_assert_ptr_null(json_object_get(json, "www")); /* our own pages */
	json_decref(json);
	config_unref(config);
}
END_TEST

START_TEST(secrets_can_be_hidden_and_nothing_else)
{
	struct config *config =
		config_of("{'admin': {'token': '0123456789abcdef'},"
			  "'users': [{'login': 'ana', 'password': '" HASH
			  "'}, {'login': 'bob', 'password': '" HASH "'}]}");
	json_t *json = config_to_json(config), *whole = json_deep_copy(json);

	ck_assert_uint_eq(config_hide_secrets(json), 3);
	char *text = json_dumps(json, 0);
	ck_assert_ptr_null(strstr(text, "0123456789abcdef"));
	ck_assert_ptr_null(strstr(text, HASH));
	ck_assert_ptr_nonnull(strstr(text, "\"token\": \"<hidden>\""));
	ck_assert_ptr_nonnull(strstr(text, "\"login\": \"bob\""));
	json_object_del(json, "admin");
	json_object_del(json, "users");
	json_object_del(whole, "admin");
	json_object_del(whole, "users");
	ck_assert(json_equal(json, whole));
	free(text);
	json_decref(json);
	json_decref(whole);
	config_unref(config);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_print");
	TCase *printing = unit_case(suite, "printing");

	unit_add_table(
		printing, what_is_printed_gives_the_same_configuration_again, files);
	tcase_add_test(printing, secrets_can_be_hidden_and_nothing_else);
	tcase_add_test(printing, every_key_that_has_a_default_is_printed_with_it);
	return unit_run(suite);
}
