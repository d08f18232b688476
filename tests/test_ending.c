/*
 * The list of endings: the close frame, the tombstone, the log and the figures read it.
 */
/* tags: workers */
#include "gateway/worker/ending.h"

#include "gateway/base/log.h"
#include "gateway/worker/metrics.h"
#include "tests/support/memory_outlet.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <unistd.h>

static struct worker *worker;
static struct memory_outlet outlet;

static void setup(void)
{
	worker = still_workers_create("")->all[0];
	outlet = (struct memory_outlet){.wire = WIRE_SOCKJS};
}

static void teardown(void)
{
	still_workers_destroy(worker->workers);
	memory_outlet_finish(&outlet);
}

/*
 * Runs a session to that end. Returns the log's text about it, valid until the next
 * call.
 */
static const char *end_session(enum ending ending)
{
	static char text[4096];
	struct session *session =
		still_workers_open(worker, "/echo", SESSION_SOCKJS, "id");
	int ends[2];

	memory_outlet_attach(&outlet, session);
	still_workers_settle(worker->workers);
	memory_outlet_got(&outlet);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ne(dup2(ends[1], STDERR_FILENO), -1);
	close(ends[1]);
	log_set_level(LOG_INFO);
	session_close(session, ending);
	still_workers_settle(worker->workers);
	log_set_level(LOG_ERROR);
	ssize_t len = read(ends[0], text, sizeof(text) - 1);
	text[len > 0 ? len : 0] = '\0';
	close(ends[0]);
	return text;
}

START_TEST(an_ending_has_a_row_of_its_own)
{
	const enum ending ending = (enum ending)_i;

	ck_assert_uint_ge(ending_code(ending), 1000);
	ck_assert_uint_gt(ending_text(ending).len, 0);
	for (enum ending other = ENDING_NONE + 1; other < ending; other++) {
		ck_assert_str_ne(ending_name(other), ending_name(ending));
		ck_assert(!slice_equal(ending_text(other), ending_text(ending)));
	}
}
END_TEST

START_TEST(an_end_is_told_and_logged_and_counted_as_the_list_says)
{
	const enum ending ending = (enum ending)_i;
	const struct slice words = ending_text(ending);
	char expected[128];
	const char *log = end_session(ending);

	snprintf(expected, sizeof(expected), "c[%u,\"%.*s\"]", ending_code(ending),
		SLICE_ARGS(words));
	ck_assert_str_eq(memory_outlet_got(&outlet), expected);
	snprintf(expected, sizeof(expected),
		" ending=%s code=%u reason=", ending_name(ending), ending_code(ending));
	ck_assert_msg(strstr(log, expected) != NULL, "not%s in %s", expected, log);

	const struct tombstone *tombstone = session_find_tombstone(
		worker, still_workers_endpoint(worker->workers, "/echo"), SLICE("id"));
	ck_assert_ptr_nonnull(tombstone);
	ck_assert_int_eq(tombstone->ending, ending);
	for (enum ending other = ENDING_NONE; other < ENDINGS; other++)
		ck_assert_uint_eq(
			counter_read(&worker->metrics
					      ->closed[TRANSPORT_XHR_STREAMING][other]),
			other == ending);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ending");
	TCase *tcase = unit_case(suite, "endings");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(
		tcase, an_ending_has_a_row_of_its_own, ENDING_NONE + 1, ENDINGS);
	tcase_add_loop_test(tcase,
		an_end_is_told_and_logged_and_counted_as_the_list_says, ENDING_NONE + 1,
		ENDINGS);
	return unit_run(suite);
}
