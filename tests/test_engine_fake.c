/* The fake engine of the tests fulfils the duties of every engine, on time and late. */
/* tags: workers */
#include "tests/support/engine_suite.h"
#include "tests/support/fake_engine.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct workers *start(const char *members)
{
	still_workers_share(fake_engine_owns_all);
	return still_workers_create(members);
}

#define SITE(title)                                                                    \
	{                                                                              \
		.name = (title), .start = start, .settle = still_workers_settle,       \
		.stop = still_workers_destroy                                          \
	}

static const struct {
	struct fake_engine script;
	struct engine_site site;
} manners[] = {
	{{.turns = 0}, SITE("fake engine")},
	{{.turns = 3}, SITE("fake engine, three turns late")},
	{{.turns = 5, .is_random = true, .chance = {1}},
		SITE("fake engine, late by chance 1")},
	{{.turns = 5, .is_random = true, .chance = {2}},
		SITE("fake engine, late by chance 2")},
};

int main(void)
{
	int failed = EXIT_SUCCESS;

	for (size_t i = 0; i < COUNT(manners); i++) {
		fake_engine = manners[i].script;
		if (unit_run(engine_suite(&manners[i].site)) != EXIT_SUCCESS)
			failed = EXIT_FAILURE;
	}
	return failed;
}
