/* Work and lookups on the pool. name_server.c answers for DNS. */
#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "tests/support/name_server.h"
#include "tests/support/unit.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>

static struct loop *loop;
static struct buf told; /* what has come, a blank after each */

static void setup(void)
{
	static const char *const addresses[] = {"192.0.2.1", "2001:db8::1", NULL};

	log_set_level(LOG_ERROR);
	name_server_add("known.test", addresses);
	loop = loop_create();
	ck_assert_ptr_nonnull(loop);
}

static void teardown(void)
{
	name_server_answer();
	loop_finish_work(loop);
	loop_destroy(loop);
	buf_finish(&told);
}

#define assert_told(expected)                                                          \
	do {                                                                           \
		ck_assert_slice_eq(buf_slice(&told), slice_of(expected));              \
		buf_clear(&told);                                                      \
	} while (0)

/* Work */

struct errand {
	struct work work;
	pthread_t thread; /* that has run it */
};

static void errand_run(struct work *work)
{
	container_of(work, struct errand, work)->thread = pthread_self();
}

static void errand_done(struct work *work)
{
	(void)work;
	buf_append(&told, SLICE("done "));
}

static struct errand errand = {.work = {.run = errand_run, .done = errand_done}};

START_TEST(work_runs_on_another_thread_and_is_done_on_the_loop)
{
	loop_work(loop, &errand.work);
	assert_told("");
	loop_finish_work(loop);
	assert_told("done ");
	ck_assert(!pthread_equal(errand.thread, pthread_self()));
}
END_TEST

/* Lookups */

static void on_resolved(void *context, struct addrinfo *found, const char *why)
{
	if (found == NULL) {
		buf_printf(&told, "%s: %s ", (const char *)context, why);
		return;
	}
	for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
		char host[NI_MAXHOST], port[NI_MAXSERV];

		ck_assert_int_eq(at->ai_socktype, SOCK_STREAM);
		ck_assert_int_eq(
			getnameinfo(at->ai_addr, at->ai_addrlen, host, sizeof(host),
				port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV),
			0);
		buf_printf(&told, "%s at %s ", host, port);
	}
	freeaddrinfo(found);
}

static struct lookup *resolve(const char *name)
{
	return loop_resolve(loop, name, "61613", on_resolved, (void *)(uintptr_t)name);
}

START_TEST(a_name_gives_all_its_addresses)
{
	resolve("known.test");
	assert_told("");
	loop_finish_work(loop);
	assert_told("192.0.2.1 at 61613 2001:db8::1 at 61613 ");
}
END_TEST

START_TEST(a_name_that_nobody_knows_gives_a_reason)
{
	resolve("nothing.invalid");
	loop_finish_work(loop);
	assert_told("nothing.invalid: unknown node or service ");
}
END_TEST

START_TEST(a_name_that_is_refused_at_once_gives_a_reason_later)
{
	char name[1000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	resolve(name);
	assert_told("");
	loop_turn(loop);
	ck_assert(slice_starts_with(buf_slice(&told), SLICE("aaa")));
	ck_assert_int_eq(name_server_asked(), 0);
}
END_TEST

/* Waits until so many threads have a question. */
static void await_questions(int count)
{
	while (name_server_asked() < count)
		loop_turn(loop);
}

START_TEST(a_lookup_that_is_cancelled_tells_nothing)
{
	struct lookup *lookup;

	name_server_hold();
	lookup = resolve("known.test");
	await_questions(1);
	lookup_cancel(lookup);
	name_server_answer();
	loop_finish_work(loop);
	assert_told("");
	lookup_cancel(NULL);
}
END_TEST

enum { MANY = 8, HALF_THE_POOL = 2 }; /* libuv has four threads */

START_TEST(lookups_leave_room_for_other_work_and_are_not_begun_when_cancelled)
{
	struct lookup *lookups[MANY];

	name_server_hold();
	for (int i = 0; i < MANY; i++)
		lookups[i] = resolve("known.test");
	await_questions(HALF_THE_POOL);
	loop_work(loop, &errand.work);
	while (told.len == 0)
		loop_turn(loop);
	assert_told("done ");
	for (int i = 0; i < MANY; i++)
		lookup_cancel(lookups[i]);
	name_server_answer();
	loop_finish_work(loop);
	ck_assert_int_eq(name_server_asked(), HALF_THE_POOL);
	assert_told("");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop_work");
	TCase *work = unit_case(suite, "work");
	TCase *lookups = unit_case(suite, "lookups");

	tcase_add_checked_fixture(work, setup, teardown);
	tcase_add_test(work, work_runs_on_another_thread_and_is_done_on_the_loop);

	tcase_add_checked_fixture(lookups, setup, teardown);
	tcase_add_test(lookups, a_name_gives_all_its_addresses);
	tcase_add_test(lookups, a_name_that_nobody_knows_gives_a_reason);
	tcase_add_test(lookups, a_name_that_is_refused_at_once_gives_a_reason_later);
	tcase_add_test(lookups, a_lookup_that_is_cancelled_tells_nothing);
	tcase_add_test(lookups,
		lookups_leave_room_for_other_work_and_are_not_begun_when_cancelled);
	return unit_run(suite);
}
