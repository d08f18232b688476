/* Changed and kept keys of a reload, and the holders of snapshots meanwhile. */
/* tags: workers */
#include "gateway/config/config_reload.h"

#include "gateway/base/log.h"
#include "gateway/config/config_print.h"
#include "gateway/config/config_settings.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <unistd.h>

/* Files */

static char path[] = "/tmp/postern-reload-XXXXXX";
static struct config_settings settings;
static struct buf error;
static json_t *started;

static void write_file(const char *json)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	for (; *json != '\0'; json++)
		fputc(*json == '\'' ? '"' : *json, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	close(fd);
	log_set_level(LOG_ERROR);
}

static void teardown(void)
{
	unlink(path);
	config_settings_finish(&settings);
	json_decref(started);
	buf_finish(&error);
}

/* The configuration that the server starts with. */
static void start(const char *json)
{
	write_file(json);
	struct config *config = config_read(path, &settings, &error);
	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	started = config_to_json(config);
	config_unref(config);
}

static struct config *reload(const char *json)
{
	write_file(json);
	return config_reload(path, &settings, started, &error);
}

START_TEST(a_reload_changes_what_can_change)
{
	start("{}");
	struct config *config = reload("{'limits': {'frame': 1000, 'sessions': 3},"
				       "'times': {'ping': 7}, 'log_level': 'warn',"
				       "'allowed_origins': ['*'], 'endpoints':"
				       " [{'path': '/new'}]}");

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->limits.frame, 1000);
	ck_assert_uint_eq(config->times.ping, 7);
	ck_assert_slice_eq(config->log_level, SLICE("warn"));
	ck_assert_uint_eq(config->endpoints[0].allowed_origins.count, 1);
	config_unref(config);
}
END_TEST

START_TEST(a_reload_keeps_what_needs_a_restart)
{
	start("{'listen': ':81', 'workers': 2, 'limits': {'head': 4000},"
	      "'broker': {'prefixes': ['/a', '/b']}}");
	struct config *config =
		reload("{'listen': ':82', 'workers': 3, 'timezone': 'UTC',"
		       "'limits': {'head': 5000, 'headers': 9},"
		       "'broker': {'prefixes': ['/c'], 'prefetch': 5}}");

	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	ck_assert_slice_eq(config->port, SLICE("81"));
	ck_assert_uint_eq(config->workers, 2);
	ck_assert_uint_eq(config->timezone.len, 0);
	ck_assert_uint_eq(config->limits.head, 4000);
	ck_assert_uint_eq(config->limits.headers, 9);
	ck_assert_uint_eq(config->broker_prefixes.count, 2);
	ck_assert_slice_eq(config->broker_prefixes.items[1], SLICE("/b"));
	ck_assert_uint_eq(config->prefetch, 5);
	config_unref(config);
}
END_TEST

START_TEST(settings_go_over_the_file_in_a_reload_too)
{
	struct config_leaves leaves;

	config_leaves_list(&leaves, CONFIG_PATH);
	config_settings_add(&settings, config_leaves_find(&leaves, SLICE("times.ping")),
		SLICE("--times.ping"), "77");
	config_leaves_finish(&leaves);
	start("{}");
	struct config *config = reload("{'times': {'ping': 5, 'pong': 6}}");
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->times.ping, 77);
	ck_assert_uint_eq(config->times.pong, 6);
	config_unref(config);
}
END_TEST

static const struct {
	const char *json, *error;
} mistakes[] = {
	{"{'listen': ", ":1:12: unexpected token near end of file"},
	{"{'limits': {\n'frame': 1}}",
		":2:1: limits.frame: must be from 256 to 1073741824 bytes"},
};

START_TEST(a_file_with_a_mistake_gives_nothing)
{
	start("{}");
	ck_assert_ptr_null(reload(mistakes[_i].json));
	ck_assert_slice_eq(slice_from(buf_slice(&error), strlen(path)),
		slice_of(mistakes[_i].error));
}
END_TEST

START_TEST(what_does_not_go_with_what_stays_is_told)
{
	start("{'broker': {'prefixes': ['/a']}}");
	ck_assert_ptr_null(reload("{'broker': {'prefixes': ['/b']},"
				  "'app': {'prefixes': ['/a']}}"));
	ck_assert(slice_ends_with(buf_slice(&error),
		SLICE("broker.prefixes[0]: \"/a\" is also in app.prefixes")));
}
END_TEST

/* Snapshots */

static struct workers *workers;
static struct config *next;

static void setup_workers(void)
{
	workers = still_workers_create("");
	next = config_of("{'endpoints': [{'path': '/reply', 'handler': 'reply',"
			 "'reply': 'Now'}]}");
}

static void teardown_workers(void)
{
	config_unref(next);
	still_workers_destroy(workers);
}

static unsigned holders(const struct config *config)
{
	return atomic_load(&config->holders);
}

START_TEST(every_worker_goes_by_the_new_snapshot_and_nobody_by_the_old)
{
	const struct config *old = config_ref(workers->config);

	workers_configure(workers, next);
	ck_assert_ptr_eq(workers->all[0]->config, old); /* not before its turn */
	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		ck_assert_ptr_eq(workers->all[i]->config, next);
	ck_assert_uint_eq(holders(old), 1); /* ours */
	/* Ours, that of all workers; each worker's, and its review's. */
	ck_assert_uint_eq(holders(next), 2 + 2 * workers->count);
	config_unref(old);
}
END_TEST

START_TEST(a_session_keeps_the_endpoint_that_it_was_opened_at)
{
	const struct config *old = config_ref(workers->config);
	struct worker *worker = workers->all[0];
	struct session *session = still_workers_open(worker, "/reply", SESSION_RAW, "");
	struct memory_outlet outlet = {.wire = WIRE_PLAIN};

	memory_outlet_attach(&outlet, session);
	workers_configure(workers, next);
	still_workers_settle(workers);
	ck_assert_uint_eq(holders(old), 2); /* the session's, ours */
	session_receive(session, SLICE("?"), PAYLOAD_TEXT);
	still_workers_settle(workers);
	ck_assert_str_eq(memory_outlet_got(&outlet), "Yes");

	session_lost(session, ENDING_INTERRUPTED);
	still_workers_settle(workers);
	ck_assert_uint_eq(holders(old), 1);
	config_unref(old);
	memory_outlet_finish(&outlet);
}
END_TEST

START_TEST(a_session_is_found_by_the_path_of_its_endpoint_ever_after)
{
	struct worker *worker = workers->all[0];
	struct session *session =
		still_workers_open(worker, "/reply", SESSION_SOCKJS, "abc");

	workers_configure(workers, next);
	still_workers_settle(workers);
	const struct endpoint *now = still_workers_endpoint(workers, "/reply");
	ck_assert_ptr_ne(session_endpoint(session), now);
	ck_assert_ptr_eq(session_find(worker, now, SLICE("abc")), session);
}
END_TEST

START_TEST(a_post_on_its_way_holds_its_snapshot)
{
	const struct config *old = config_ref(workers->config);
	struct config *third = config_of("{}");

	workers_configure(workers, next);
	workers_configure(workers, third); /* before any worker has had a turn */
	still_workers_settle(workers);
	for (unsigned i = 0; i < workers->count; i++)
		ck_assert_ptr_eq(workers->all[i]->config, third);
	ck_assert_uint_eq(holders(next), 1);
	ck_assert_uint_eq(holders(old), 1);
	config_unref(old);
	config_unref(third);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_reload");
	TCase *files = unit_case(suite, "files");
	TCase *snapshots = unit_case(suite, "snapshots");

	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, a_reload_changes_what_can_change);
	tcase_add_test(files, a_reload_keeps_what_needs_a_restart);
	tcase_add_test(files, settings_go_over_the_file_in_a_reload_too);
	unit_add_table(files, a_file_with_a_mistake_gives_nothing, mistakes);
	tcase_add_test(files, what_does_not_go_with_what_stays_is_told);
	tcase_add_checked_fixture(snapshots, setup_workers, teardown_workers);
	tcase_add_test(
		snapshots, every_worker_goes_by_the_new_snapshot_and_nobody_by_the_old);
	tcase_add_test(snapshots, a_session_keeps_the_endpoint_that_it_was_opened_at);
	tcase_add_test(
		snapshots, a_session_is_found_by_the_path_of_its_endpoint_ever_after);
	tcase_add_test(snapshots, a_post_on_its_way_holds_its_snapshot);
	return unit_run(suite);
}
