#include "gateway/server/server.h"

#include "gateway/base/log.h"
#include "gateway/base/notify.h"
#include "gateway/base/timezone.h"
#include "gateway/broker/engine.h"
#include "gateway/config/config_advise.h"
#include "gateway/config/config_mistake.h"
#include "gateway/config/config_print.h"
#include "gateway/config/config_reload.h"
#include "gateway/server/server_handlers.h"
#include "gateway/server/server_workers.h"
#include "gateway/session/pressure.h"
#include "gateway/worker/watchdog.h"
#include "gateway/worker/worker.h"
#include "gateway/worker/workers.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>

/*
 * libwebsockets has tables of 21 bytes for each descriptor that the process may have.
 * "infinity", which some containers set, would cost 23 GB.
 */
enum { DESCRIPTORS_MAX = 1048576 };

static void server_limit_descriptors(void)
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

/*
 * What a worker's loop, libwebsockets and a few of libmicrohttpd's daemons take, and
 * what the process takes beside them, for a few connections too. With fewer the process
 * could start, and then serve nobody.
 */
enum { DESCRIPTORS_EACH_WORKER = 16, DESCRIPTORS_BESIDE = 64 };

static bool server_has_descriptors(unsigned workers)
{
	const rlim_t least =
		DESCRIPTORS_BESIDE + (rlim_t)workers * DESCRIPTORS_EACH_WORKER;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur >= least)
		return true;
	log_error("server: %u workers need %llu file descriptors at least, and the "
		  "process may have %llu: raise its hard limit, or set fewer workers",
		workers, (unsigned long long)least, (unsigned long long)limit.rlim_cur);
	return false;
}

static void server_set_log(const struct config *config)
{
	enum log_level level = LOG_INFO;
	enum log_format format = LOG_TEXT;

	log_level_parse(config->log_level, &level);
	log_set_level(level);
	log_format_parse(config->log_format, &format);
	log_set_format(format);
	log_set_most(config->limits.log_lines);
}

static int server_make_key(struct hash_key *key)
{
	if (getrandom(key, sizeof(*key), 0) == (ssize_t)sizeof(*key))
		return 0;
	log_error("server: no random numbers: %s", strerror(errno));
	return -1;
}

/* The process ends now. libuv would restore the default action, which kills. */
static void server_ignore_signals(void)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &stops, NULL);
}

/* The configured number, or the number of cores for this process. */
static unsigned server_count_workers(const struct config *config)
{
	cpu_set_t cores;

	if (config->workers > 0)
		return config->workers;
	if (sched_getaffinity(0, sizeof(cores), &cores) == -1)
		return 1;
	return CPU_COUNT(&cores) < WORKERS_MAX ? (unsigned)CPU_COUNT(&cores)
					       : WORKERS_MAX;
}

/* The memory engine owns all destinations. */
static const struct engine_share engines[] = {{SLICE_INIT(""), NULL}};

struct server {
	const char *file;                       /* of the configuration */
	const struct config_settings *settings; /* override the file */
	unsigned reloads;
	json_t *started; /* the keys that cannot change while it runs */
	struct workers *workers;

	/* Worker 0 runs these; both outlive the workers. */
	struct watchdog watchdog;
	struct pressure pressure;
};

static void server_on_stop(void *context)
{
	struct server *server = context;

	log_info("server: stopping");
	notify_stopping();
	workers_stop(server->workers);
}

static void server_log_lines(enum log_level level, const struct buf *lines)
{
	struct slice rest = buf_slice(lines), line;

	while (config_next_line(&rest, &line))
		log_write(level, "config: %.*s", SLICE_ARGS(line));
}

static void server_log_advice(const struct config *config)
{
	struct buf advice = {0};

	config_advise(config, &advice);
	server_log_lines(LOG_WARN, &advice);
	buf_finish(&advice);
}

/* SIGHUP: reads the configuration again; a mistake in it changes nothing. */
static void server_on_reload(void *context)
{
	struct server *server = context;
	const char *file = server->file != NULL ? server->file : "the demo";
	struct buf error = {0};

	if (server->workers->stopping)
		return;
	notify_reloading();
	server->reloads++;
	struct config *config =
		config_reload(server->file, server->settings, server->started, &error);
	if (config != NULL) {
		workers_configure(server->workers, config);
		log_info("server: reload %u: applied %s", server->reloads, file);
		server_set_log(config);
		server_log_advice(config);
	} else {
		workers_refuse_reload(server->workers);
		server_log_lines(LOG_ERROR, &error);
		log_error("server: reload %u: failed, nothing is changed",
			server->reloads);
	}
	config_unref(config);
	buf_finish(&error);
	notify_ready();
}

static int server_serve(struct server *server, const struct edge_ops *edge)
{
	struct workers *workers = server->workers;
	struct loop *loop = workers->all[0]->loop;

	loop_on_signal(loop, SIGTERM, server_on_stop, server);
	loop_on_signal(loop, SIGINT, server_on_stop, server);
	loop_on_signal(loop, SIGHUP, server_on_reload, server);
	if (workers_start(workers, edge) == -1)
		return -1;
	/* A client that connects from now on waits at most until the loops turn. */
	notify_ready();
	watchdog_start(&server->watchdog, workers);
	pressure_start(&server->pressure, workers);
	if (workers_run(workers) == -1)
		return -1;
	server_ignore_signals();
	return 0;
}

static int server_run_workers(
	struct server *server, const struct config *config, const struct edge_ops *edge)
{
	const unsigned count = server_count_workers(config);
	struct hash_key key;

	if (!server_has_descriptors(count) || server_make_key(&key) == -1)
		return -1;
	server->workers =
		server_create_workers(config, &key, count, server_handlers, engines);
	if (server->workers == NULL)
		return -1;
	server->started = config_to_json(config);
	const int served = server_serve(server, edge);
	workers_destroy(server->workers);
	json_decref(server->started);
	if (served == 0)
		log_info("server: stopped");
	return served;
}

int server_run(const struct config *config, const char *file,
	const struct config_settings *settings, const struct edge_ops *edge)
{
	struct server server = {.file = file, .settings = settings};

	signal(SIGPIPE, SIG_IGN);
	server_limit_descriptors();
	server_set_log(config);
	timezone_set(config->timezone);
	server_log_advice(config);
	if (log_start() == -1) {
		log_error("server: no thread for the log: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	const int served = server_run_workers(&server, config, edge);
	log_stop();
	return served == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
