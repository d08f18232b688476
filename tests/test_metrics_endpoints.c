/* The endpoints where sessions are counted: reloads add some, and none is removed. */
#include "gateway/worker/metrics_endpoints.h"

#include "gateway/config/config.h"
#include "tests/support/unit.h"

static struct metrics_endpoints *metrics_endpoints;

/* A configuration with those endpoints. */
static struct config *with(const char *endpoints)
{
	struct buf text = {0}, error = {0};

	buf_printf(&text, "{\"endpoints\": [%s]}", endpoints);
	struct config *config = config_parse(buf_slice(&text), "c.json", NULL, &error);
	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	buf_finish(&text);
	return config;
}

static void add(const char *endpoints)
{
	struct config *config = with(endpoints);

	metrics_endpoints_add(metrics_endpoints, config);
	config_unref(config);
}

static void setup(void)
{
	struct config *config = with("{\"path\": \"/a\"}");

	metrics_endpoints = metrics_endpoints_create(config);
	config_unref(config);
}

static void teardown(void)
{
	metrics_endpoints_destroy(metrics_endpoints);
}

START_TEST(an_endpoint_keeps_its_place)
{
	add("{\"path\": \"/b\"}");
	add("{\"path\": \"/c\"}, {\"path\": \"/b\"}, {\"path\": \"/a\"}");
	ck_assert_uint_eq(metrics_endpoints_count(metrics_endpoints), 3);
	ck_assert_uint_eq(metrics_endpoints_find(metrics_endpoints, SLICE("/a")), 0);
	ck_assert_uint_eq(metrics_endpoints_find(metrics_endpoints, SLICE("/b")), 1);
	ck_assert_uint_eq(metrics_endpoints_find(metrics_endpoints, SLICE("/c")), 2);
	ck_assert_slice_eq(
		metrics_endpoints_at(metrics_endpoints, 1)->path, SLICE("/b"));
}
END_TEST

START_TEST(who_is_not_there_has_none)
{
	ck_assert_uint_eq(metrics_endpoints_find(metrics_endpoints, SLICE("/b")),
		metrics_endpoints_capacity(metrics_endpoints));
	ck_assert_uint_eq(metrics_endpoints_find(metrics_endpoints, SLICE("/aa")),
		metrics_endpoints_capacity(metrics_endpoints));
}
END_TEST

START_TEST(what_was_possible_once_stays_so)
{
	add("{\"path\": \"/b\", \"sockjs\": false}");
	ck_assert(!metrics_endpoints_at(metrics_endpoints, 1)->sockjs &&
		  metrics_endpoints_at(metrics_endpoints, 1)->websocket);
	add("{\"path\": \"/b\", \"websocket\": false}");
	ck_assert(metrics_endpoints_at(metrics_endpoints, 1)->sockjs &&
		  metrics_endpoints_at(metrics_endpoints, 1)->websocket);
}
END_TEST

START_TEST(there_is_room_for_some_that_come_later)
{
	char endpoint[64];

	for (int i = 0; i < METRICS_ENDPOINTS_LATER + 3; i++) {
		snprintf(endpoint, sizeof(endpoint), "{\"path\": \"/%d\"}", i);
		add(endpoint);
	}
	ck_assert_uint_eq(metrics_endpoints_count(metrics_endpoints),
		metrics_endpoints_capacity(metrics_endpoints));
	ck_assert_uint_eq(metrics_endpoints_count(metrics_endpoints),
		1 + METRICS_ENDPOINTS_LATER);
	ck_assert_uint_eq(
		metrics_endpoints_find(metrics_endpoints, slice_of("/63")), 64);
	ck_assert_uint_eq(metrics_endpoints_find(metrics_endpoints, SLICE("/64")),
		metrics_endpoints_capacity(metrics_endpoints));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics endpoints");
	TCase *tcase = unit_case(suite, "metrics endpoints");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_endpoint_keeps_its_place);
	tcase_add_test(tcase, who_is_not_there_has_none);
	tcase_add_test(tcase, what_was_possible_once_stays_so);
	tcase_add_test(tcase, there_is_room_for_some_that_come_later);
	return unit_run(suite);
}
