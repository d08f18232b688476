#include "gateway/base/log_sink.h"

#include "gateway/base/log_ring.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 1 };

/* A process has one stderr: see log.c. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool is_started; /* lines go to the ring */
	bool is_ending, has_ended;
	void (*describe)(struct buf *line, uint64_t lost);
	struct log_ring ring;
	_Atomic size_t unwritten; /* bytes, for a signal handler */
	_Atomic uint64_t failed;  /* lines that stderr did not take */
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* The thread. */

/* Called with the lock. */
static void log_sink_close_gap(void)
{
	const uint64_t lost = log_ring_gap(&sink.ring);
	struct buf line = {0};

	if (lost == 0)
		return;
	sink.describe(&line, lost);
	log_ring_close_gap(&sink.ring, buf_slice(&line));
	atomic_fetch_add(&sink.unwritten, line.len);
	buf_finish(&line);
}

/* Waits for lines, and returns the bytes of some; 0 at the end. */
static size_t log_sink_next(char chunk[PIPE_BUF])
{
	pthread_mutex_lock(&sink.lock);
	while (sink.ring.used == 0 && !sink.is_ending)
		pthread_cond_wait(&sink.changed, &sink.lock);
	const size_t len = log_ring_take(&sink.ring, chunk, PIPE_BUF);
	log_sink_close_gap();
	if (len == 0) {
		sink.is_started = false;
		sink.has_ended = true;
		pthread_cond_signal(&sink.changed);
	}
	pthread_mutex_unlock(&sink.lock);
	return len;
}

/*
 * A pipe that can be written takes PIPE_BUF bytes without blocking. Where the reader
 * shares its pipe with other writers, write() may still block, but only this thread.
 */
static bool log_sink_write_some(struct slice *rest)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};

	poll(&writable, 1, -1);
	const ssize_t written = write(STDERR_FILENO, rest->data, rest->len);
	if (written == -1)
		return errno == EINTR || errno == EAGAIN;
	*rest = slice_from(*rest, (size_t)written);
	return true;
}

static void log_sink_count_failed(struct slice rest)
{
	for (size_t i = 0; i < rest.len; i++)
		sink.failed += rest.data[i] == '\n';
}

static void *log_sink_run(void *nothing)
{
	char chunk[PIPE_BUF];
	size_t len;

	while ((len = log_sink_next(chunk)) > 0) {
		struct slice rest = {chunk, len};

		while (rest.len > 0 && log_sink_write_some(&rest))
			;
		log_sink_count_failed(rest);
		atomic_fetch_sub(&sink.unwritten, len);
	}
	return nothing;
}

/* Start and end. */

/*
 * The last lines before an abort say most about it. Only what a signal handler may call
 * is called; the thread goes on meanwhile.
 */
static void log_sink_on_abort(int signal)
{
	const struct timespec millisecond = {.tv_nsec = 1000000};

	(void)signal;
	for (int i = 0; i < PATIENCE_SECONDS * 1000; i++) {
		if (atomic_load(&sink.unwritten) == 0)
			break;
		nanosleep(&millisecond, NULL);
	}
}

int log_sink_start(void (*describe)(struct buf *line, uint64_t lost))
{
	sigset_t all, before;

	sink.describe = describe;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	const int error = pthread_create(&sink.thread, NULL, log_sink_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		errno = error;
		return -1;
	}
	sink.is_started = true;
	/* abort() goes on when the handler returns. */
	sigaction(SIGABRT, &(struct sigaction){.sa_handler = log_sink_on_abort}, NULL);
	return 0;
}

void log_sink_stop(void)
{
	struct timespec deadline;
	int error = 0;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += PATIENCE_SECONDS;
	pthread_mutex_lock(&sink.lock);
	sink.is_ending = true;
	pthread_cond_broadcast(&sink.changed);
	while (!sink.has_ended && error == 0)
		error = pthread_cond_timedwait(&sink.changed, &sink.lock, &deadline);
	const bool has_ended = sink.has_ended;
	pthread_mutex_unlock(&sink.lock);
	if (has_ended)
		pthread_join(sink.thread, NULL);
	else
		pthread_detach(sink.thread);
}

/* Logging. */

static bool log_sink_put(struct slice line)
{
	pthread_mutex_lock(&sink.lock);
	const bool is_started = sink.is_started;
	if (is_started && log_ring_put(&sink.ring, line)) {
		atomic_fetch_add(&sink.unwritten, line.len);
		if (sink.ring.used == line.len)
			pthread_cond_signal(&sink.changed);
	}
	pthread_mutex_unlock(&sink.lock);
	return is_started;
}

void log_sink_write(struct slice line)
{
	if (log_sink_put(line))
		return;
	/* One write, so that lines of several threads never mix. */
	const ssize_t written = write(STDERR_FILENO, line.data, line.len);
	(void)written; /* a failure cannot be reported */
}

uint64_t log_sink_lost(void)
{
	pthread_mutex_lock(&sink.lock);
	const uint64_t lost = sink.ring.lost;
	pthread_mutex_unlock(&sink.lock);
	return lost + atomic_load(&sink.failed);
}
