#include "gateway/session/pressure.h"

#include "gateway/base/footprint.h"
#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	LOOK_EVERY_MS = 250,
	RELIEF = 16,          /* 1/16 of the limit */
	ALLOWED = 4,          /* 1/4 of it */
	TRIM_EVERY = 16,      /* looks: 4 s */
	TRIM_SOON = 4,        /* the same while freed memory takes room from clients */
	TRIM_LEAST = 4 << 20, /* bytes */
	TRIM_REST = 4 << 20,  /* bytes, freed after the latest trim */
};

struct shed_post {
	struct post post;
	uint64_t bytes;
};

static void pressure_shed_run(struct worker *worker, struct post *post)
{
	struct shed_post *shed = container_of(post, struct shed_post, post);

	sessions_shed(worker->sessions, shed->bytes);
	free(shed);
}

/*
 * Each worker sheds its share. If one worker has too little queued, the next look, 250
 * ms later, sheds more from the others.
 */
static void pressure_shed(struct pressure *pressure, uint64_t excess)
{
	struct workers *workers = pressure->workers;

	for (unsigned i = 0; i < workers->count; i++) {
		struct shed_post *shed = xmalloc(sizeof(*shed));

		*shed = (struct shed_post){
			{.size = sizeof(*shed), .run = pressure_shed_run},
			excess / workers->count + 1};
		worker_post(workers->all[0], i, &shed->post);
	}
}

static void pressure_set(struct workers *workers, bool tight, uint64_t used)
{
	atomic_store(&workers->tight, tight);
	log_warn(tight ? "memory: %" PRIu64
			 " MiB are above the limit: no session is opened"
		       : "memory: %" PRIu64 " MiB: sessions are opened again",
		used >> 20);
}

/*
 * What the process has and budget_counted() does not: code, stacks, most of what
 * libraries have, and what was freed and not returned to the system. A part of the
 * limit is allowed for that, since the free memory between two blocks is used again: if
 * all of it counted, fragmented memory would refuse everybody.
 */
static void pressure_correct(struct pressure *pressure, int64_t beside)
{
	const int64_t much = beside - (int64_t)(pressure->soft / ALLOWED);

	atomic_store_explicit(&pressure->workers->budget.correction,
		much > 0 ? much : 0, memory_order_relaxed);
}

/*
 * Returning memory stops every thread that allocates, for up to 1 ms a MB. So it waits
 * until much is free, or was freed since the last time, and then some looks.
 */
static void pressure_trim(struct pressure *pressure, int64_t counted, int64_t beside)
{
	const int64_t half = counted / 2;
	const int64_t much = half > TRIM_LEAST ? half : TRIM_LEAST;

	pressure->looks++;
	if (counted > pressure->peak)
		pressure->peak = counted;
	/* A fall may go on after a trim; the end of it is returned, too. */
	const bool has_fallen =
		pressure->peak - counted > (pressure->falls ? TRIM_REST : much);
	const bool is_short = beside > (int64_t)(pressure->soft / ALLOWED);
	if ((!has_fallen && beside <= much) ||
		pressure->looks < (is_short ? TRIM_SOON : TRIM_EVERY))
		return;
	footprint_trim();
	pressure->falls = has_fallen && !pressure->falls;
	pressure->looks = 0;
	pressure->peak = counted;
}

void pressure_look(struct pressure *pressure, uint64_t used)
{
	struct workers *workers = pressure->workers;
	const uint64_t part = pressure->soft / RELIEF;
	const bool tight = atomic_load(&workers->tight);
	const int64_t counted = budget_counted(workers);

	pressure_correct(pressure, (int64_t)used - counted);
	pressure_trim(pressure, counted, (int64_t)used - counted);
	if (used > pressure->soft && !tight)
		pressure_set(workers, true, used);
	else if (tight && used >= pressure->soft - part) /* until new ones may come */
		pressure_shed(pressure, used - (pressure->soft - 2 * part));
	else if (tight)
		pressure_set(workers, false, used);
}

static void pressure_on_look(struct timer *timer)
{
	struct pressure *pressure = container_of(timer, struct pressure, timer);

	pressure_look(pressure, footprint_used());
	loop_timer_start(pressure->workers->all[0]->loop, timer, LOOK_EVERY_MS);
}

void pressure_start(struct pressure *pressure, struct workers *workers)
{
	const uint64_t wanted = workers->config->limits.memory;

	*pressure = (struct pressure){
		.workers = workers,
		.soft = wanted != 0 ? wanted : footprint_limit() / 5 * 4,
		.timer = {.fire = pressure_on_look},
	};
	workers->budget.limit = (int64_t)pressure->soft;
	loop_timer_start(workers->all[0]->loop, &pressure->timer, LOOK_EVERY_MS);
}
