#include "gateway/session/pressure.h"

#include "gateway/base/footprint.h"
#include "gateway/base/log.h"
#include "gateway/config/config.h"
#include "gateway/session/sessions.h"
#include "gateway/worker/worker.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LOOK_EVERY_MS = 250, RELIEF = 16 /* 1/16 of the limit */ };

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

void pressure_look(struct pressure *pressure, uint64_t used)
{
	struct workers *workers = pressure->workers;
	const uint64_t part = pressure->soft / RELIEF;
	const bool tight = atomic_load(&workers->tight);

	if (used > pressure->soft || tight)
		footprint_trim();
	if (used > pressure->soft && !tight)
		pressure_set(workers, true, used);
	else if (used > pressure->soft) /* relieved enough to admit new sessions */
		pressure_shed(pressure, used - (pressure->soft - 2 * part));
	else if (tight && used < pressure->soft - part)
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
	loop_timer_start(workers->all[0]->loop, &pressure->timer, LOOK_EVERY_MS);
}
