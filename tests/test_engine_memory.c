/* The built-in engine fulfils the duties of every engine. */
/* tags: workers */
#include "tests/support/engine_suite.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct workers *start(const char *members)
{
	return still_workers_create(members);
}

static const struct engine_site site = {
	.name = "memory engine",
	.start = start,
	.settle = still_workers_settle,
	.stop = still_workers_destroy,
};

int main(void)
{
	return unit_run(engine_suite(&site));
}
