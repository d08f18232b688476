#include "gateway/server.h"

#include "gateway/log.h"
#include "gateway/worker.h"

#include <errno.h>
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

static void on_stop(void *context)
{
	log_info("server: stopping");
	worker_stop(context);
}

int server_run(const struct config *config, const struct edge_ops *edge)
{
	struct hash_key key;
	int status = EXIT_FAILURE;

	signal(SIGPIPE, SIG_IGN);
	limit_descriptors();
	set_timezone(config->timezone);
	if (make_key(&key) == -1)
		return EXIT_FAILURE;

	struct worker *worker = worker_create(config, &key);
	if (worker == NULL)
		return EXIT_FAILURE;
	loop_on_signal(worker->loop, SIGTERM, on_stop, worker);
	loop_on_signal(worker->loop, SIGINT, on_stop, worker);
	if (worker_start(worker, edge) == 0) {
		worker_run(worker);
		ignore_signals();
		status = EXIT_SUCCESS;
	}
	worker_destroy(worker);
	if (status == EXIT_SUCCESS)
		log_info("server: stopped");
	return status;
}
