/* The order of posts, and when a worker must be woken for them. */
#include "gateway/base/inbox.h"

#include "gateway/base/list.h"
#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

#include <pthread.h>

enum { MANY = 20 };

static struct inbox inbox;
static struct post_batch batch;
static struct post posts[MANY];

static void setup(void)
{
	inbox_init(&inbox);
}

static void assert_posts(int from, int to)
{
	for (int i = from; i < to; i++)
		ck_assert_ptr_eq(inbox_pop(&inbox), &posts[i]);
	ck_assert_ptr_null(inbox_pop(&inbox));
}

/* Posts [from, to) in one batch. */
static bool deliver(int from, int to)
{
	for (int i = from; i < to; i++)
		post_batch_add(&batch, &posts[i]);
	return inbox_deliver(&inbox, &batch);
}

START_TEST(posts_come_out_as_they_went_in)
{
	ck_assert_ptr_null(inbox_pop(&inbox));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++)
			inbox_push(&inbox, &posts[i]);
		assert_posts(0, MANY);
	}
}
END_TEST

START_TEST(a_batch_comes_out_as_it_was_written)
{
	for (int round = 0; round < 2; round++) {
		deliver(0, MANY);
		inbox_collect(&inbox);
		assert_posts(0, MANY);
	}
}
END_TEST

START_TEST(batches_come_out_as_they_were_delivered)
{
	for (int i = 0; i < MANY; i += 4)
		deliver(i, i + 4);
	inbox_collect(&inbox);
	assert_posts(0, MANY);
}
END_TEST

START_TEST(a_delivery_leaves_the_batch_empty)
{
	deliver(0, 3);
	ck_assert_ptr_null(batch.newest);
	ck_assert_ptr_null(batch.oldest);
}
END_TEST

START_TEST(what_has_arrived_waits_until_it_is_collected)
{
	deliver(0, 3);
	ck_assert_ptr_null(inbox_pop(&inbox));
	inbox_collect(&inbox);
	assert_posts(0, 3);
}
END_TEST

START_TEST(what_is_collected_queues_up_behind_what_is_in_order)
{
	inbox_push(&inbox, &posts[0]);
	inbox_push(&inbox, &posts[1]);
	deliver(2, 5);
	inbox_collect(&inbox);
	deliver(6, 8);
	inbox_push(&inbox, &posts[5]);
	inbox_collect(&inbox);
	inbox_collect(&inbox); /* nothing more */
	inbox_push(&inbox, &posts[8]);
	assert_posts(0, 9);
}
END_TEST

START_TEST(only_the_first_delivery_since_a_collection_wakes)
{
	ck_assert(deliver(0, 2));
	ck_assert(!deliver(2, 3));
	ck_assert(!deliver(3, 9));
	inbox_collect(&inbox);
	ck_assert(deliver(9, 10));
	inbox_collect(&inbox);
	assert_posts(0, 10);
	ck_assert(deliver(0, 1));
}
END_TEST

START_TEST(it_is_empty_when_nothing_waits_and_nothing_has_arrived)
{
	ck_assert(inbox_is_empty(&inbox));
	deliver(0, 1);
	ck_assert(!inbox_is_empty(&inbox));
	inbox_collect(&inbox);
	ck_assert(!inbox_is_empty(&inbox));
	inbox_pop(&inbox);
	ck_assert(inbox_is_empty(&inbox));
	inbox_push(&inbox, &posts[0]);
	ck_assert(!inbox_is_empty(&inbox));
	inbox_pop(&inbox);
	ck_assert(inbox_is_empty(&inbox));
}
END_TEST

/* Senders on threads of their own */

enum { SENDERS = 3, LETTERS = 3000, BATCH_MAX = 7 };

struct letter {
	struct post post;
	int sender, number;
};

struct sender {
	pthread_t thread;
	int index;
	struct letter letters[LETTERS];
};

static _Atomic int wakes;

static void *sender_run(void *context)
{
	struct sender *sender = context;
	struct post_batch letters = {0};

	for (int i = 0, left = 1; i < LETTERS; i++) {
		sender->letters[i].sender = sender->index;
		sender->letters[i].number = i;
		post_batch_add(&letters, &sender->letters[i].post);
		if (--left > 0 && i + 1 < LETTERS)
			continue;
		if (inbox_deliver(&inbox, &letters))
			atomic_fetch_add(&wakes, 1);
		left = 1 + i % BATCH_MAX;
	}
	return NULL;
}

/* Takes out all posts. Returns how many there were. */
static int take_letters(int next[SENDERS])
{
	struct post *post;
	int count = 0;

	while ((post = inbox_pop(&inbox)) != NULL) {
		const struct letter *letter = (const struct letter *)post;

		ck_assert_int_eq(letter->number, next[letter->sender]++);
		count++;
	}
	return count;
}

START_TEST(each_sender_has_its_order_and_no_wake_is_lost)
{
	struct sender *senders = xcalloc(SENDERS, sizeof(*senders));
	int next[SENDERS] = {0}, slept = 0;

	for (int i = 0; i < SENDERS; i++) {
		senders[i].index = i;
		ck_assert_int_eq(pthread_create(&senders[i].thread, NULL, sender_run,
					 &senders[i]),
			0);
	}
	/*
	 * It looks only when it is woken: a lost wake-up would make it wait for ever.
	 */
	for (int count = 0; count < SENDERS * LETTERS;) {
		if (atomic_load(&wakes) == slept)
			continue;
		slept++;
		inbox_collect(&inbox);
		count += take_letters(next);
	}
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(senders[i].thread, NULL);
		ck_assert_int_eq(next[i], LETTERS);
	}
	ck_assert(inbox_is_empty(&inbox));
	free(senders);
}
END_TEST

/* Texts of a post */

struct note {
	struct post post;
	int number;
	struct slice greeting, kept, name;
};

static void note_run(struct worker *worker, struct post *post)
{
	(void)worker;
	free(post);
}

static const struct {
	struct slice greeting, name;
} notes[] = {
	{SLICE_INIT("Dear"), SLICE_INIT("Ana")},
	{SLICE_INIT(""), SLICE_INIT("Ana")},
	{SLICE_INIT("Dear"), SLICE_INIT("")},
	{SLICE_INIT(""), SLICE_INIT("")},
	{SLICE_INIT("a\0b"), SLICE_INIT("\0")},
};

START_TEST(a_copied_post_has_its_texts_with_it)
{
	char greeting[8], name[8];
	char *at = greeting, *to = name;
	struct note note = {
		.post.run = note_run,
		.number = 7,
		.greeting = slice_copy_out(&at, notes[_i].greeting),
		.kept = SLICE("a constant"),
		.name = slice_copy_out(&to, notes[_i].name),
	};
	struct post *post = post_copy(&note.post, sizeof(note),
		(struct slice *[]){&note.name, &note.greeting, NULL});
	const struct note *copy = container_of(post, struct note, post);

	memset(greeting, 'x', sizeof(greeting));
	memset(name, 'x', sizeof(name));
	ck_assert_ptr_ne(post, &note.post);
	ck_assert_uint_eq(
		post->size, sizeof(note) + notes[_i].greeting.len + notes[_i].name.len);
	ck_assert_int_eq(copy->number, 7);
	ck_assert_slice_eq(copy->greeting, notes[_i].greeting);
	ck_assert_slice_eq(copy->name, notes[_i].name);
	ck_assert_ptr_eq(copy->kept.data, note.kept.data);
	post->run(NULL, post);
}
END_TEST

START_TEST(a_post_without_texts_is_copied_too)
{
	struct note note = {.post.run = note_run, .number = 7};
	struct post *post =
		post_copy(&note.post, sizeof(note), (struct slice *[]){NULL});

	ck_assert_uint_eq(post->size, sizeof(note));
	ck_assert_int_eq(container_of(post, struct note, post)->number, 7);
	post->run(NULL, post);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("inbox");
	TCase *order = unit_case(suite, "order");
	TCase *threads = unit_case(suite, "threads");
	TCase *texts = unit_case(suite, "texts");

	tcase_add_checked_fixture(order, setup, NULL);
	tcase_add_test(order, posts_come_out_as_they_went_in);
	tcase_add_test(order, a_batch_comes_out_as_it_was_written);
	tcase_add_test(order, batches_come_out_as_they_were_delivered);
	tcase_add_test(order, a_delivery_leaves_the_batch_empty);
	tcase_add_test(order, what_has_arrived_waits_until_it_is_collected);
	tcase_add_test(order, what_is_collected_queues_up_behind_what_is_in_order);
	tcase_add_test(order, only_the_first_delivery_since_a_collection_wakes);
	tcase_add_test(order, it_is_empty_when_nothing_waits_and_nothing_has_arrived);

	tcase_add_checked_fixture(threads, setup, NULL);
	tcase_add_test(threads, each_sender_has_its_order_and_no_wake_is_lost);

	unit_add_table(texts, a_copied_post_has_its_texts_with_it, notes);
	tcase_add_test(texts, a_post_without_texts_is_copied_too);
	return unit_run(suite);
}
