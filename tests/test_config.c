#include "gateway/config/config.h"

#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config *parse(const char *json)
{
	struct buf error = {0};
	struct config *config = config_parse(slice_of(json), "c.json", NULL, &error);

	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	ck_assert_uint_eq(error.len, 0);
	return config;
}

START_TEST(an_empty_object_gives_the_documented_defaults)
{
	struct config *config = parse("{}");
	const struct limits *limits = &config->limits;
	const struct times *times = &config->times;

	ck_assert_slice_eq(config->host, SLICE("0.0.0.0"));
	ck_assert_slice_eq(config->port, SLICE("8080"));
	ck_assert_uint_eq(config->tcp_listen.len, 0);
	ck_assert_slice_eq(config->log_level, SLICE("info"));
	ck_assert_uint_eq(config->workers, 0);
	ck_assert_uint_eq(config->allowed_origins.count, 0);
	ck_assert(!config->require_origin && config->client_send);
	ck_assert(config->proxies.count == 0 && !config->proxy_protocol);
	ck_assert_uint_eq(config->endpoint_count, 0);
	ck_assert_uint_eq(config->route_count, 0);
	ck_assert_slice_eq(config->broker_prefixes.items[0], SLICE("/topic"));
	ck_assert_slice_eq(config->app_prefixes.items[0], SLICE("/app"));
	ck_assert(config->www_bundled);
	ck_assert_uint_eq(config->www.len + config->timezone.len, 0);

	ck_assert_uint_eq(limits->head, 9216);
	ck_assert_uint_eq(limits->target, 8192);
	ck_assert_uint_eq(limits->head_lines, 100);
	ck_assert_uint_eq(limits->frame, (1 << 20) + (64 << 10));
	ck_assert_uint_eq(limits->body, 0);
	ck_assert_uint_eq(limits->connect_frame, 16384);
	ck_assert_uint_eq(limits->headers, 64);
	ck_assert_uint_eq(limits->header, 8192);
	ck_assert_uint_eq(limits->fragments, 1024);
	ck_assert_uint_eq(limits->queue_bytes, 4 << 20);
	ck_assert_uint_eq(limits->queue_messages, 4096);
	ck_assert_uint_eq(limits->subscriptions, 256);
	ck_assert_uint_eq(limits->destination, 255);
	ck_assert_uint_eq(limits->destinations, 100000);
	ck_assert_uint_eq(limits->inbox_posts, 65536);
	ck_assert_uint_eq(limits->inbox_bytes, 64 << 20);
	ck_assert_uint_eq(limits->connections + limits->sessions, 0);

	ck_assert_uint_eq(times->head, 10000);
	ck_assert_uint_eq(times->body, 20000);
	ck_assert_uint_eq(times->keep_alive, 75000);
	ck_assert_uint_eq(times->progress, 10000);
	ck_assert_uint_eq(times->connect, 10000);
	ck_assert_uint_eq(times->heartbeat, 25000);
	ck_assert_uint_eq(times->disconnect, 5000);
	ck_assert_uint_eq(times->ping, 25000);
	ck_assert_uint_eq(times->pong, 10000);
	ck_assert_uint_eq(times->stomp_send, 10000);
	ck_assert_uint_eq(times->stomp_want, 10000);
	ck_assert_uint_eq(times->stomp_send_least, 1000);
	ck_assert_uint_eq(times->linger, 1000);
	ck_assert_uint_eq(times->drain, 5000);
	config_unref(config);
}
END_TEST

START_TEST(an_endpoint_has_defaults_of_its_own)
{
	struct config *config = parse("{\"endpoints\": [{\"path\": \"/chat\"}]}");
	const struct endpoint *endpoint = &config->endpoints[0];

	ck_assert_uint_eq(config->endpoint_count, 1);
	ck_assert_slice_eq(endpoint->path, SLICE("/chat"));
	ck_assert_slice_eq(endpoint->handler, SLICE("stomp"));
	ck_assert(endpoint->sockjs && endpoint->websocket && !endpoint->cookie_needed);
	ck_assert_uint_eq(endpoint->response_limit, 131072);
	ck_assert_slice_eq(endpoint->sockjs_url, SLICE("/sockjs-client/loader.js"));
	ck_assert_uint_eq(endpoint->reply.len, 0);
	ck_assert_uint_eq(endpoint->allowed_origins.count, 0);
	config_unref(config);
}
END_TEST

START_TEST(every_key_is_read_into_its_field)
{
	struct config *config = parse(
		"{\"listen\": \"[::1]:80\", \"workers\": 3, \"log_level\": "
		"\"warn\", \"require_origin\": true, \"timezone\": \"Europe/Paris\","
		"\"tcp\": {\"listen\": \"127.0.0.1:61613\"},"
		"\"trusted_proxies\": [\"127.0.0.1\", \"fd00::/8\"],"
		"\"proxy_protocol\": true,"
		"\"broker\": {\"prefixes\": [\"/a\", \"/b\"], \"client_send\": false},"
		"\"app\": {\"prefixes\": []},"
		"\"endpoints\": [{\"path\": \"/e/f\", \"handler\": \"echo\","
		"\"sockjs\": true, \"websocket\": false, \"cookie_needed\": true,"
		"\"reply\": \"r\", \"response_limit\": 4096,"
		"\"sockjs_url\": \"https://cdn/s.js\"}],"
		"\"limits\": {\"frame\": 1000, \"body\": 5}, \"times\": {\"ping\": "
		"7}}");
	const struct endpoint *endpoint = &config->endpoints[0];

	ck_assert_slice_eq(config->host, SLICE("::1"));
	ck_assert_slice_eq(config->port, SLICE("80"));
	ck_assert_slice_eq(config->tcp_host, SLICE("127.0.0.1"));
	ck_assert_slice_eq(config->tcp_port, SLICE("61613"));
	ck_assert_slice_eq(config->tcp.handler, SLICE("stomp"));
	ck_assert_uint_eq(config->proxies.count, 2);
	ck_assert_uint_eq(config->proxies.items[0].bits, 128);
	ck_assert_uint_eq(config->proxies.items[1].bits, 8);
	ck_assert(config->proxy_protocol);
	ck_assert_uint_eq(config->workers, 3);
	ck_assert_slice_eq(config->log_level, SLICE("warn"));
	ck_assert(config->require_origin && !config->client_send);
	ck_assert_slice_eq(config->timezone, SLICE("Europe/Paris"));
	ck_assert_uint_eq(config->broker_prefixes.count, 2);
	ck_assert_slice_eq(config->broker_prefixes.items[1], SLICE("/b"));
	ck_assert_uint_eq(config->app_prefixes.count, 0);
	ck_assert_slice_eq(endpoint->handler, SLICE("echo"));
	ck_assert(endpoint->sockjs && !endpoint->websocket && endpoint->cookie_needed);
	ck_assert_slice_eq(endpoint->reply, SLICE("r"));
	ck_assert_uint_eq(endpoint->response_limit, 4096);
	ck_assert_slice_eq(endpoint->sockjs_url, SLICE("https://cdn/s.js"));
	ck_assert_uint_eq(config->limits.frame, 1000);
	ck_assert_uint_eq(config->limits.body, 5);
	ck_assert_uint_eq(config->times.ping, 7);
	config_unref(config);
}
END_TEST

/*
 * An operator who sends beats that often wants no client to get fewer than it asks
 * for.
 */
START_TEST(the_least_pace_of_beats_follows_the_usual_one)
{
	struct config *config = parse("{\"times\": {\"stomp_send\": 200}}");

	ck_assert_uint_eq(config->times.stomp_send_least, 200);
	config_unref(config);
	config = parse("{\"times\": {\"stomp_send\": 0}}");
	ck_assert_uint_eq(config->times.stomp_send, 0);
	config_unref(config);
}
END_TEST

START_TEST(an_endpoints_origins_replace_the_global_ones)
{
	struct config *config =
		parse("{\"endpoints\": [{\"path\": \"/a\"},"
		      "{\"path\": \"/b\", \"allowed_origins\": [\"*\"]},"
		      "{\"path\": \"/c\", \"allowed_origins\": []}],"
		      "\"allowed_origins\": [\"https://x\", \"http://y:81\"]}");

	ck_assert_uint_eq(config->endpoints[0].allowed_origins.count, 2);
	ck_assert_slice_eq(
		config->endpoints[0].allowed_origins.items[1], SLICE("http://y:81"));
	ck_assert_uint_eq(config->endpoints[1].allowed_origins.count, 1);
	ck_assert_slice_eq(config->endpoints[1].allowed_origins.items[0], SLICE("*"));
	ck_assert_uint_eq(config->endpoints[2].allowed_origins.count, 0);
	config_unref(config);
}
END_TEST

START_TEST(an_endpoint_without_a_policy_for_slow_consumers_has_the_global_one)
{
	struct config *config =
		parse("{\"endpoints\": [{\"path\": \"/a\"},"
		      "{\"path\": \"/b\", \"slow_consumer\": \"latest\"}],"
		      "\"slow_consumer\": \"drop-oldest\"}");

	ck_assert_slice_eq(config->endpoints[0].slow_consumer, SLICE("drop-oldest"));
	ck_assert_slice_eq(config->endpoints[1].slow_consumer, SLICE("latest"));
	ck_assert_slice_eq(config->tcp.slow_consumer, SLICE("drop-oldest"));
	config_unref(config);
}
END_TEST

START_TEST(loopback_is_exempt_unless_others_are)
{
	struct address loopback, other;
	struct config *config = parse("{}");

	address_parse(SLICE("127.1.2.3"), &loopback);
	address_parse(SLICE("192.0.2.1"), &other);
	ck_assert(networks_have(&config->exempt, &loopback));
	ck_assert(!networks_have(&config->exempt, &other));
	config_unref(config);

	config = parse("{\"exempt_addresses\": [\"192.0.2.0/24\"]}");
	ck_assert(!networks_have(&config->exempt, &loopback));
	ck_assert(networks_have(&config->exempt, &other));
	config_unref(config);
}
END_TEST

START_TEST(a_route_has_targets_and_a_body)
{
	struct config *config =
		parse("{\"app\": {\"routes\": [{\"match\": \"/app/{room}\","
		      "\"send_to\": [\"/topic/{room}\", \"/topic/all\"],"
		      "\"body\": {\"room\": \"{var.room}\"}},"
		      "{\"match\": \"/app/plain\", \"send_to\": \"/topic/one\"},"
		      "{\"match\": \"/app/bare\"}]}}");
	const struct route *routes = config->routes;

	ck_assert_uint_eq(config->route_count, 3);
	ck_assert_slice_eq(routes[0].match, SLICE("/app/{room}"));
	ck_assert_uint_eq(routes[0].send_to_count, 2);
	ck_assert_slice_eq(routes[0].send_to[1], SLICE("/topic/all"));
	ck_assert_ptr_nonnull(routes[0].body);
	ck_assert_uint_eq(routes[1].send_to_count, 1);
	ck_assert_slice_eq(routes[1].send_to[0], SLICE("/topic/one"));
	ck_assert_ptr_null(routes[1].body);
	ck_assert_uint_eq(routes[2].send_to_count, 0);
	config_unref(config);
}
END_TEST

START_TEST(the_built_in_configuration_is_the_demo)
{
	struct buf error = {0};
	struct config *config = config_read(NULL, NULL, &error);

	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	ck_assert_slice_eq(config->listen, SLICE("0.0.0.0:8080"));
	ck_assert_uint_eq(config->endpoint_count, 2);
	ck_assert_slice_eq(config->endpoints[0].path, SLICE("/chat"));
	ck_assert_slice_eq(config->endpoints[1].path, SLICE("/ws/chat"));
	ck_assert(!config->endpoints[1].sockjs);
	ck_assert_slice_eq(
		config->endpoints[1].reply, SLICE("Welcome chatting sever~^^"));
	ck_assert_slice_eq(config->routes[0].send_to[0], SLICE("/topic/messages"));
	ck_assert_ptr_nonnull(config->routes[0].body);
	ck_assert(config->www_bundled);
	config_unref(config);
}
END_TEST

static const struct {
	const char *json, *name, *www;
	bool bundled;
} folders[] = {
	{"{}", "/etc/postern/c.json", "", true},
	{"{\"www\": \"\"}", "/etc/postern/c.json", "", false},
	/* folders that every Linux has */
	{"{\"www\": \"self\"}", "/proc/c.json", "/proc/self", false},
	{"{\"www\": \"../self\"}", "/no/conf/c.json", NULL, false},
	{"{\"www\": \"../proc\"}", "/sys/c.json", "/sys/../proc", false},
	{"{\"www\": \"proc\"}", "/sys/../c.json", "/proc", false},
	{"{\"www\": \"proc\"}", "/c.json", "/proc", false},
	{"{\"www\": \"/proc\"}", "/etc/postern/c.json", "/proc", false},
};

START_TEST(a_relative_www_counts_from_the_files_folder)
{
	struct buf error = {0};
	struct config *config = config_parse(
		slice_of(folders[_i].json), folders[_i].name, NULL, &error);

	if (folders[_i].www == NULL) {
		ck_assert_ptr_null(config);
		ck_assert_slice_eq(buf_slice(&error),
			SLICE("/no/conf/c.json:1:2: www: /no/conf/../self: No such "
			      "file or directory"));
	} else {
		ck_assert_ptr_nonnull(config);
		ck_assert_slice_eq(config->www, slice_of(folders[_i].www));
		ck_assert(config->www_bundled == folders[_i].bundled);
	}
	config_unref(config);
	buf_finish(&error);
}
END_TEST

START_TEST(a_relative_www_becomes_absolute)
{
	static const char *const names[] = {"c.json", "./c.json", "tests/../c.json"};
	char *here = realpath(".", NULL);
	struct buf expected = {0}, error = {0};

	buf_printf(&expected, "%s/www", here);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct config *config = config_parse(
			SLICE("{\"www\": \"www\"}"), names[i], NULL, &error);

		ck_assert_ptr_nonnull(config);
		ck_assert_slice_eq(config->www, buf_slice(&expected));
		config_unref(config);
	}
	buf_finish(&expected);
	free(here);
}
END_TEST

START_TEST(a_file_is_read)
{
	char folder[] = "/tmp/test_config.XXXXXX", path[64], pages[64];
	struct buf error = {0};

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/postern.json", folder);
	snprintf(pages, sizeof(pages), "%s/pages", folder);
	ck_assert_int_eq(mkdir(pages, 0700), 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(dprintf(fd, "{\"workers\": 2, \"www\": \"pages\"}\n"), -1);
	close(fd);
	struct config *config = config_read(path, NULL, &error);
	unlink(path);
	rmdir(pages);
	rmdir(folder);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->workers, 2);
	ck_assert_slice_eq(config->www, slice_of(pages));
	config_unref(config);
}
END_TEST

START_TEST(clients_are_versions_with_files)
{
	struct buf error = {0};
	struct config *config = config_parse(
		SLICE("{\"sockjs_clients\": ["
		      "{\"version\": \"0.3.4\", \"file\": \"test_config.c\"},"
		      "{\"version\": \"2\", \"file\": \"/proc/self/exe\"}]}"),
		"tests/c.json", NULL, &error);

	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	ck_assert_uint_eq(config->sockjs_client_count, 2);
	ck_assert_slice_eq(config->sockjs_clients[0].version, SLICE("0.3.4"));
	char *file = realpath("tests/test_config.c", NULL);
	ck_assert_slice_eq(config->sockjs_clients[0].file, slice_of(file));
	free(file);
	ck_assert_slice_eq(config->sockjs_clients[1].version, SLICE("2"));
	ck_assert_slice_eq(config->sockjs_clients[1].file, SLICE("/proc/self/exe"));
	config_unref(config);
}
END_TEST

static const struct {
	const char *value;
	bool valid;
} versions[] = {
	{"1.6.1", true},
	{"0.3.4", true},
	{"10", true},
	{"", false},
	{".", false},
	{"..", false},
	{"1.", false},
	{".1", false},
	{"1..2", false},
	{"1/2", false},
	{"1.0.0-beta.1", false},
	{"v1", false},
	{" 1", false},
};

START_TEST(a_version_is_numbers_with_dots_between)
{
	ck_assert_msg(
		config_version(slice_of(versions[_i].value)) == versions[_i].valid,
		"\"%s\"", versions[_i].value);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *read = unit_case(suite, "reading");

	tcase_add_test(read, an_empty_object_gives_the_documented_defaults);
	tcase_add_test(read, an_endpoint_has_defaults_of_its_own);
	tcase_add_test(read, every_key_is_read_into_its_field);
	tcase_add_test(read, the_least_pace_of_beats_follows_the_usual_one);
	tcase_add_test(read, an_endpoints_origins_replace_the_global_ones);
	tcase_add_test(read,
		an_endpoint_without_a_policy_for_slow_consumers_has_the_global_one);
	tcase_add_test(read, loopback_is_exempt_unless_others_are);
	tcase_add_test(read, a_route_has_targets_and_a_body);
	tcase_add_test(read, the_built_in_configuration_is_the_demo);
	unit_add_table(read, a_relative_www_counts_from_the_files_folder, folders);
	tcase_add_test(read, a_relative_www_becomes_absolute);
	tcase_add_test(read, clients_are_versions_with_files);
	unit_add_table(read, a_version_is_numbers_with_dots_between, versions);
	tcase_add_test(read, a_file_is_read);
	return unit_run(suite);
}
