#include "gateway/server.h"

#include "gateway/crew.h"
#include "gateway/log.h"
#include "gateway/notify.h"
#include "gateway/pressure.h"
#include "gateway/watchdog.h"
#include "gateway/worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

/*
 * libwebsockets keeps tables of 16 bytes for each descriptor that the process
 * may have; "infinity", which some containers set, would be 17 GB.
 */
enum { DESCRIPTORS_MAX = 1048576 };

static void limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	limit.rlim_cur =
		limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		log_warn("server: cannot set the limit of descriptors: %s",
			strerror(errno));
}

static void set_timezone(struct slice name)
{
	if (name.len > 0) {
		char *value = strndup(name.data, name.len);

		if (value != NULL)
			setenv("TZ", value, 1);
		free(value);
	}
	tzset();
}

static int make_key(struct hash_key *key)
{
	if (getrandom(key, sizeof(*key), 0) == (ssize_t)sizeof(*key))
		return 0;
	log_error("server: no random numbers: %s", strerror(errno));
	return -1;
}

/* From here on everything ends anyway; libuv would restore what kills. */
static void ignore_signals(void)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stops, NULL);
}

/* As many as the configuration says, or as there are cores for this process. */
static unsigned count_workers(const struct config *config)
{
	cpu_set_t cores;

	if (config->workers > 0)
		return config->workers;
	if (sched_getaffinity(0, sizeof(cores), &cores) == -1)
		return 1;
	return CPU_COUNT(&cores) < WORKERS_MAX ? (unsigned)CPU_COUNT(&cores)
					       : WORKERS_MAX;
}

static void on_stop(void *context)
{
	log_info("server: stopping");
	notify_stopping();
	crew_stop(context);
}

/* What worker 0 looks after; it outlives the crew. */
struct care {
	struct watchdog watchdog;
	struct pressure pressure;
};

static int server_serve(
	struct crew *crew, const struct edge_ops *edge, struct care *care)
{
	struct loop *loop = crew->workers[0]->loop;

	loop_on_signal(loop, SIGTERM, on_stop, crew);
	loop_on_signal(loop, SIGINT, on_stop, crew);
	if (crew_start(crew, edge) == -1)
		return -1;
	/* Who connects from now on waits at most until the loops turn. */
	notify_ready();
	watchdog_start(&care->watchdog, crew);
	pressure_start(&care->pressure, crew);
	if (crew_run(crew) == -1)
		return -1;
	ignore_signals();
	return 0;
}

int server_run(const struct config *config, const struct edge_ops *edge)
{
	struct care care;
	struct hash_key key;

	signal(SIGPIPE, SIG_IGN);
	limit_descriptors();
	set_timezone(config->timezone);
	if (make_key(&key) == -1)
		return EXIT_FAILURE;

	struct crew *crew = crew_create(config, &key, count_workers(config));
	if (crew == NULL)
		return EXIT_FAILURE;
	int served = server_serve(crew, edge, &care);
	crew_destroy(crew);
	if (served == -1)
		return EXIT_FAILURE;
	log_info("server: stopped");
	return EXIT_SUCCESS;
}
