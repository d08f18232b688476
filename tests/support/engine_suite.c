#include "tests/support/engine_suite_internal.h"

struct engine_stage engine_stage;

static void begin(const char *members)
{
	struct engine_stage *stage = &engine_stage;

	stage->workers = stage->site->start(members);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		struct worker *worker = stage->workers->all[i % stage->workers->count];

		customer_enter(&stage->customers[i], worker);
	}
	settle_down();
}

void engine_setup(void)
{
	begin("'broker': {'nacks': 2, 'losses': 2}");
}

void engine_setup_small(void)
{
	begin("'limits': {'backlog_messages': 3, 'destinations': 4, 'share': 100}");
}

void engine_teardown(void)
{
	struct engine_stage *stage = &engine_stage;

	for (int i = 0; i < CUSTOMERS; i++)
		customer_leave(&stage->customers[i]);
	settle_down();
	for (unsigned i = 0; i < stage->workers->count; i++) {
		const struct broker *broker = stage->workers->all[i]->broker;

		ck_assert_uint_eq(broker->subscriptions.entries.count, 0);
		ck_assert_uint_eq(broker->commits.entries.count, 0);
	}
	stage->site->stop(stage->workers);
	for (int i = 0; i < CUSTOMERS; i++)
		memory_outlet_finish(&stage->customers[i].outlet);
}

Suite *engine_suite(const struct engine_site *site)
{
	Suite *suite = suite_create(site->name);

	engine_stage.site = site;
	engine_suite_add_requests(suite);
	engine_suite_add_topics(suite);
	engine_suite_add_queues(suite);
	engine_suite_add_bounds(suite);
	engine_suite_add_commits(suite);
	engine_suite_add_ends(suite);
	engine_suite_add_life(suite);
	return suite;
}
