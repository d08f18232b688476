#include "gateway/base/log_sink.h"

#include "gateway/base/log_ring.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 3, LINES = 10000, LINE_BYTES = 120 };

static int reading; /* the reader's end of stderr, a pipe */

static void setup(void)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_ne(dup2(ends[1], STDERR_FILENO), -1);
	close(ends[1]);
	reading = ends[0];
}

static void teardown(void)
{
	close(reading);
}

static void describe(struct buf *line, uint64_t lost)
{
	buf_printf(line, "lost %llu\n", (unsigned long long)lost);
}

static void write_line(unsigned thread, unsigned number)
{
	char line[LINE_BYTES + 1];

	snprintf(line, sizeof(line), "thread %u line %u %*s\n", thread, number,
		LINE_BYTES - 40, "");
	log_sink_write(slice_of(line));
}

static void *write_lines(void *thread)
{
	for (unsigned i = 0; i < LINES; i++)
		write_line((unsigned)(uintptr_t)thread, i);
	return NULL;
}

/* All that comes until the last writer has closed. */
static void *read_all(void *text)
{
	char bytes[65536];
	ssize_t len;

	while ((len = read(reading, bytes, sizeof(bytes))) > 0)
		buf_append(text, (struct slice){bytes, (size_t)len});
	return NULL;
}

/* Reads while the sink stops. */
static void stop_and_read(struct buf *text)
{
	pthread_t reader;

	ck_assert_int_eq(pthread_create(&reader, NULL, read_all, text), 0);
	log_sink_stop();
	close(STDERR_FILENO);
	pthread_join(reader, NULL);
	buf_append_char(text, '\0');
}

/* Lines of each thread in their order, and as many lost as are told in their place. */
static void check_lines(char *text)
{
	unsigned next[THREADS] = {0}, thread, number;
	unsigned long long seen = 0, told = 0, lost;
	char *place;

	for (char *line = strtok_r(text, "\n", &place); line != NULL;
		line = strtok_r(NULL, "\n", &place)) {
		if (sscanf(line, "lost %llu", &lost) == 1) {
			told += lost;
			continue;
		}
		ck_assert_int_eq(
			sscanf(line, "thread %u line %u", &thread, &number), 2);
		ck_assert_uint_lt(thread, THREADS);
		ck_assert_uint_ge(number, next[thread]);
		next[thread] = number + 1;
		seen++;
	}
	ck_assert_uint_eq(seen + told, THREADS * LINES);
	ck_assert_uint_eq(told, log_sink_lost());
}

START_TEST(nobody_waits_for_a_reader_and_what_is_lost_is_told)
{
	pthread_t threads[THREADS];
	struct buf text = {0};

	ck_assert_int_eq(log_sink_start(describe), 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, write_lines, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_gt(log_sink_lost(), 0);
	stop_and_read(&text);
	check_lines(text.data);
	buf_finish(&text);
}
END_TEST

START_TEST(a_reader_that_keeps_up_gets_every_line)
{
	struct buf text = {0};

	ck_assert_int_eq(log_sink_start(describe), 0);
	for (unsigned i = 0; i < 1000; i++)
		write_line(0, i);
	stop_and_read(&text);
	ck_assert_uint_eq(log_sink_lost(), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "thread 0 line 999 "));
	buf_finish(&text);
}
END_TEST

/* One that is longer than what a pipe takes in one piece. */
START_TEST(a_long_line_stays_whole)
{
	static char line[3 * 4096];
	struct buf text = {0};

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	ck_assert_int_eq(log_sink_start(describe), 0);
	log_sink_write((struct slice){line, sizeof(line)});
	log_sink_write(SLICE("after\n"));
	stop_and_read(&text);
	ck_assert_slice_eq(slice_first(buf_slice(&text), sizeof(line)),
		((struct slice){line, sizeof(line)}));
	ck_assert_str_eq(text.data + sizeof(line), "after\n");
	buf_finish(&text);
}
END_TEST

START_TEST(before_the_start_and_after_the_end_lines_are_written_immediately)
{
	char text[64] = "";

	log_sink_write(SLICE("before\n"));
	ck_assert_int_eq(read(reading, text, sizeof(text)), 7);
	ck_assert_int_eq(log_sink_start(describe), 0);
	log_sink_stop();
	log_sink_write(SLICE("after\n"));
	ck_assert_int_eq(read(reading, text, sizeof(text)), 6);
	ck_assert_int_eq(memcmp(text, "after\n", 6), 0);
}
END_TEST

START_TEST(the_end_waits_for_a_reader_but_not_long)
{
	struct timespec begun, ended;

	ck_assert_int_eq(log_sink_start(describe), 0);
	write_lines(NULL);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	log_sink_stop();
	log_sink_write(SLICE("into the void\n"));
	clock_gettime(CLOCK_MONOTONIC, &ended);
	ck_assert_int_lt(ended.tv_sec - begun.tv_sec, 10);
}
END_TEST

START_TEST(a_reader_that_has_gone_costs_lines_and_no_time)
{
	close(reading);
	ck_assert_int_eq(log_sink_start(describe), 0);
	for (unsigned i = 0; i < 100; i++)
		write_line(0, i);
	log_sink_stop();
	ck_assert_uint_eq(log_sink_lost(), 100);
	reading = -1;
}
END_TEST

/* The reader takes its time, and the pipe is full. */
START_TEST(what_is_logged_before_an_abort_is_written)
{
	struct buf text = {0};
	int status;
	pid_t child = fork();

	if (child == 0) {
		log_sink_start(describe);
		for (unsigned i = 0; i < 3000; i++)
			write_line(0, i);
		abort();
	}
	close(STDERR_FILENO);
	read_all(&text);
	buf_append_char(&text, '\0');
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ck_assert_ptr_nonnull(strstr(text.data, "thread 0 line 2999 "));
	buf_finish(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_sink");
	TCase *tcase = unit_case(suite, "sink");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nobody_waits_for_a_reader_and_what_is_lost_is_told);
	tcase_add_test(tcase, a_reader_that_keeps_up_gets_every_line);
	tcase_add_test(tcase, a_long_line_stays_whole);
	tcase_add_test(tcase,
		before_the_start_and_after_the_end_lines_are_written_immediately);
	tcase_add_test(tcase, the_end_waits_for_a_reader_but_not_long);
	tcase_add_test(tcase, a_reader_that_has_gone_costs_lines_and_no_time);
	tcase_add_test(tcase, what_is_logged_before_an_abort_is_written);
	return unit_run(suite);
}
