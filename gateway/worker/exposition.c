#include "gateway/worker/exposition.h"

#include "gateway/base/log.h"
#include "gateway/base/process.h"
#include "gateway/config/config.h"
#include "gateway/worker/exposition_text.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/metrics_endpoints.h"
#include "gateway/worker/worker.h"
#include "gateway/worker/workers.h"

#include <inttypes.h>
#include <time.h>

static const char *const direction_names[DIRECTIONS] = {
	[DIRECTION_IN] = "in",
	[DIRECTION_OUT] = "out",
};

/* The names of the bounds: those of the settings in `limits` and `times`, if any. */
static const char *const bound_names[BOUNDS] = {
	[BOUND_HEAD] = "head",
	[BOUND_HEAD_TIME] = "head_time",
	[BOUND_TARGET] = "target",
	[BOUND_BODY] = "body",
	[BOUND_BODY_TIME] = "body_time",
	[BOUND_KEEP_ALIVE] = "keep_alive",
	[BOUND_PROGRESS] = "progress",
	[BOUND_CONNECT_TIME] = "connect_time",
	[BOUND_CONNECT_FRAME] = "connect_frame",
	[BOUND_FRAME] = "frame",
	[BOUND_HEADERS] = "headers",
	[BOUND_HEADER] = "header",
	[BOUND_KEPT] = "kept",
	[BOUND_MESSAGE] = "message",
	[BOUND_FRAGMENTS] = "fragments",
	[BOUND_QUEUE_BYTES] = "queue_bytes",
	[BOUND_QUEUE_MESSAGES] = "queue_messages",
	[BOUND_SUBSCRIPTIONS] = "subscriptions",
	[BOUND_DESTINATION] = "destination",
	[BOUND_DESTINATIONS] = "destinations",
	[BOUND_IDLE_TOPICS] = "idle_topics",
	[BOUND_UNACKED] = "unacked",
	[BOUND_USER_MESSAGES] = "user_messages",
	[BOUND_RATE] = "rate",
	[BOUND_TRANSACTIONS] = "transactions",
	[BOUND_TRANSACTION] = "transaction",
	[BOUND_BACKLOG] = "backlog",
	[BOUND_BACKLOG_TOTAL] = "backlog_total",
	[BOUND_INBOX] = "inbox",
	[BOUND_LOGINS] = "logins",
	[BOUND_TOKEN] = "token",
	[BOUND_WAITERS] = "waiters",
	[BOUND_DESCRIPTORS] = "descriptors",
	[BOUND_CONNECTIONS] = "connections",
	[BOUND_ADDRESS_CONNECTIONS] = "address_connections",
	[BOUND_ADDRESS_SESSIONS] = "address_sessions",
	[BOUND_ADDRESS_UNKNOWN] = "address_unknown",
	[BOUND_SESSIONS] = "sessions",
	[BOUND_SHARE] = "share",
	[BOUND_ENDED_SESSIONS] = "ended_sessions",
	[BOUND_MEMORY] = "memory",
};

static const char *const slow_names[SLOW_POLICIES] = {
	[SLOW_CLOSE] = "close",
	[SLOW_DROP_OLDEST] = "drop-oldest",
	[SLOW_LATEST] = "latest",
};

static const char *const request_names[REQUEST_KINDS] = {
#define X(NAME, name) [REQUEST_##NAME] = #name,
	REQUEST_LIST(X)
#undef X
};

/* Sessions. */

/* True when the endpoint can have sessions of that kind. */
static bool exposition_is_possible(
	const struct metrics_endpoint *endpoint, enum transport transport)
{
	switch (transport) {
	case TRANSPORT_TCP:
		return false; /* these have an endpoint of their own */
	case TRANSPORT_WEBSOCKET_RAW:
		return endpoint->websocket;
	case TRANSPORT_WEBSOCKET:
		return endpoint->websocket && endpoint->sockjs;
	default:
		return endpoint->sockjs;
	}
}

static void exposition_sessions_of(struct writer *writer, size_t index,
	struct slice path, enum transport transport)
{
	const struct session_figures *figures =
		&writer->sum->sessions[index][transport];

	buf_printf(writer->out, "%s{transport=\"%s\",endpoint=\"", writer->name,
		transport_name(transport));
	exposition_append_label(writer->out, path);
	buf_append(writer->out, SLICE("\"}"));
	exposition_append_value(
		writer, (int64_t)counter_read(
				writer->is_opened ? &figures->opened : &figures->open));
}

static void exposition_sessions_at(
	struct writer *writer, size_t index, const struct metrics_endpoint *endpoint)
{
	for (enum transport i = TRANSPORT_NONE + 1; i < TRANSPORTS; i++) {
		if (exposition_is_possible(endpoint, i))
			exposition_sessions_of(writer, index, endpoint->path, i);
	}
}

/* One sample for each transport at each endpoint. */
static void exposition_write_places(struct writer *writer)
{
	/* All endpoints without a place of their own share one. */
	static const struct metrics_endpoint later = {SLICE_INIT("(new)"), true, true};
	const struct config *config = writer->workers->config;
	const struct metrics_endpoints *metrics_endpoints =
		writer->workers->metrics_endpoints;
	const struct metrics_endpoint console = {config->console.path, true, true};
	const size_t beside = metrics_endpoints_capacity(metrics_endpoints);

	for (size_t i = 0; i < metrics_endpoints_count(metrics_endpoints); i++)
		exposition_sessions_at(
			writer, i, metrics_endpoints_at(metrics_endpoints, i));
	exposition_sessions_at(writer, beside + ENDPOINTS_NEW, &later);
	exposition_sessions_of(
		writer, beside + ENDPOINTS_TCP, config->tcp.path, TRANSPORT_TCP);
	if (config->admin_listen.len > 0)
		exposition_sessions_at(writer, beside + ENDPOINTS_CONSOLE, &console);
}

static void exposition_write_sessions(struct writer *writer)
{
	exposition_begin(
		writer, "postern_sessions", "gauge", "Sessions that are open now.");
	exposition_write_places(writer);
	exposition_begin(writer, "postern_sessions_opened_total", "counter",
		"Sessions that were opened.");
	writer->is_opened = true;
	exposition_write_places(writer);

	exposition_begin(writer, "postern_sessions_closed_total", "counter",
		"Sessions that have ended, by the transport that they were opened with "
		"and why.");
	for (enum transport i = TRANSPORT_NONE + 1; i < TRANSPORTS; i++) {
		for (enum ending j = ENDING_NONE + 1; j < ENDINGS; j++)
			exposition_labelled_twice(writer, "transport",
				transport_name(i), "reason", ending_name(j),
				&writer->sum->closed[i][j]);
	}
}

/* Traffic. */

static void exposition_write_frames(struct writer *writer)
{
	exposition_begin(writer, "postern_stomp_frames_total", "counter",
		"STOMP frames that were read, or that the kernel has taken.");
	for (size_t i = 0; i < STOMP_COMMANDS; i++) {
		enum direction direction =
			i < STOMP_CONNECTED ? DIRECTION_IN : DIRECTION_OUT;

		exposition_labelled_twice(writer, "command",
			stomp_command_name((enum stomp_command)i).data, "direction",
			direction_names[direction], &writer->sum->frames[direction][i]);
	}
}

static void exposition_write_bytes(struct writer *writer)
{
	exposition_begin(writer, "postern_bytes_total", "counter",
		"Bytes of sessions' frames and messages, as their transport carries "
		"them.");
	for (size_t i = 0; i < DIRECTIONS; i++) {
		for (enum transport j = TRANSPORT_NONE + 1; j < TRANSPORTS; j++)
			exposition_labelled_twice(writer, "direction",
				direction_names[i], "transport", transport_name(j),
				&writer->sum->bytes[i][j]);
	}
}

static void exposition_write_delivery(struct writer *writer)
{
	const struct metrics *sum = writer->sum;
	uint64_t count = 0;

	exposition_begin(writer, "postern_delivery_seconds", "histogram",
		"From the SEND of a message until the kernel has taken it for a "
		"subscriber.");
	for (size_t i = 0; i < DELIVERY_BUCKETS; i++) {
		count += counter_read(&sum->delivered[i]);
		buf_printf(writer->out, "%s_bucket{le=\"", writer->name);
		exposition_append_bound(writer->out, delivery_most[i]);
		buf_append(writer->out, SLICE("\"}"));
		exposition_append_value(writer, (int64_t)count);
	}
	count += counter_read(&sum->delivered[DELIVERY_BUCKETS]);
	buf_printf(writer->out, "%s_bucket{le=\"+Inf\"}", writer->name);
	exposition_append_value(writer, (int64_t)count);
	buf_printf(writer->out, "%s_sum ", writer->name);
	exposition_append_thousandths(writer->out, counter_read(&sum->delivery_ms));
	buf_printf(writer->out, "\n%s_count", writer->name);
	exposition_append_value(writer, (int64_t)count);
}

static void exposition_write_requests(struct writer *writer)
{
	char code[8];

	exposition_begin(writer, "postern_http_requests_total", "counter",
		"Requests that were answered.");
	for (size_t i = REQUEST_NONE + 1; i < REQUEST_KINDS; i++) {
		for (unsigned j = 0; j < STATUSES; j++) {
			const struct counter *counter = &writer->sum->requests[i][j];

			if (counter_read(counter) == 0)
				continue;
			snprintf(code, sizeof(code), "%u", STATUS_FIRST + j);
			exposition_labelled_twice(writer, "route", request_names[i],
				"code", code, counter);
		}
	}
}

/* Only pairs that exist: a kind belongs to one or two doors. */

/* Only pairs that exist: a kind belongs to one door or two. */
static void exposition_write_refusals(struct writer *writer)
{
	exposition_begin(writer, "postern_refusals_total", "counter",
		"What peers were refused, by where and why.");
	for (enum refusal_door door = 0; door < DOORS; door++) {
		for (enum refusal_kind kind = 0; kind < REFUSALS; kind++) {
			if (refusal_is_at(kind, door))
				exposition_labelled_twice(writer, "door",
					door_name(door), "kind", refusal_name(kind),
					&writer->sum->refusals[door][kind]);
		}
	}
}

/* Logins, new tokens, and what rules deny. */
static void exposition_write_identity(struct writer *writer)
{
	static const char *const results[LOGIN_RESULTS] = {
		[LOGIN_IN] = "ok",
		[LOGIN_EXPIRED] = "expired",
		[LOGIN_REFUSED] = "refused",
		[LOGIN_BUSY] = "busy",
	};
	static const char *const actions[ACCESS_ACTIONS] = {
		[ACCESS_SUBSCRIBE] = "subscribe", [ACCESS_SEND] = "send"};
	static const char *const deciders[DENIED_BY] = {
		[DENIED_BY_RULE] = "rule", [DENIED_BY_NONE] = "none"};
	const struct metrics *sum = writer->sum;

	exposition_begin(writer, "postern_logins_total", "counter",
		"Logins, by what was shown and what became of them. Without a way to "
		"log in none is counted.");
	for (size_t i = 0; i < LOGIN_SOURCES; i++) {
		for (size_t j = 0; j < LOGIN_RESULTS; j++)
			exposition_labelled_twice(writer, "source",
				login_source_name((enum login_source)i), "result",
				results[j], &sum->logins[i][j]);
	}
	exposition_begin(writer, "postern_token_refreshes_total", "counter",
		"Tokens that were sent to /session/token, by what became of them.");
	for (size_t i = 0; i < LOGIN_RESULTS; i++)
		exposition_labelled(
			writer, "result", results[i], &sum->token_refreshes[i]);
	exposition_begin(writer, "postern_denied_total", "counter",
		"What the rules have denied: by a rule, or since none allows it.");
	for (size_t i = 0; i < ACCESS_ACTIONS; i++) {
		for (size_t j = 0; j < DENIED_BY; j++)
			exposition_labelled_twice(writer, "action", actions[i], "by",
				deciders[j], &sum->denied[i][j]);
	}
}

static void exposition_write_bounds(struct writer *writer)
{
	exposition_begin(writer, "postern_slow_consumers_total", "counter",
		"Sessions that did not read what they got, by what became of them.");
	for (size_t i = 0; i < SLOW_POLICIES; i++)
		exposition_labelled(
			writer, "policy", slow_names[i], &writer->sum->slow[i]);

	exposition_begin(writer, "postern_dropped_messages_total", "counter",
		"Messages that they did not get, by policy.");
	for (size_t i = 0; i < SLOW_POLICIES; i++)
		exposition_labelled(
			writer, "policy", slow_names[i], &writer->sum->dropped[i]);

	exposition_begin(writer, "postern_refused_total", "counter",
		"What was refused, ended, forgotten or had to wait because a bound was "
		"reached.");
	for (size_t i = 0; i < BOUNDS; i++)
		exposition_labelled(
			writer, "bound", bound_names[i], &writer->sum->refused[i]);

	exposition_write_refusals(writer);

	exposition_number(writer, "postern_log_lines_unwritten_total", "counter",
		"Lines of the log that were left out, since others like them were "
		"written.",
		(int64_t)log_unwritten());

	exposition_number(writer, "postern_log_lines_lost_total", "counter",
		"Lines of the log that nobody read in time, or that could not be "
		"written.",
		(int64_t)log_lost());
}

/* The process. */

static void exposition_seconds(struct writer *writer, uint64_t milliseconds)
{
	buf_printf(writer->out, "%s ", writer->name);
	exposition_append_thousandths(writer->out, milliseconds);
	buf_append_char(writer->out, '\n');
}

static void exposition_write_process(struct writer *writer)
{
	struct process process;

	exposition_begin(
		writer, "postern_build_info", "gauge", "Which Postern this is.");
	buf_printf(
		writer->out, "%s{version=\"%s\"} 1\n", writer->name, POSTERN_VERSION);
	if (!process_read(&process))
		return;
	exposition_begin(writer, "process_cpu_seconds_total", "counter",
		"User and system time spent.");
	exposition_seconds(writer, process.cpu_ms);
	exposition_begin(writer, "process_start_time_seconds", "gauge",
		"When the process was started, since 1970.");
	exposition_seconds(writer, process.start_ms);
	exposition_number(writer, "process_virtual_memory_bytes", "gauge",
		"Virtual memory.", (int64_t)process.virtual_bytes);
	exposition_number(writer, "process_resident_memory_bytes", "gauge",
		"Resident memory.", (int64_t)process.resident_bytes);
	exposition_number(writer, "process_threads", "gauge", "Threads.",
		(int64_t)process.threads);
	exposition_number(writer, "process_open_fds", "gauge", "Open file descriptors.",
		(int64_t)process.open_fds);
	exposition_number(writer, "process_max_fds", "gauge",
		"How many of them there may be.", (int64_t)process.max_fds);
}

/* Whether the file on disk is the configuration in force. */
static void exposition_write_reloads(struct writer *writer)
{
	exposition_number(writer, "postern_config_last_reload_successful", "gauge",
		"Whether the last reload of the configuration was successful.",
		atomic_load(&writer->workers->reload_failed) ? 0 : 1);
	exposition_number(writer,
		"postern_config_last_reload_success_timestamp_seconds", "gauge",
		"When the configuration in force was read, since 1970.",
		atomic_load(&writer->workers->configured_at));
}

/* Threads that do not run, as in tests, have no CPU clock. */
static void exposition_write_workers(struct writer *writer)
{
	struct timespec spent;

	exposition_begin(writer, "postern_worker_cpu_seconds_total", "counter",
		"Processor time that a worker was busy for.");
	for (unsigned i = 0; i < writer->workers->count; i++) {
		clockid_t clock = atomic_load(&writer->workers->all[i]->cpu_clock);

		if (clock == 0 || clock_gettime(clock, &spent) == -1)
			continue;
		buf_printf(writer->out, "%s{worker=\"%u\"} ", writer->name, i);
		exposition_append_thousandths(
			writer->out, (uint64_t)spent.tv_sec * 1000 +
					     (uint64_t)spent.tv_nsec / 1000000);
		buf_append_char(writer->out, '\n');
	}
}

static void exposition_write_queues(struct writer *writer)
{
	const struct metrics *sum = writer->sum;
	const uint64_t in_flight = counter_read(&sum->queue_in_flight);
	const uint64_t parked = counter_read(&sum->queue_parked);
	const uint64_t held = counter_read(&sum->queue_messages);

	exposition_begin(writer, "postern_queue_messages", "gauge",
		"Messages in broker queues: ready for a consumer, at one that has not "
		"acknowledged them, or dead and without room at the dead letters.");
	buf_printf(writer->out, "%s{state=\"ready\"}", writer->name);
	exposition_append_value(writer, (int64_t)(held - in_flight - parked));
	buf_printf(writer->out, "%s{state=\"unacknowledged\"}", writer->name);
	exposition_append_value(writer, (int64_t)in_flight);
	buf_printf(writer->out, "%s{state=\"parked\"}", writer->name);
	exposition_append_value(writer, (int64_t)parked);
	exposition_begin(writer, "postern_dead_letters_total", "counter",
		"Messages that their queue does not deliver any more.");
	exposition_labelled(writer, "reason", "rejected", &sum->dead[DEAD_REJECTED]);
	exposition_labelled(writer, "reason", "lost", &sum->dead[DEAD_LOST]);
	exposition_labelled(writer, "reason", "discarded", &sum->dead[DEAD_DISCARDED]);
	exposition_labelled(writer, "reason", "expired", &sum->dead[DEAD_EXPIRED]);
	exposition_labelled(writer, "reason", "idle", &sum->dead[DEAD_IDLE]);
}

static void exposition_write_memory(
	struct writer *writer, const struct workers *workers)
{
	const struct budget *budget = &workers->budget;

	exposition_number(writer, "postern_memory_counted_bytes", "gauge",
		"Memory that Postern itself has allocated.", budget_counted(workers));
	exposition_number(writer, "postern_memory_correction_bytes", "gauge",
		"Memory beyond that, less a quarter of limits.memory.",
		atomic_load(&budget->correction));
	exposition_number(writer, "postern_memory_room_bytes", "gauge",
		"Memory that is left of limits.memory; 0 when none is.",
		budget->limit == 0 || budget_room(workers) < 0 ? 0
							       : budget_room(workers));
	exposition_number(writer, "postern_queue_kept_bytes", "gauge",
		"Memory of the messages in broker queues.", atomic_load(&budget->kept));
}

static void exposition_write_counts(
	struct writer *writer, const struct workers *workers)
{
	const struct metrics *sum = writer->sum;

	exposition_number(writer, "postern_messages_total", "counter",
		"Messages that their destinations have taken.",
		(int64_t)counter_read(&sum->messages));
	exposition_number(writer, "postern_subscriptions", "gauge", "Subscriptions.",
		(int64_t)counter_read(&sum->subscriptions));
	exposition_number(writer, "postern_destinations", "gauge", "Topics and queues.",
		(int64_t)atomic_load(&workers->destinations));
	exposition_number(writer, "postern_send_queue_bytes", "gauge",
		"Bytes in the queues of all sessions, without messages that broker "
		"queues have in flight.",
		(int64_t)counter_read(&sum->queue_bytes));
	exposition_write_queues(writer);
	exposition_write_memory(writer, workers);
	exposition_number(writer, "postern_ignored_acks_total", "counter",
		"ACKs and NACKs that were ignored, of sessions that subscribe with "
		"ack:auto.",
		(int64_t)counter_read(&sum->ignored_acks));
	exposition_number(writer, "postern_unknown_sessions_total", "counter",
		"Requests with messages for a session that is not here.",
		(int64_t)counter_read(&sum->unknown_sessions));
}

void exposition_write(struct buf *out, const struct workers *workers)
{
	struct metrics *sum = metrics_create(workers->metrics_endpoints);
	struct writer writer = {.out = out, .workers = workers, .sum = sum};

	for (unsigned i = 0; i < workers->count; i++)
		metrics_add(sum, workers->all[i]->metrics);
	exposition_write_sessions(&writer);
	exposition_write_frames(&writer);
	exposition_write_bytes(&writer);
	exposition_write_counts(&writer, workers);
	exposition_write_delivery(&writer);
	exposition_write_requests(&writer);
	exposition_write_identity(&writer);
	exposition_write_bounds(&writer);
	exposition_write_reloads(&writer);
	exposition_write_workers(&writer);
	exposition_write_process(&writer);
	metrics_destroy(sum);
}
