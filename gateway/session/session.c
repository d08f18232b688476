#include "gateway/session/session_internal.h"

#include "gateway/base/log.h"
#include "gateway/session/handler.h"
#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/share.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { KEY_MAX = 512 };

static const char *const state_names[] = {
	[SESSION_CONNECTING] = "connecting",
	[SESSION_OPEN] = "open",
	[SESSION_OVERFLOWED] = "overflowed",
	[SESSION_CLOSING] = "closing",
	[SESSION_CLOSED] = "closed",
};

/* For each state, the states that may follow, as bits. */
static const unsigned state_follows[] = {
	[SESSION_CONNECTING] = 1u << SESSION_OPEN | 1u << SESSION_OVERFLOWED |
			       1u << SESSION_CLOSING | 1u << SESSION_CLOSED,
	[SESSION_OPEN] =
		1u << SESSION_OVERFLOWED | 1u << SESSION_CLOSING | 1u << SESSION_CLOSED,
	[SESSION_OVERFLOWED] =
		1u << SESSION_OPEN | 1u << SESSION_CLOSING | 1u << SESSION_CLOSED,
	[SESSION_CLOSING] = 1u << SESSION_CLOSED,
	[SESSION_CLOSED] = 0,
};

void session_set_state(struct session *session, enum session_state state)
{
	assert((state_follows[session->state] & 1u << state) != 0);
	log_debug("session %.*s: %s, then %s", SLICE_ARGS(session_label(session)),
		state_names[session->state], state_names[state]);
	session->state = state;
}

/* Writes the table's key of an id at an endpoint; ids are bounded by the URL. */
static struct slice session_make_key(
	char key[KEY_MAX], const struct endpoint *endpoint, struct slice id)
{
	size_t path = endpoint->path.len;

	if (path + 1 + id.len > KEY_MAX)
		return (struct slice){key, 0};
	memcpy(key, endpoint->path.data, path);
	key[path] = '\0';
	memcpy(key + path + 1, id.data, id.len);
	return (struct slice){key, path + 1 + id.len};
}

void session_wake(struct session *session)
{
	if (session->state != SESSION_CLOSED && !list_is_linked(&session->awake))
		list_append(&session->worker->sessions->awake, &session->awake);
}

void session_prioritise(struct session *session)
{
	if (!list_is_linked(&session->awake))
		return;
	list_remove(&session->awake);
	list_append(&session->worker->sessions->answering, &session->awake);
}

/* Life and death. */

static void session_reap(struct task *task)
{
	struct session *session = container_of(task, struct session, reap);
	struct worker *worker = session->worker;

	session_pause_finish(session);
	session_set_tap(session, NULL);
	if (session->handler->close != NULL)
		session->handler->close(session->conversation);
	outbound_cut(&session->queue, 0, &worker->names);
	session_count_queue(session);
	session_hold(session, -session->held);
	name_unref(&worker->names, session->origin);
	name_unref(&worker->names, session->cookie);
	name_unref(&worker->names, session->user);
	list_remove(&session->link);
	list_remove(&session->awake);
	worker->live_sessions--;
	workers_give(&worker->workers->sessions);
	session_join_account(session, ACCOUNT_HOUSE);
	endpoint_unref(session->endpoint);
	session_forget_shown(session);
	free((void *)session->node.key.data);
	free(session);
}

void session_finish(struct session *session)
{
	struct worker *worker = session->worker;
	struct outlet *outlet = session->outlet;

	if (session->state == SESSION_CLOSED)
		return;
	session_set_state(session, SESSION_CLOSED);
	session->outlet = NULL;
	loop_timer_stop(worker->loop, &session->timer);
	list_remove(&session->awake);
	session_end_pauses(session);
	if (session->node.key.data != NULL) {
		table_remove(&worker->sessions->by_key, &session->node);
		if (!tombstones_add(worker->sessions->tombstones, session->node.key,
			    session->ending, loop_now(worker->loop)))
			metrics_refuse(worker->metrics, BOUND_ENDED_SESSIONS);
	}
	session_count_ended(session);
	loop_defer(worker->loop, &session->reap);
	if (outlet != NULL)
		outlet->ops->end(outlet);
}

void session_set_ending(struct session *session, enum ending ending)
{
	if (session->ending == ENDING_NONE)
		session->ending = (uint8_t)ending;
}

static uint32_t session_account_of_peer(
	const struct worker *worker, const struct peer *peer)
{
	struct accounts *accounts = worker->workers->accounts;
	const uint32_t account = account_of_address(accounts, &peer->address);

	account_set_exempt(accounts, account,
		address_limits_are_off(worker->config, &peer->address));
	return account;
}

/* What a session keeps of its opening request. */
static int64_t session_peer_bytes(const struct peer *peer)
{
	return (int64_t)(peer->origin.len + peer->cookie.len + peer->user.len +
			 peer->groups.len + peer->token.len);
}

/*
 * A session keeps the names of its peer. Few octets are no reason to refuse it; they
 * are charged like many.
 */
static bool session_may_have_names(
	const struct worker *worker, const struct peer *peer, uint32_t account)
{
	enum { SHORT = 256 };
	const int64_t bytes = session_peer_bytes(peer);

	if (bytes <= SHORT || budget_admits(worker->workers, account, 0, bytes))
		return true;
	metrics_refuse(worker->metrics, BOUND_MEMORY);
	return false;
}

/*
 * Counts one more session. False when the address or the gateway has too many already.
 */
static bool session_has_room(struct worker *worker, const struct endpoint *endpoint,
	const struct peer *peer, uint32_t account)
{
	struct workers *workers = worker->workers;

	/* The console must open even at a limit: an operator has to find the cause. */
	if (endpoint->is_console)
		return workers_take(&workers->sessions, 0);
	if (atomic_load(&workers->tight) || budget_is_tight(workers)) {
		metrics_refuse(worker->metrics, BOUND_MEMORY);
		return false;
	}
	const uint64_t most = worker->config->limits.sessions;

	if (!address_limits_admit(workers->address_limits, worker->config,
		    ADDRESS_SESSIONS, &peer->address, loop_now(worker->loop))) {
		metrics_refuse(worker->metrics, BOUND_ADDRESS_SESSIONS);
		return false;
	}
	if (!session_may_have_names(worker, peer, account) ||
		!share_has_room(worker, account, ACCOUNT_SESSIONS, 1, most))
		return false;
	if (workers_take(&workers->sessions, most))
		return true;
	metrics_refuse(worker->metrics, BOUND_SESSIONS);
	return false;
}

static void session_make_label(struct session *session)
{
	static const char digits[] = "0123456789abcdef";

	struct worker *worker = session->worker;
	const uint64_t number =
		++worker->sessions->opened * worker->workers->count + worker->index;
	uint64_t hash = hash_slice(
		&worker->key, (struct slice){(const char *)&number, sizeof(number)});

	for (size_t at = sizeof(session->label); at > 0; hash >>= 4)
		session->label[--at] = digits[hash & 15];
}

struct session *session_create(struct worker *worker, const struct endpoint *endpoint,
	enum transport transport, struct slice id, const struct peer *peer)
{
	char key[KEY_MAX];

	const uint32_t account = session_account_of_peer(worker, peer);

	if (worker->stopping || !session_has_room(worker, endpoint, peer, account))
		return NULL;

	struct session *session = xcalloc(1, sizeof(*session));
	session->worker = worker;
	session->endpoint = endpoint_ref(endpoint);
	session->handler = worker->sessions->handlers[endpoint->runs];
	session->transport = transport;
	session->framing = transport_is_raw(transport) ? SESSION_RAW : SESSION_SOCKJS;
	session->open_due = session->framing == SESSION_SOCKJS;
	session->state = session->open_due ? SESSION_CONNECTING : SESSION_OPEN;
	session->timer.fire = session_on_timer;
	session->reap.run = session_reap;
	session->policy = slow_policy(endpoint);
	session_pause_init(session);
	session->sent_at = session_now(session);
	session->heard_at = session->taken_at = session->detached_at =
		session_deadline_now(session);
	session->address = peer->address;
	session_join_account(session, account);
	session_hold(session, session_peer_bytes(peer));
	if (peer->origin.len > 0)
		session->origin = name_intern(&worker->names, peer->origin);
	if (peer->cookie.len > 0)
		session->cookie = name_intern(&worker->names, peer->cookie);

	session_keep_shown(session, peer);
	session_make_label(session);
	list_append(&worker->sessions->all, &session->link);
	worker->live_sessions++;
	if (id.len > 0) {
		struct slice made = session_make_key(key, endpoint, id);

		assert(made.len > 0);
		table_insert(&worker->sessions->by_key, &session->node,
			(struct slice){xstrdup(made), made.len}); /* freed with it */
	}
	session_count_opened(session);
	session_reschedule(session);
	session->conversation = session->handler->open(session);
	return session;
}

unsigned session_home(
	const struct worker *worker, const struct endpoint *endpoint, struct slice id)
{
	char key[KEY_MAX];

	return worker_home(worker, session_make_key(key, endpoint, id));
}

struct session *session_find(
	struct worker *worker, const struct endpoint *endpoint, struct slice id)
{
	char key[KEY_MAX];
	struct table_node *node = table_find(
		&worker->sessions->by_key, session_make_key(key, endpoint, id));

	return node == NULL ? NULL : container_of(node, struct session, node);
}

const struct tombstone *session_find_tombstone(
	struct worker *worker, const struct endpoint *endpoint, struct slice id)
{
	char key[KEY_MAX];

	return tombstones_find(worker->sessions->tombstones,
		session_make_key(key, endpoint, id), loop_now(worker->loop));
}

static bool session_name_admits(const struct name *bound, struct slice text)
{
	return bound == NULL || slice_equal(name_text(bound), text);
}

bool session_admits(const struct session *session, const struct peer *peer)
{
	return (peer->origin.len == 0 ||
		       session_name_admits(session->origin, peer->origin)) &&
	       session_name_admits(session->cookie, peer->cookie) &&
	       session_user_admits(session, peer) &&
	       (!session->endpoint->bind_address ||
		       address_equal(&session->address, &peer->address));
}

void session_set_family(struct session *session, unsigned family)
{
	session->family = (uint8_t)family;
}

unsigned session_family(const struct session *session)
{
	return session->family;
}

enum session_state session_state(const struct session *session)
{
	return session->state;
}

struct worker *session_worker(const struct session *session)
{
	return session->worker;
}

const struct endpoint *session_endpoint(const struct session *session)
{
	return session->endpoint;
}

struct slice session_label(const struct session *session)
{
	return (struct slice){session->label, sizeof(session->label)};
}

/* The peer's side. */

void session_heard(struct session *session)
{
	session->heard_at = session_deadline_now(session);
}

void session_attended(struct session *session)
{
	session->attended_at = session_deadline_now(session);
}

void session_receive(struct session *session, struct slice text, enum payload payload)
{
	if (session->state >= SESSION_CLOSING)
		return;
	session_heard(session);
	if (!session->handler->is_stream)
		session_count_message(session);
	session->handler->receive(session->conversation, text, payload);
}

void session_begin_end(struct session *session, enum ending why)
{
	if (session->state >= SESSION_CLOSING)
		return;
	if (session->handler->end != NULL)
		session->handler->end(session->conversation, why);
	else
		session_close(session, why);
}

void session_hang_up(struct session *session)
{
	session_begin_end(session, ENDING_CLOSED);
}

/* The handler's side. */

/*
 * CONNECTED, RECEIPT and ERROR are answers, and a message to few goes before a fan-out
 * to thousands as they do. What is not a STOMP frame may be either.
 */
static bool session_is_answer(const struct delivery *delivery)
{
	return (delivery->command != 0 && delivery->command != STOMP_MESSAGE) ||
	       (delivery->flags & DELIVERY_TO_FEW) != 0;
}

void session_send(struct session *session, const struct delivery *delivery)
{
	if (session->state >= SESSION_OVERFLOWED)
		return;
	if ((delivery->flags & DELIVERY_FROM_QUEUE) == 0 &&
		!session_make_room(session, message_size(delivery->message))) {
		session_overflow(session, session_full_bound(session));
		return;
	}
	session->sent_at = session_now(session);
	if (session->queue.count == 0)
		session_note_progress(session);
	bool was_half_full = session_is_half_full(session);
	outbound_push(&session->queue, delivery);
	session_wake(session);
	if (session->tap != NULL)
		session->tap->ops->delivery(session->tap, session, delivery);
	if (!was_half_full && session_is_half_full(session))
		session_flush_first(session);
	else if (session_is_answer(delivery) && session->queue.count == 1)
		session_prioritise(session);
}

void session_send_text(struct session *session, struct slice text, enum payload payload)
{
	struct message *message = message_create_text(text, payload);

	session_send(session, &(struct delivery){.message = message});
	message_unref(message);
	if (session->queue.count == 1)
		session_prioritise(session);
}

void session_withdraw(struct session *session, uint32_t ordinal)
{
	outbound_withdraw(
		&session->queue, session->in_outlet, ordinal, &session->worker->names);
}

void session_withdraw_all(struct session *session)
{
	session_withdraw(session, 0);
}

void session_close(struct session *session, enum ending ending)
{
	if (session->state >= SESSION_CLOSING)
		return;
	/* The queue was dropped, so no handler may report a normal end. */
	if (session->state == SESSION_OVERFLOWED)
		session_set_ending(session, ENDING_SLOW_CONSUMER);
	session_set_ending(session, ending);
	session_set_state(session, SESSION_CLOSING);
	session->closing_at = session_deadline_now(session);
	session_end_pauses(session);
	session_reschedule(session);
	session_wake(session);
}

uint64_t session_heard_at(const struct session *session)
{
	/*
	 * While the gateway does not read from publishers, their silence proves
	 * nothing.
	 */
	if (session_is_paused(session) || worker_apply_backpressure(session->worker))
		return session_deadline_now(session);
	return session->heard_at;
}

uint64_t session_attended_at(const struct session *session)
{
	uint64_t heard = session_heard_at(session);

	return session->attended_at > heard ? session->attended_at : heard;
}

uint64_t session_sent_at(const struct session *session)
{
	return session->sent_at;
}

/* The worker's side. */

void session_flush(struct session *session)
{
	if (session->state == SESSION_OVERFLOWED)
		session_tell_overflow(session);
	if (session->outlet != NULL)
		session->outlet->ops->wake(session->outlet);
	if (session->state == SESSION_CLOSED || session->queue.count == 0)
		return;
	session_keep_latest(session);
	session_count_queue(session);

	/*
	 * If something is still queued, the peer does not take it: watch its progress
	 * now.
	 */
	if (session->outlet != NULL) {
		uint64_t deadline = session_next_deadline(session);

		if (!timer_is_running(&session->timer) ||
			loop_timer_due(session->worker->loop, &session->timer) >
				deadline)
			session_reschedule(session);
	}
}

void session_fetch(const struct session *session)
{
	enum { CACHE_LINE = 64 };

	for (size_t at = 0; at < offsetof(struct session, endpoint); at += CACHE_LINE)
		__builtin_prefetch((const char *)session + at);
}
