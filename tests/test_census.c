/* Where sessions are counted: endpoints come with reloads, and none goes. */
#include "gateway/worker/census.h"

#include "gateway/config/config.h"
#include "tests/support/unit.h"

static struct census *census;

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

	census_add(census, config);
	config_unref(config);
}

static void setup(void)
{
	struct config *config = with("{\"path\": \"/a\"}");

	census = census_create(config);
	config_unref(config);
}

static void teardown(void)
{
	census_destroy(census);
}

START_TEST(an_endpoint_keeps_its_place)
{
	add("{\"path\": \"/b\"}");
	add("{\"path\": \"/c\"}, {\"path\": \"/b\"}, {\"path\": \"/a\"}");
	ck_assert_uint_eq(census_count(census), 3);
	ck_assert_uint_eq(census_find(census, SLICE("/a")), 0);
	ck_assert_uint_eq(census_find(census, SLICE("/b")), 1);
	ck_assert_uint_eq(census_find(census, SLICE("/c")), 2);
	ck_assert_slice_eq(census_at(census, 1)->path, SLICE("/b"));
}
END_TEST

START_TEST(who_is_not_there_has_none)
{
	ck_assert_uint_eq(census_find(census, SLICE("/b")), census_capacity(census));
	ck_assert_uint_eq(census_find(census, SLICE("/aa")), census_capacity(census));
}
END_TEST

START_TEST(what_was_possible_once_stays_so)
{
	add("{\"path\": \"/b\", \"sockjs\": false}");
	ck_assert(!census_at(census, 1)->sockjs && census_at(census, 1)->websocket);
	add("{\"path\": \"/b\", \"websocket\": false}");
	ck_assert(census_at(census, 1)->sockjs && census_at(census, 1)->websocket);
}
END_TEST

START_TEST(there_is_room_for_some_that_come_later)
{
	char endpoint[64];

	for (int i = 0; i < CENSUS_LATER + 3; i++) {
		snprintf(endpoint, sizeof(endpoint), "{\"path\": \"/%d\"}", i);
		add(endpoint);
	}
	ck_assert_uint_eq(census_count(census), census_capacity(census));
	ck_assert_uint_eq(census_count(census), 1 + CENSUS_LATER);
	ck_assert_uint_eq(census_find(census, slice_of("/63")), 64);
	ck_assert_uint_eq(census_find(census, SLICE("/64")), census_capacity(census));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("census");
	TCase *tcase = unit_case(suite, "census");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_endpoint_keeps_its_place);
	tcase_add_test(tcase, who_is_not_there_has_none);
	tcase_add_test(tcase, what_was_possible_once_stays_so);
	tcase_add_test(tcase, there_is_room_for_some_that_come_later);
	return unit_run(suite);
}
