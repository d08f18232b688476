/*
 * A session is one browser conversation, whatever carries it. It outlives HTTP
 * requests and owns its outbound queue. The transport that can write right now (its
 * outlet) pulls from the session; nothing is rendered before.
 *
 *   CONNECTING -- the open frame is taken --> OPEN -- session_close() --> CLOSING
 *   any of them -- the close frame is taken, or no outlet comes in time --> CLOSED
 *
 * A raw session (no SockJS framing) begins in OPEN. session_finish() is the only way
 * out and calls the handler's close exactly once, at the loop's top level.
 *
 * A session belongs to its worker, which frees it; pointers to it are valid until the
 * outlet's end() or the handler's close() is called.
 */
#ifndef GATEWAY_SESSION_SESSION_H
#define GATEWAY_SESSION_SESSION_H

#include "gateway/config/config.h"
#include "gateway/session/batch.h"
#include "gateway/session/outbound.h"
#include "gateway/session/outlet.h"
#include "gateway/session/tap.h"
#include "gateway/session/tombstones.h"
#include "gateway/worker/transport.h"
#include "gateway/worker/worker.h"

struct session;

/*
 * A carrier that keeps input of the peer while the session is paused. Zeroed: not
 * waiting.
 */
struct waiter {
	struct list link; /* list_remove() of the link ends the wait */
	void (*resume)(struct waiter *waiter);
};

/*
 * In the order in which a session passes through them; session_internal.h has the
 * table.
 */
enum session_state {
	SESSION_CONNECTING, /* SockJS: the open frame has not left */
	SESSION_OPEN,
	SESSION_OVERFLOWED, /* its full queue was emptied; notify the handler */
	SESSION_CLOSING,    /* the queued output leaves, then the close frame */
	SESSION_CLOSED,     /* freed at the top level of the loop */
};

enum session_framing {
	SESSION_RAW,    /* messages leave as they are */
	SESSION_SOCKJS, /* in frames: o h a[] c[] */
};

/* The peer of a session. Borrowed; a session keeps copies. */
struct peer {
	struct address address; /* the client's, as named by trusted proxies */
	struct slice origin;    /* empty: none was sent */
	struct slice cookie;    /* the endpoint's bind_cookie; empty: none was sent */

	/* What the request shows of a login, as `login` says; empty: nothing. */
	struct slice user, groups; /* by a trusted proxy */
	struct slice token;        /* in a cookie, or in the query */
	bool is_ambiguous;         /* a trusted header of a login came twice */
};

/*
 * Opens a session and its handler on that worker. The worker owns the session and
 * frees it at the loop's top level after its end; no pointer to it is valid after the
 * outlet's end() or the handler's close(). Holds the endpoint, copies the id and the
 * peer. `id` is the key for session_find() and must be unused. A session with an empty
 * id cannot be found, since a WebSocket does not share its session.
 *
 * NULL when the worker is stopping. NULL, and counted, when a limit is reached: of
 * memory, of all sessions, or of new sessions of the address. The handler may have
 * closed the session already.
 */
struct session *session_create(struct worker *worker, const struct endpoint *endpoint,
	enum transport transport, struct slice id, const struct peer *peer);

/*
 * The index of the worker where a session of that id lives, or would live. The same on
 * every worker.
 */
unsigned session_home(
	const struct worker *worker, const struct endpoint *endpoint, struct slice id);

/* The session of that id that is not CLOSED, or NULL. The worker owns it. */
struct session *session_find(
	struct worker *worker, const struct endpoint *endpoint, struct slice id);

/*
 * How a session of that id ended within the last two minutes, or NULL. Counts the
 * visit; the caller delays the sixth late poll. Valid until another session of this
 * worker ends.
 */
const struct tombstone *session_find_tombstone(
	struct worker *worker, const struct endpoint *endpoint, struct slice id);

/*
 * True when the peer may use the session. False for another Origin than the one that
 * the session was opened with. A request without an Origin is admitted: a page of
 * another site always sends its own, and a program can send any. Address and cookie
 * are compared if the endpoint says so, and the user whom a trusted proxy names.
 */
bool session_admits(const struct session *session, const struct peer *peer);

/*
 * Sets which kind of requests may use the session. The carrier chooses the number; it
 * is 0 before.
 */
void session_set_family(struct session *session, unsigned family);

/*
 * The number that session_set_family() has set, or 0: any kind of request may still
 * use the session.
 */
unsigned session_family(const struct session *session);

/*
 * Ask again after each call that passes something to the handler: the handler may have
 * closed the session.
 */
enum session_state session_state(const struct session *session);

/* The worker where the session lives; only its thread may call session_...(). */
struct worker *session_worker(const struct session *session);

/*
 * The endpoint, which the session holds. It belongs to the configuration of the
 * session's opening: a reload changes nothing here.
 */
const struct endpoint *session_endpoint(const struct session *session);

/*
 * The name of the session in logs and in the console: unique in this process, and no
 * secret, unlike its id. The bytes live as long as the session.
 */
struct slice session_label(const struct session *session);

/* For the outlet. */

/*
 * The attached outlet. NULL while nothing can write: between two polls, or after a
 * stream was cut.
 */
struct outlet *session_outlet(const struct session *session);

/*
 * Attaches `outlet`, which writes for the session from now on. False when another one
 * is attached, or the session is CLOSED. The outlet must live until its end() is
 * called, or until session_detach(), session_lost() or session_popped() of the close,
 * which do not call end(). If something is queued, the outlet is woken at the end of
 * this turn or later, not within this call.
 */
bool session_attach(struct session *session, struct outlet *outlet);

/*
 * The outlet writes no more: a poll was answered, or a stream is full. The session
 * drops the outlet and waits times.disconnect for the next one. Messages that were
 * pulled and not popped stay queued.
 */
void session_detach(struct session *session);

/*
 * The peer has vanished, or its connection broke. The session drops its outlet without
 * calling end() and is CLOSED. The first reason counts.
 */
void session_lost(struct session *session, enum ending ending);

enum session_next {
	SESSION_NEXT_NOTHING,
	SESSION_NEXT_OPEN,     /* o */
	SESSION_NEXT_MESSAGES, /* at least one is queued */
	SESSION_NEXT_BEAT,     /* h */
	SESSION_NEXT_CLOSE,    /* c[], see session_ending() */
};

/*
 * The next thing that the outlet has to write. Changes nothing: session_popped() moves
 * the queue. After session_close() messages come first, then the close; after CLOSED
 * nothing.
 */
enum session_next session_next(const struct session *session);

/*
 * True when the outlet should write on, beyond its share of a turn, while its kernel
 * takes bytes: the queue is half full, or waiting messages would be dropped. So a
 * burst does not make a client that reads look slow.
 */
bool session_is_urgent(const struct session *session);

/*
 * buf_reserve_exactly() for output of the session. False when the process has no
 * memory for it (budget_reserve()). Charges nothing.
 */
bool session_reserve(const struct session *session, struct buf *buf, size_t extra);

/*
 * Joins the oldest messages of a queue that is not empty (batch.h). They stay queued
 * until session_popped(). `how` must be static. The bytes live until the next pull of
 * any session on this worker, and at most until the end of the turn. Without memory for
 * a large message the batch is empty; the session must end (ENDING_NO_MEMORY).
 */
struct batch session_pull(
	struct session *session, const struct batch_format *how, size_t budget);

/*
 * The kernel has taken `next`; of messages the `count` oldest. `bytes` is their size
 * on the wire, without the heads of the transport's own protocol. After the close the
 * session drops its outlet without calling end(), and is CLOSED. SESSION_NEXT_NOTHING:
 * the kernel has taken a part of the pulled output, so the peer makes progress.
 */
void session_popped(
	struct session *session, enum session_next what, size_t count, size_t bytes);

/* Why the session ends; the first reason stays. ENDING_NONE until it ends. */
enum ending session_ending(const struct session *session);

/*
 * The peer gave a sign of life: a poll, a PONG, bytes. Puts off the probes and the end
 * of a silent session.
 */
void session_heard(struct session *session);

/*
 * The peer's machine is there: it has acknowledged bytes, or its library has asked for
 * frames. This proves less than session_heard(): the page may hang.
 */
void session_attended(struct session *session);

/*
 * Counts `bytes` that came from the peer, as the transport carries them. Is no sign of
 * life: see session_heard().
 */
void session_count_bytes(struct session *session, size_t bytes);

/*
 * Hands one whole message of the peer, or a piece of a stream (struct handler), to the
 * handler. Ignored from CLOSING on. The session may have ended when it returns.
 */
void session_receive(struct session *session, struct slice text, enum payload payload);

/*
 * The peer has closed its sending side. The handler may still answer what the peer
 * sent before, and must then close the session. A handler without an end() cannot: the
 * session closes immediately.
 */
void session_hang_up(struct session *session);

/*
 * True while the handler takes no input. Carriers then leave the peer's input unread
 * if they can. The handler keeps what session_receive() brings nevertheless. Never
 * true after session_close().
 */
bool session_is_paused(const struct session *session);

/*
 * For a carrier that keeps input of a paused session. Calls waiter->resume() once, at
 * the loop's top level, when the last pause has ended or the session closes. Waiters
 * are resumed in the order of their calls. A resume() may find the session paused
 * again. The waiter must live until then; list_remove(&waiter->link) cancels the wait.
 * False, with nothing registered, when 16 waiters are registered already: a
 * well-behaved peer sends one request after the other.
 */
bool session_wait(struct session *session, struct waiter *waiter);

/* For the handler. */

/*
 * Stops the peer's input until session_resume() has ended each pause, or the session
 * closes. The peer's silence does not count meanwhile (session_heard_at()).
 */
void session_pause(struct session *session);

/*
 * Ends one session_pause(). After the last one the peer's input continues, and the
 * session's waiters are resumed at the loop's top level, not within this call.
 */
void session_resume(struct session *session);

/*
 * Queues a message; takes references of its own to the message and the name. Ignored
 * after an overflow, and when the session closes. If the queue has reached its limit,
 * the endpoint's policy may drop messages of topics. If that makes no room, everything
 * is dropped that no outlet has pulled, and the handler's end() is called later with
 * ENDING_SLOW_CONSUMER. Deliveries of broker queues do not count against the limit: the
 * queues bound them.
 */
void session_send(struct session *session, const struct delivery *delivery);

/*
 * Queues a copy of the handler's own text, or octets, without a STOMP header. If
 * nothing else is queued, it leaves before other sessions' output. Ignored after an
 * overflow.
 */
void session_send_text(
	struct session *session, struct slice text, enum payload payload);

/*
 * Keeps `error` for the log line of the session's end: the kind of the refusal that the
 * peer has got (refusal_name()). It must be static. The latest one counts.
 */
void session_set_error(struct session *session, const char *error);

/*
 * Sets the user who has logged in: the session moves to that user's account. Its last
 * log line names the user. False, counted and with nothing done, when the user has its
 * share of limits.sessions.
 */
bool session_set_user(struct session *session, struct slice user);

/* Sets the name that operators see, and leaves the session in its account. */
void session_name_user(struct session *session, struct slice user);

/*
 * The login that the opening request has shown, in its three slices; the others are
 * empty. NULL: it has shown none. The token is cleared by session_hide_token().
 */
const struct peer *session_shown(const struct session *session);

/* The token that was shown has been checked: its bytes are not kept. */
void session_hide_token(struct session *session);

/* Its account (account.h): that of its address, or of its user after a login. */
uint32_t session_account(const struct session *session);

/*
 * True when the session may make Postern hold `more` bytes for it (budget.h). Charges
 * nothing, counts nothing.
 */
bool session_may_hold(const struct session *session, uint64_t more);

/*
 * The same for what Postern may forget instead: an account gets less for that, so that
 * it finds room for what it cannot do without.
 */
bool session_may_remember(const struct session *session, uint64_t more);

/*
 * So many bytes more are held for the session, or fewer. The end of the session gives
 * back what is left.
 */
void session_hold(struct session *session, int64_t bytes);

/*
 * The outlet leaves the session, which ends, and keeps `bytes` of what is held for it:
 * the account stays charged for these, and the caller ends that by budget_charge().
 * Returns the account.
 */
uint32_t session_leave_held(struct session *session, int64_t bytes);

/*
 * A buffer that is held for the session has grown or shrunk from `before` to `now`
 * bytes of memory, and is charged. False, and counted, when it may not grow: the caller
 * must free it, and say so by another call.
 */
bool session_resize(struct session *session, uint64_t before, uint64_t now);

/*
 * Counts one message that came in. For handlers whose messages are not those of the
 * transport, as with STOMP over TCP.
 */
void session_count_message(struct session *session);

/*
 * Drops from the session's queue the messages that a broker queue has delivered to
 * that subscription, except those that the outlet has pulled already.
 */
void session_withdraw(struct session *session, uint32_t ordinal);

/* The same for all subscriptions, in one walk along the queue. */
void session_withdraw_all(struct session *session);

/*
 * Ends the session politely: the queued output leaves first, then the close frame.
 * Only the first call counts. Postern reads nothing of the peer from now on.
 */
void session_close(struct session *session, enum ending ending);

/*
 * When the peer last gave a sign of life, in milliseconds of loop_deadline_now().
 * Returns the present time while the session is paused or the worker reads from no
 * publisher: silence proves nothing then.
 */
uint64_t session_heard_at(const struct session *session);

/*
 * As session_heard_at(), or later if the peer's machine has given a sign of life since
 * (session_attended()).
 */
uint64_t session_attended_at(const struct session *session);

/* When something was last queued for the peer, in milliseconds of loop_now(). */
uint64_t session_sent_at(const struct session *session);

/*
 * For outlet_ops.look: the peer has taken some of the output that waits. A slow reader
 * that reads steadily is not ended.
 */
void session_progressed(struct session *session);

/*
 * The peer has been silent for long: asks the outlet to check whether it is there. The
 * outlet then calls session_heard() or session_attended(). Does nothing without an
 * outlet that can check.
 */
void session_probe(struct session *session, enum probe probe);

/*
 * Makes SockJS's heartbeat frame the next one, unless messages are queued. Does
 * nothing to a raw or closing session.
 */
void session_beat(struct session *session);

/* The facts about a session that the console shows. */

struct session_facts {
	enum transport transport;
	struct address address;
	struct slice origin; /* borrowed; empty: opened without an Origin */
	uint64_t age;        /* milliseconds */
	uint64_t queued;     /* bytes that are queued for the peer */
	uint64_t bytes_in, bytes_out;
};

/* A snapshot for the console. Its origin lives as long as the session. */
struct session_facts session_facts(const struct session *session);

/*
 * Calls `visit` for each session that is not CLOSED. `visit` may call session_close(),
 * but nothing else that frees or moves sessions.
 */
void session_for_each(struct worker *worker,
	void (*visit)(struct session *session, void *context), void *context);

/* Takes the tap over and destroys the previous one. NULL removes the tap. */
void session_set_tap(struct session *session, struct tap *tap);

/* The session's tap, which it owns; NULL when nothing watches the session. */
struct tap *session_tap(const struct session *session);

/* For the broker. */

/* Prefetches the session into the CPU's cache, because a session_send() comes soon. */
void session_fetch(const struct session *session);

#endif
