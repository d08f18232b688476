#include "transports/base/reading.h"

#include "gateway/worker/worker.h"

void reading_init(struct reading *reading, struct worker *worker)
{
	reading->worker = worker;
	list_init(&reading->ready);
	list_init(&reading->busy);
}

bool reading_begin(struct reading *reading, struct list *link)
{
	if (list_is_linked(link))
		return false;
	if (!reading_is_over(reading) || loop_is_late(reading->worker->loop))
		return true;
	list_append(&reading->ready, link);
	return false;
}

void reading_go_on(struct reading *reading, struct list *link)
{
	if (!list_is_linked(link))
		list_append(&reading->busy, link);
}

bool reading_is_over(struct reading *reading)
{
	return worker_reading_is_over(reading->worker);
}

/* Those that are still in the list come before those that `run` puts there. */
static void reading_run(
	struct reading *reading, struct list *some, void (*run)(struct list *link))
{
	struct list now, *link;

	list_init(&now);
	list_join(&now, some);
	while ((link = list_take_first(&now)) != NULL) {
		run(link);
		if (reading_is_over(reading))
			break;
	}
	list_join(&now, some);
	list_join(some, &now);
}

bool reading_turn(struct reading *reading, void (*run)(struct list *link))
{
	if (list_is_empty(&reading->ready) && list_is_empty(&reading->busy))
		return false;
	worker_begin_reading(reading->worker);
	reading_run(reading, &reading->ready, run);
	reading_run(reading, &reading->busy, run);
	return !list_is_empty(&reading->ready) || !list_is_empty(&reading->busy);
}
