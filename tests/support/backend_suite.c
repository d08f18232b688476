#include "tests/support/backend_suite_internal.h"

#include "tests/support/still_crew.h"

struct backend_stage backend_stage;

static void begin(const char *members)
{
	struct backend_stage *stage = &backend_stage;

	stage->crew = stage->site->start(members);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		struct worker *worker = stage->crew->workers[i % stage->crew->count];

		customer_enter(&stage->customers[i], worker, stage->site->backend);
	}
	settle_down();
}

void backend_setup(void)
{
	begin("'broker': {'nacks': 2, 'losses': 2}");
}

void backend_setup_small(void)
{
	begin("'limits': {'backlog_messages': 3, 'destinations': 4}");
}

void backend_teardown(void)
{
	struct backend_stage *stage = &backend_stage;

	for (int i = 0; i < CUSTOMERS; i++)
		customer_leave(&stage->customers[i]);
	settle_down();
	for (unsigned i = 0; i < stage->crew->count; i++) {
		const struct broker *broker = stage->crew->workers[i]->broker;

		ck_assert_uint_eq(broker->subscriptions.entries.count, 0);
		ck_assert_uint_eq(broker->commits.entries.count, 0);
	}
	stage->site->stop(stage->crew);
	for (int i = 0; i < CUSTOMERS; i++)
		memory_outlet_finish(&stage->customers[i].outlet);
}

Suite *backend_suite(const struct backend_site *site)
{
	Suite *suite = suite_create(site->name);

	backend_stage.site = site;
	backend_suite_add_topics(suite);
	backend_suite_add_queues(suite);
	backend_suite_add_commits(suite);
	return suite;
}
