#include "gateway/worker/watchdog.h"

#include "gateway/base/notify.h"
#include "gateway/worker/worker.h"

/* A round may take three quarters of the time that the manager allows. */
enum { ROUNDS = 4 };

static void watchdog_wait(struct watchdog *watchdog)
{
	loop_timer_start(
		watchdog->workers->all[0]->loop, &watchdog->timer, watchdog->interval);
}

static void token_run(struct worker *worker, struct post *post)
{
	if (worker->index == 0) {
		notify_alive();
		watchdog_wait(container_of(post, struct watchdog, token));
		return;
	}
	worker_post(worker, (worker->index + 1) % worker->workers->count, post);
}

static void watchdog_on_round(struct timer *timer)
{
	struct watchdog *watchdog = container_of(timer, struct watchdog, timer);
	struct workers *workers = watchdog->workers;

	worker_post(workers->all[0], 1 % workers->count, &watchdog->token);
}

void watchdog_start(struct watchdog *watchdog, struct workers *workers)
{
	*watchdog = (struct watchdog){
		.workers = workers,
		.interval = notify_watchdog() / ROUNDS,
		.timer = {.fire = watchdog_on_round},
		.token = {.size = sizeof(*watchdog), .run = token_run},
	};
	if (watchdog->interval > 0)
		watchdog_wait(watchdog);
}
