/*
 * Messages common to several queues are joined once, and each session gets its own
 * queue.
 */
#include "gateway/session/batch.h"

#include "gateway/worker/workers.h"
#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

static struct workers workers; /* with a budget only */
static struct names names;
static struct batch_cache *batch_cache;
static struct outbound queue, other;
static struct message *messages[6];
static struct name *subscription;
static size_t appended;

static void append(struct buf *bytes, struct rendering message)
{
	buf_append_char(bytes, '<');
	buf_append(bytes, message.bytes);
	buf_append_char(bytes, '>');
	appended++;
}

static void append_differently(struct buf *bytes, struct rendering message)
{
	buf_append_char(bytes, '|');
	buf_append(bytes, message.bytes);
}

static const struct batch_format brackets = {WIRE_PLAIN, append};
static const struct batch_format bars = {WIRE_PLAIN, append_differently};

static void setup(void)
{
	names_init(&names, &(struct hash_key){1, 2}, 0);
	subscription = name_intern(&names, SLICE("s"));
	workers.budget = (struct budget){0};
	batch_cache = batch_cache_create(&workers);
	queue = other = (struct outbound){0};
	appended = 0;
	for (int i = 0; i < 6; i++) {
		const char text[] = {(char)('a' + i)};

		messages[i] = message_create_text((struct slice){text, 1}, false);
	}
}

static void teardown(void)
{
	outbound_cut(&queue, 0, &names);
	outbound_cut(&other, 0, &names);
	batch_cache_destroy(batch_cache);
	for (int i = 0; i < 6; i++)
		message_unref(messages[i]);
	name_unref(&names, subscription);
	names_finish(&names);
}

/* Queues a message for each letter. */
static void fill(struct outbound *one, const char *letters)
{
	for (; *letters != '\0'; letters++)
		outbound_push(
			one, &(struct delivery){.message = messages[*letters - 'a'],
				     .subscription = subscription});
}

static void assert_run(
	const struct outbound *one, size_t budget, const char *bytes, size_t count)
{
	const struct batch batch =
		batch_cache_pull(batch_cache, one, &brackets, budget);

	ck_assert_slice_eq(batch.bytes, slice_of(bytes));
	ck_assert_uint_eq(batch.count, count);
	ck_assert_uint_eq(batch.payload, count);
}

START_TEST(all_that_waits_is_joined)
{
	fill(&queue, "abc");
	assert_run(&queue, 100, "<a><b><c>", 3);
}
END_TEST

START_TEST(a_budget_ends_a_run_behind_the_message_that_reaches_it)
{
	fill(&queue, "abcdef");
	assert_run(&queue, 1, "<a>", 1);
	assert_run(&queue, 3, "<a>", 1);
	assert_run(&queue, 4, "<a><b>", 2);
	assert_run(&queue, 9, "<a><b><c>", 3);
	assert_run(&queue, 4, "<a><b>", 2);
	ck_assert_uint_eq(appended, 3);
}
END_TEST

START_TEST(the_same_run_is_joined_once)
{
	fill(&queue, "abcd");
	fill(&other, "abcd");
	assert_run(&queue, 100, "<a><b><c><d>", 4);
	assert_run(&other, 100, "<a><b><c><d>", 4);
	ck_assert_uint_eq(appended, 4);
}
END_TEST

static const struct {
	const char *first, *second, *bytes;
	size_t count, appended;
} pairs[] = {
	{"abc", "ab", "<a><b>", 2, 3},
	{"ab", "abc", "<a><b><c>", 3, 3},
	{"abc", "abd", "<a><b><d>", 3, 4},
	{"abc", "acb", "<a><c><b>", 3, 5},
	{"abc", "def", "<d><e><f>", 3, 6},
	{"aab", "ab", "<a><b>", 2, 4},
};

START_TEST(another_run_shares_what_begins_alike)
{
	fill(&queue, pairs[_i].first);
	fill(&other, pairs[_i].second);
	batch_cache_pull(batch_cache, &queue, &brackets, 100);
	assert_run(&other, 100, pairs[_i].bytes, pairs[_i].count);
	ck_assert_uint_eq(appended, pairs[_i].appended);
}
END_TEST

START_TEST(who_joins_in_another_way_has_a_run_of_his_own)
{
	fill(&queue, "ab");
	assert_run(&queue, 100, "<a><b>", 2);
	ck_assert_slice_eq(
		batch_cache_pull(batch_cache, &queue, &bars, 100).bytes, SLICE("|a|b"));
	assert_run(&queue, 100, "<a><b>", 2);
}
END_TEST

/* The fields that make a MESSAGE differ between receivers. */
static const struct delivery views[] = {
	{.version = STOMP_1_2},
	{.version = STOMP_1_1},
	{.version = STOMP_1_2, .flags = DELIVERY_ACK, .ordinal = 1},
	{.version = STOMP_1_2, .flags = DELIVERY_ACK, .ordinal = 2},
	{.version = STOMP_1_2, .attempt = 2},
	{.version = STOMP_1_2, .attempt = 3},
};

START_TEST(a_run_is_shared_by_those_who_see_the_same)
{
	const struct stomp_frame send = {.command = STOMP_SEND, .body = SLICE("x")};
	struct message *message = message_create(&send, SLICE("/t"), SLICE("/t"));
	struct name *another = name_intern(&names, SLICE("t"));

	for (size_t i = 0; i <= COUNT(views); i++) {
		struct delivery item = views[i % COUNT(views)];

		item.message = message;
		item.subscription = i < COUNT(views) ? subscription : another;
		outbound_push(&queue, &item);
		batch_cache_pull(batch_cache, &queue, &brackets, 1);
		ck_assert_uint_eq(appended, i + 1);
		item.ordinal += (item.flags & DELIVERY_ACK) == 0; /* not visible */
		outbound_push(&other, &item);
		batch_cache_pull(batch_cache, &other, &brackets, 1);
		ck_assert_uint_eq(appended, i + 1);
		outbound_cut(&queue, 0, &names);
		outbound_cut(&other, 0, &names);
	}
	name_unref(&names, another);
	message_unref(message);
}
END_TEST

START_TEST(a_run_that_is_forgotten_is_joined_again)
{
	fill(&queue, "ab");
	assert_run(&queue, 100, "<a><b>", 2);
	batch_cache_clear(batch_cache);
	assert_run(&queue, 100, "<a><b>", 2);
	ck_assert_uint_eq(appended, 4);
}
END_TEST

START_TEST(a_run_has_an_end_whatever_the_budget)
{
	enum { MANY = 5000 };
	size_t taken = 0;

	for (int i = 0; i < MANY; i++)
		fill(&queue, "a");
	while (queue.count > 0) {
		const struct batch batch =
			batch_cache_pull(batch_cache, &queue, &brackets, SIZE_MAX);

		ck_assert_uint_gt(batch.count, 0);
		ck_assert_uint_eq(batch.bytes.len, 3 * batch.count);
		outbound_pop(&queue, batch.count, &names);
		taken += batch.count;
	}
	ck_assert_uint_eq(taken, MANY);
}
END_TEST

static struct message *large_message(void)
{
	char *text = xmalloc(BATCH_ALONE);

	memset(text, '\x01', BATCH_ALONE);
	struct message *message =
		message_create_text((struct slice){text, BATCH_ALONE}, PAYLOAD_TEXT);
	free(text);
	return message;
}

static const struct batch_format quoted = {WIRE_SOCKJS, append};

START_TEST(a_large_message_is_a_run_alone_that_is_not_copied)
{
	message_unref(messages[1]);
	messages[1] = large_message();
	fill(&queue, "abc");
	fill(&other, "b");

	assert_run(&queue, SIZE_MAX, "<a>", 1);
	outbound_pop(&queue, 1, &names);
	const struct batch one =
		batch_cache_pull(batch_cache, &queue, &quoted, SIZE_MAX);
	const struct batch another =
		batch_cache_pull(batch_cache, &other, &quoted, SIZE_MAX);
	ck_assert_uint_eq(one.count, 1);
	ck_assert(one.is_alone && one.is_text);
	ck_assert_uint_eq(one.bytes.len, 6 * BATCH_ALONE + 2);
	ck_assert_uint_eq(one.payload, one.bytes.len);
	ck_assert_ptr_eq(one.bytes.data, another.bytes.data);
	outbound_pop(&queue, 1, &names);
	assert_run(&queue, SIZE_MAX, "<c>", 1);
}
END_TEST

/* Leaves that much room, of what is not counted yet. */
static void limit_memory(int64_t room)
{
	const int64_t counted = budget_counted(&workers);

	workers.budget.limit = (counted + room) * 32 / 31 + 1;
}

START_TEST(without_memory_for_a_large_message_there_is_no_run)
{
	message_unref(messages[1]);
	messages[1] = large_message();
	fill(&queue, "b");

	limit_memory(6 * BATCH_ALONE);
	const int64_t before = budget_counted(&workers);
	const struct batch none =
		batch_cache_pull(batch_cache, &queue, &quoted, SIZE_MAX);
	const int64_t after = budget_counted(&workers);
	ck_assert_uint_eq(none.count, 0);
	ck_assert_uint_eq(none.bytes.len, 0);
	ck_assert_int_eq(after, before);
	limit_memory(8 * BATCH_ALONE);
	const struct batch one =
		batch_cache_pull(batch_cache, &queue, &quoted, SIZE_MAX);
	ck_assert_uint_eq(one.count, 1);
	/* It is remembered: nothing is claimed. */
	limit_memory(0);
	ck_assert_uint_eq(
		batch_cache_pull(batch_cache, &queue, &quoted, SIZE_MAX).count, 1);
}
END_TEST

START_TEST(an_older_large_rendering_gives_way)
{
	message_unref(messages[0]);
	message_unref(messages[1]);
	messages[0] = large_message();
	messages[1] = large_message();
	fill(&queue, "a");
	fill(&other, "b");

	ck_assert_uint_eq(batch_cache_pull(batch_cache, &queue, &quoted, 1).count, 1);
	limit_memory(2 * BATCH_ALONE);
	ck_assert_uint_eq(batch_cache_pull(batch_cache, &other, &quoted, 1).count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("batch");
	TCase *tcase = unit_case(suite, "batch");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_that_waits_is_joined);
	tcase_add_test(tcase, a_budget_ends_a_run_behind_the_message_that_reaches_it);
	tcase_add_test(tcase, the_same_run_is_joined_once);
	unit_add_table(tcase, another_run_shares_what_begins_alike, pairs);
	tcase_add_test(tcase, who_joins_in_another_way_has_a_run_of_his_own);
	tcase_add_test(tcase, a_run_is_shared_by_those_who_see_the_same);
	tcase_add_test(tcase, a_run_that_is_forgotten_is_joined_again);
	tcase_add_test(tcase, a_run_has_an_end_whatever_the_budget);
	tcase_add_test(tcase, a_large_message_is_a_run_alone_that_is_not_copied);
	tcase_add_test(tcase, without_memory_for_a_large_message_there_is_no_run);
	tcase_add_test(tcase, an_older_large_rendering_gives_way);
	return unit_run(suite);
}
