/*
 * What a worker counts. Its numbers are written by its own thread alone, with a plain
 * add, and read by whoever is asked for all of them (exposition.h), which sums them:
 * no lock, and no cache line that two threads write.
 *
 * No label holds what a peer can choose: destinations, users, paths and headers count,
 * but are not told apart.
 */
#ifndef GATEWAY_WORKER_METRICS_H
#define GATEWAY_WORKER_METRICS_H

#include "gateway/worker/ending.h"
#include "gateway/worker/refusal.h"
#include "gateway/worker/transport.h"
#include "protocol/stomp.h"

#include <stdatomic.h>
#include <stdint.h>

struct metrics_endpoints;
struct endpoint;

/* One writer. A gauge falls by adding a negative number. */
struct counter {
	_Atomic uint64_t value;
};

/*
 * Adds to a counter; a negative amount as its complement. Only the counter's worker may
 * add; other threads may read meanwhile. No atomic addition: a load and a store.
 */
static inline void counter_add(struct counter *counter, uint64_t amount)
{
	uint64_t value = atomic_load_explicit(&counter->value, memory_order_relaxed);

	atomic_store_explicit(&counter->value, value + amount, memory_order_relaxed);
}

/*
 * The counter's value now. From any thread. Values of several counters are no snapshot.
 */
static inline uint64_t counter_read(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

enum direction {
	DIRECTION_IN,
	DIRECTION_OUT,
	DIRECTIONS,
};

/*
 * A bound that a peer has reached, and something was refused, ended or forgotten for.
 */
enum bound {
	BOUND_HEAD,
	BOUND_HEAD_TIME,
	BOUND_TARGET,
	BOUND_BODY,
	BOUND_BODY_TIME,
	BOUND_KEEP_ALIVE,
	BOUND_PROGRESS,
	BOUND_CONNECT_TIME,
	BOUND_CONNECT_FRAME,
	BOUND_FRAME,
	BOUND_HEADERS,
	BOUND_HEADER,
	BOUND_KEPT,
	BOUND_MESSAGE,
	BOUND_FRAGMENTS,
	BOUND_QUEUE_BYTES,
	BOUND_QUEUE_MESSAGES,
	BOUND_SUBSCRIPTIONS,
	BOUND_DESTINATION,
	BOUND_DESTINATIONS,
	BOUND_IDLE_TOPICS,
	BOUND_UNACKED,
	BOUND_TRANSACTIONS,
	BOUND_TRANSACTION,
	BOUND_BACKLOG,
	BOUND_INBOX,
	BOUND_LOGINS,
	BOUND_WAITERS,
	BOUND_DESCRIPTORS, /* the system has none left, or no memory for one */
	BOUND_CONNECTIONS,
	BOUND_ADDRESS_CONNECTIONS,
	BOUND_ADDRESS_SESSIONS,
	BOUND_ADDRESS_UNKNOWN,
	BOUND_SESSIONS,
	BOUND_ENDED_SESSIONS,
	BOUND_MEMORY,
	BOUNDS,
};

/* What becomes of a session's queue that its peer does not read fast enough. */
enum slow_policy {
	SLOW_CLOSE,
	SLOW_DROP_OLDEST,
	SLOW_LATEST,
	SLOW_POLICIES,
};

/* Why a message of a queue is dead. */
enum dead_reason {
	DEAD_REJECTED, /* by consumers, too often */
	DEAD_LOST,     /* with consumers, too often */
	DEAD_REASONS,
};

/* What a request was about: X(NAME, name). Each SockJS link has a kind of its own. */
#define REQUEST_LIST(X)                                                                \
	X(REFUSED, refused) /* its head was bad: nobody has looked further */          \
	X(FILE, file)                                                                  \
	X(GREETING, greeting)                                                          \
	X(INFO, info)                                                                  \
	X(IFRAME, iframe)                                                              \
	X(WEBSOCKET, websocket) /* with SockJS's frames or without */                  \
	TRANSPORT_LIST(TRANSPORT_SKIP, X, X)                                           \
	X(UNKNOWN, unknown)                                                            \
	X(HEALTH, health)                                                              \
	X(READY, ready)                                                                \
	X(METRICS, metrics)

enum request_kind {
	REQUEST_NONE, /* of a description that names none: our mistake */
#define X(NAME, name) REQUEST_##NAME,
	REQUEST_LIST(X)
#undef X
		REQUEST_KINDS,
};

enum {
	STOMP_COMMANDS = STOMP_ERROR + 1,
	STATUS_FIRST = 100,
	STATUSES = 500,        /* of HTTP, from the first on */
	DELIVERY_BUCKETS = 13, /* beside the one for all that took longer */
};

/* What sessions are at, beside the counted endpoints. */
enum {
	ENDPOINTS_NEW, /* one too many for that, which a reload has brought */
	ENDPOINTS_TCP,
	ENDPOINTS_CONSOLE,
	ENDPOINTS_BESIDE,
};

/* Sessions of one transport at one endpoint. */
struct session_figures {
	struct counter open; /* a gauge */
	struct counter opened;
};

/* Nothing but counters behind the first member: metrics_add() counts on that. */
struct metrics {
	size_t endpoints; /* those that are counted, and ENDPOINTS_BESIDE more */
	struct counter closed[TRANSPORTS][ENDINGS];
	struct counter frames[DIRECTIONS][STOMP_COMMANDS];
	struct counter messages; /* that destinations have taken */
	struct counter bytes[DIRECTIONS][TRANSPORTS];
	struct counter subscriptions;   /* a gauge */
	struct counter queue_bytes;     /* a gauge: of all sessions' queues */
	struct counter queue_messages;  /* a gauge: that broker queues hold */
	struct counter queue_in_flight; /* a gauge: those of them that are in flight */
	struct counter dead[DEAD_REASONS];     /* messages */
	struct counter slow[SLOW_POLICIES];    /* sessions */
	struct counter dropped[SLOW_POLICIES]; /* messages */
	struct counter requests[REQUEST_KINDS][STATUSES];
	struct counter delivered[DELIVERY_BUCKETS + 1];
	struct counter delivery_ms; /* the sum of what they took */
	struct counter unknown_sessions;
	struct counter ignored_acks; /* of what needs none */
	struct counter refused[BOUNDS];
	struct counter refusals[DOORS][REFUSALS]; /* refusal_report() alone counts */
	struct session_figures sessions[][TRANSPORTS]; /* of each endpoint */
};

/*
 * All figures are zero. They stand on cache lines of their own, so workers do not slow
 * each other. Freed by metrics_destroy().
 */
struct metrics *metrics_create(const struct metrics_endpoints *metrics_endpoints);
void metrics_destroy(struct metrics *metrics); /* NULL is fine */

/*
 * Adds another worker's figures to `sum`, which nobody else uses. Both were made for
 * the same endpoints.
 */
void metrics_add(struct metrics *sum, const struct metrics *metrics);

/*
 * The figures of that transport at the endpoint, which live as long as the metrics. An
 * endpoint that found no place shares those of all such endpoints.
 */
struct session_figures *metrics_sessions(struct metrics *metrics,
	const struct metrics_endpoints *metrics_endpoints,
	const struct endpoint *endpoint, enum transport transport);

/*
 * Counts one refusal under the name of the setting that was reached
 * (postern_refused_total).
 */
static inline void metrics_refuse(struct metrics *metrics, enum bound bound)
{
	counter_add(&metrics->refused[bound], 1);
}

/*
 * Counts an answered request under its route and status. A status that says that a
 * bound was reached counts for that bound, too.
 */
void metrics_answer(struct metrics *metrics, enum request_kind kind, unsigned status);

/* Milliseconds that the deliveries of a bucket have taken at most. */
static const uint64_t delivery_most[DELIVERY_BUCKETS] = {
	1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000, 60000};

/*
 * Counts `count` messages that the kernel has taken `age` milliseconds after they were
 * sent.
 */
static inline void metrics_deliver(struct metrics *metrics, uint64_t age, size_t count)
{
	size_t bucket = 0;

	while (bucket < DELIVERY_BUCKETS && age > delivery_most[bucket])
		bucket++;
	counter_add(&metrics->delivered[bucket], count);
	counter_add(&metrics->delivery_ms, age * count);
}

#endif
