#include "gateway/broker/dead_letters.h"

#include "gateway/base/log.h"
#include "gateway/broker/credit.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/memory.h"
#include "gateway/worker/account.h"
#include "gateway/worker/metrics.h"
#include "protocol/xmalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETRY_MS = 1000 };

struct slice dead_letters_address(const struct config *config, struct slice address)
{
	return slice_equal(config->dead_letter, address) ? SLICE("")
							 : config->dead_letter;
}

static struct slice letters_to(
	const struct dead_letters *letters, const struct queue *queue)
{
	return dead_letters_address(
		letters->broker->worker->config, queue_destination(queue));
}

/* At the home: wakes the worker that has waited for longest, if there is room. */
static void letters_wake(struct dead_letters *letters, uint32_t account);

/* Lets the home `waker` wake the next one: this worker has nothing to send. */
static void letters_pass(
	struct dead_letters *letters, unsigned waker, uint32_t account);

/* For people, in the dead letter and in the log. */
static struct slice dead_reason_text(const struct dead *dead, char *text, size_t size)
{
	const char *what = "";

	switch (dead->reason) {
	case DEAD_REJECTED:
		what = "rejected";
		break;
	case DEAD_LOST:
		what = "lost with its consumer";
		break;
	case DEAD_DISCARDED:
		return SLICE("discarded by its consumer");
	case DEAD_EXPIRED:
		return SLICE("expired");
	case DEAD_IDLE:
		return SLICE("left in a queue that nobody used");
	case DEAD_REASONS:
		abort();
	}
	return (struct slice){text, (size_t)snprintf(text, size, "%s %" PRIu64 " times",
					    what, dead->times)};
}

/* Accounts. */

/* The dead letters of one account, as long as it has some at this worker. */
struct letters_account {
	struct table_node node;
	struct list link; /* in letters->sending, while one may be sent */
	uint32_t account;
	struct list piles;        /* that have letters, the next in turn first */
	unsigned under_way, most; /* how many are, and may be */
	bool is_parked;           /* it has its share of the dead-letter queue */
	bool is_told;             /* its first refusal was counted and logged */
	bool is_woken;            /* it must send a letter or pass */
	unsigned waker;
};

static struct letters_account *letters_account_of_node(struct table_node *node)
{
	return node == NULL ? NULL : container_of(node, struct letters_account, node);
}

static struct letters_account *letters_account_find(
	const struct dead_letters *letters, uint32_t account)
{
	return letters_account_of_node(
		table_find(&letters->accounts, account_key(&account)));
}

static struct letters_account *letters_account_open(
	struct dead_letters *letters, uint32_t account)
{
	struct letters_account *sender = letters_account_find(letters, account);

	if (sender != NULL)
		return sender;
	sender = xcalloc(1, sizeof(*sender));
	sender->account = account;
	sender->most = LETTERS_UNDER_WAY;
	list_init(&sender->piles);
	table_insert(&letters->accounts, &sender->node, account_key(&sender->account));
	return sender;
}

static void letters_account_destroy(
	struct dead_letters *letters, struct letters_account *sender)
{
	table_remove(&letters->accounts, &sender->node);
	list_remove(&sender->link);
	free(sender);
}

/* Call it after every change. It frees an account that has no more letters. */
static void letters_account_look(
	struct dead_letters *letters, struct letters_account *sender)
{
	const bool has_some = !list_is_empty(&sender->piles);

	if (!has_some && sender->under_way == 0) {
		if (sender->is_woken)
			letters_pass(letters, sender->waker, sender->account);
		letters_account_destroy(letters, sender);
	} else if (!has_some || sender->is_parked ||
		   sender->under_way >= sender->most) {
		list_remove(&sender->link);
	} else if (!list_is_linked(&sender->link)) {
		list_append(&letters->sending, &sender->link);
	}
}

/* Piles that have letters are in a list, after all others there. */
static void letters_line_up(struct dead_letters *letters, struct pile *pile)
{
	if (letters_to(letters, pile_queue(pile)).len == 0) {
		list_append(&letters->dropping, pile_link(pile));
		return;
	}

	struct letters_account *sender =
		letters_account_open(letters, pile_account(pile));

	list_append(&sender->piles, pile_link(pile));
	letters_account_look(letters, sender);
}

void dead_letters_add(struct dead_letters *letters, struct queue *queue)
{
	struct pile *pile;

	while ((pile = queue_take_pile(queue)) != NULL)
		letters_line_up(letters, pile);
}

/* Dropping. */

static bool letters_drop_one(struct dead_letters *letters)
{
	struct list *first = list_take_first(&letters->dropping);
	struct dead dead;
	char text[64];

	if (first == NULL)
		return false;

	struct pile *pile = pile_of_link(first);
	struct queue *queue = pile_queue(pile);

	/* A reload may have named a dead-letter queue. */
	if (letters_to(letters, queue).len > 0) {
		letters_line_up(letters, pile);
		return true;
	}
	pile_send(pile, &dead);
	const struct slice reason = dead_reason_text(&dead, text, sizeof(text));
	log_warn("queue %.*s: a message is dropped, %.*s",
		SLICE_ARGS(queue_destination(queue)), SLICE_ARGS(reason));
	if (!pile_is_empty(pile))
		list_append(&letters->dropping, pile_link(pile));
	queue_settle_dead(queue, dead.item, true);
	memory_serve(letters->broker, queue);
	return true;
}

/* Sending. */

static bool letters_may_send(const struct dead_letters *letters)
{
	const size_t next = (letters->request + 1) % LETTERS_UNDER_WAY;

	/* An answer may be missing that is older than others, after a reload. */
	return !letters->is_parked && letters->under_way < letters->most &&
	       letters->letters[next].queue == NULL;
}

static void letters_send(struct dead_letters *letters, struct letters_account *sender,
	struct queue *queue, const struct dead *dead)
{
	struct broker *broker = letters->broker;
	char text[64];
	const struct slice to = letters_to(letters, queue);
	const struct stomp_header made[] = {
		{SLICE("x-postern-from"), queue_destination(queue)},
		{SLICE("x-postern-reason"), dead_reason_text(dead, text, sizeof(text))},
	};
	struct message *letter = message_forward(dead->message, to, made, 2);
	const struct handle house = broker_handle(broker, &letters->sender);

	/* It stays charged to the sender of its message. */
	message_set_account(letter, message_account(dead->message));
	credit_take(broker, letter);
	letters->letters[++letters->request % LETTERS_UNDER_WAY] =
		(struct letter){queue, dead->item, sender, broker->worker->configured};
	letters->under_way++;
	sender->under_way++;
	letters->is_woken = sender->is_woken = false;
	if (broker_engine(broker, to) == &broker->memory->engine)
		memory_send_letter(broker, letter, house, letters->request);
	else
		broker_send_message(broker, letter, house, letters->request);
}

/* Accounts take turns, and in an account its queues. */
static bool letters_send_one(struct dead_letters *letters)
{
	if (!letters_may_send(letters) || list_is_empty(&letters->sending))
		return false;

	struct list *first = list_take_first(&letters->sending);
	struct letters_account *sender =
		container_of(first, struct letters_account, link);
	struct pile *pile = pile_of_link(list_take_first(&sender->piles));
	struct queue *queue = pile_queue(pile);
	struct dead dead;

	/* A reload may have taken the dead-letter queue away. */
	if (letters_to(letters, queue).len == 0) {
		letters_line_up(letters, pile);
	} else {
		pile_send(pile, &dead);
		letters_send(letters, sender, queue, &dead);
		if (!pile_is_empty(pile))
			list_append(&sender->piles, pile_link(pile));
	}
	letters_account_look(letters, sender);
	return true;
}

/* After a letter that was taken. */
static unsigned letters_more(unsigned most)
{
	return most < LETTERS_UNDER_WAY ? most * 2 : most;
}

static void letters_park(struct dead_letters *letters, enum refusal_kind why)
{
	struct broker *broker = letters->broker;
	const struct slice to = broker->worker->config->dead_letter;

	if (!letters->is_parked)
		log_warn("dead letters are parked: queue %.*s has no room",
			SLICE_ARGS(to));
	letters->is_parked = true;
	letters->most = 1;
	/* A queue of the memory engine wakes who waits, but only for its own room. */
	if (why != REFUSAL_QUEUE_FULL ||
		broker_engine(broker, to) != &broker->memory->engine)
		loop_timer_start(broker->worker->loop, &letters->retry, RETRY_MS);
}

/* The others go on. */
static void letters_park_account(struct dead_letters *letters,
	struct letters_account *sender, const struct queue *queue)
{
	const struct worker *worker = letters->broker->worker;

	sender->is_parked = true;
	sender->most = 1;
	if (sender->is_told)
		return;
	sender->is_told = true;
	metrics_refuse(worker->metrics, BOUND_SHARE);
	log_warn("dead letters of one user or address are parked, as those of queue "
		 "%.*s: queue %.*s has its share (limits.share)",
		SLICE_ARGS(queue_destination(queue)),
		SLICE_ARGS(worker->config->dead_letter));
}

/* As participant_ops.answer(): the dead-letter queue has taken the letter, or not. */
static void letters_answer(struct participant *participant, uint64_t request,
	const struct published *published, const struct broker_refusal *refusal)
{
	struct dead_letters *letters =
		container_of(participant, struct dead_letters, sender);
	struct broker *broker = letters->broker;
	struct letter *letter = &letters->letters[request % LETTERS_UNDER_WAY];
	struct letters_account *sender = letter->account;
	struct queue *queue = letter->queue;

	(void)published;
	queue_settle_dead(queue, letter->item, refusal == NULL);
	letter->queue = NULL;
	letters->under_way--;
	sender->under_way--;
	if (refusal == NULL) {
		letters->most = letters_more(letters->most);
		sender->most = letters_more(sender->most);
	} else if (letter->configured == broker->worker->configured) {
		/* After a reload the next letter may find room. */
		if (refusal->kind == REFUSAL_SHARE)
			letters_park_account(letters, sender, queue);
		else
			letters_park(letters, refusal->kind);
	}
	memory_serve(broker, queue);
	letters_account_look(letters, sender);
}

static void letters_retry(struct timer *timer)
{
	container_of(timer, struct dead_letters, retry)->is_parked = false;
}

/* Room. */

struct room_post {
	struct post post;
	unsigned from;
	uint32_t account; /* ACCOUNT_HOUSE: there is room for letters of all */
};

static void room_post_send(struct broker *broker, unsigned to, uint32_t account,
	void (*run)(struct worker *worker, struct post *post))
{
	struct room_post *room = xmalloc(sizeof(*room));

	*room = (struct room_post){.post = {.size = sizeof(*room), .run = run},
		.from = broker->worker->index,
		.account = account};
	worker_post(broker->worker, to, &room->post);
}

/* Runs at the home. */
static void pass_run(struct worker *worker, struct post *post)
{
	struct room_post *room = container_of(post, struct room_post, post);

	letters_wake(&worker->broker->memory->letters, room->account);
	free(room);
}

static void letters_pass(struct dead_letters *letters, unsigned waker, uint32_t account)
{
	room_post_send(letters->broker, waker, account, pass_run);
}

/* Runs at a worker that waits. */
static void wake_run(struct worker *worker, struct post *post)
{
	struct room_post *room = container_of(post, struct room_post, post);
	struct dead_letters *letters = &worker->broker->memory->letters;
	struct letters_account *sender = letters_account_find(letters, room->account);

	if (room->account == ACCOUNT_HOUSE) {
		letters->is_parked = false;
		letters->is_woken = true;
		letters->waker = room->from;
	} else if (sender == NULL) {
		letters_pass(letters, room->from, room->account);
	} else {
		sender->is_parked = false;
		sender->is_woken = true;
		sender->waker = room->from;
		letters_account_look(letters, sender);
	}
	free(room);
}

static void letters_wake(struct dead_letters *letters, uint32_t account)
{
	struct broker *broker = letters->broker;
	const struct queue *queue =
		memory_queue(broker, broker->worker->config->dead_letter);
	unsigned worker;

	if (account == ACCOUNT_HOUSE ? queue != NULL && !queue_has_room(queue)
				     : !letter_room_fits(&letters->room, account, 1))
		return;
	if (letter_room_next(&letters->room, account, &worker))
		room_post_send(broker, worker, account, wake_run);
}

void dead_letters_wake(struct dead_letters *letters)
{
	uint32_t account;

	while (letter_room_changed(&letters->room, &account))
		letters_wake(letters, account);
	letters_wake(letters, ACCOUNT_HOUSE);
}

static void letters_unpark(struct table_node *node, void *context)
{
	struct letters_account *sender = letters_account_of_node(node);

	sender->is_parked = false;
	letters_account_look(context, sender);
}

/* After a reload there may be more room, or another queue is the dead-letter queue. */
static void letters_configure(struct dead_letters *letters)
{
	const struct worker *worker = letters->broker->worker;

	if (letters->configured == worker->configured)
		return;
	letters->configured = worker->configured;
	letters->is_parked = false;
	table_for_each(&letters->accounts, letters_unpark, letters);
}

bool dead_letters_turn(struct dead_letters *letters)
{
	const struct worker *worker = letters->broker->worker;
	bool more = true;

	letters_configure(letters);
	do {
		more = letters_drop_one(letters);
		more = letters_send_one(letters) || more;
	} while (more && !worker_turn_is_over(worker));
	/* The answer to a letter under way comes after the home has seen it. */
	if (letters->is_woken && !more) {
		letters->is_woken = false;
		if (letters->under_way == 0)
			letters_pass(letters, letters->waker, ACCOUNT_HOUSE);
	}
	return more;
}

void dead_letters_start(struct dead_letters *letters, struct broker *broker)
{
	static const struct participant_ops ops = {.answer = letters_answer};

	letters->broker = broker;
	letters->sender.ops = &ops;
	letters->most = LETTERS_UNDER_WAY;
	letters->retry.fire = letters_retry;
	letters->configured = broker->worker->configured;
	letter_room_init(&letters->room, broker->worker);
	table_init(&letters->accounts, &broker->worker->key);
	list_init(&letters->sending);
	list_init(&letters->dropping);
	broker_enter(broker, &letters->sender);
}

void dead_letters_stop(struct dead_letters *letters)
{
	struct letters_account *sender;

	while ((sender = letters_account_of_node(table_any(&letters->accounts))) !=
		NULL)
		letters_account_destroy(letters, sender);
	table_finish(&letters->accounts);
	letter_room_finish(&letters->room);
	loop_timer_stop(letters->broker->worker->loop, &letters->retry);
	broker_leave(letters->broker, &letters->sender);
}
