/* The figures of a session, in its worker's metrics and in the log line of its end. */
#include "gateway/session/session_internal.h"

#include "gateway/base/log.h"

void session_count_queue(struct session *session)
{
	counter_add(&session->worker->metrics->queue_bytes,
		session->queue.bytes - session->counted);
	session->counted = session->queue.bytes;
}

void session_count_dropped(struct session *session, size_t count)
{
	struct metrics *metrics = session->worker->metrics;

	if (session->dropped == 0 && count > 0)
		counter_add(&metrics->slow[session->policy], 1);
	session->dropped += count;
	counter_add(&metrics->dropped[session->policy], count);
}

static void session_count(
	struct session *session, enum direction direction, size_t bytes)
{
	session->traffic[direction].bytes += bytes;
	counter_add(
		&session->worker->metrics->bytes[direction][session->transport], bytes);
}

void session_count_bytes(struct session *session, size_t bytes)
{
	session_count(session, DIRECTION_IN, bytes);
}

void session_count_out(struct session *session, size_t bytes)
{
	session_count(session, DIRECTION_OUT, bytes);
}

void session_count_message(struct session *session)
{
	session->traffic[DIRECTION_IN].messages++;
}

/*
 * Workers read the clock at different moments, so a message of another worker may
 * carry a time that is later than ours.
 */
static void session_count_alike(
	const struct session *session, const struct delivery *item, size_t count)
{
	struct metrics *metrics = session->worker->metrics;
	uint64_t sent_at = message_sent_at(item->message), now = session_now(session);

	counter_add(&metrics->frames[DIRECTION_OUT][item->command], count);
	if (sent_at != 0)
		metrics_deliver(metrics, now > sent_at ? now - sent_at : 0, count);
}

/*
 * The messages of one write were mostly sent in one turn: count those alike in one
 * step.
 */
void session_count_delivered(const struct session *session, size_t count)
{
	const struct delivery *first = outbound_item(&session->queue, 0);
	size_t alike = 1;

	for (size_t i = 1; i < count; i++) {
		const struct delivery *item = outbound_item(&session->queue, i);

		if (item->command == first->command &&
			message_sent_at(item->message) ==
				message_sent_at(first->message)) {
			alike++;
			continue;
		}
		session_count_alike(session, first, alike);
		first = item;
		alike = 1;
	}
	session_count_alike(session, first, alike);
}

void session_set_error(struct session *session, const char *error)
{
	session->error = error;
}

void session_count_opened(struct session *session)
{
	struct worker *worker = session->worker;

	struct session_figures *figures =
		metrics_sessions(worker->metrics, worker->workers->metrics_endpoints,
			session->endpoint, session->transport);

	session->gauge = &figures->open;
	session->opened_at = session_now(session);
	counter_add(session->gauge, 1);
	counter_add(&figures->opened, 1);
}

struct session_facts session_facts(const struct session *session)
{
	return (struct session_facts){
		.transport = session->transport,
		.address = session->address,
		.origin = session->origin == NULL ? SLICE("")
						  : name_text(session->origin),
		.age = session_now(session) - session->opened_at,
		.queued = session->queue.bytes,
		.bytes_in = session->traffic[DIRECTION_IN].bytes,
		.bytes_out = session->traffic[DIRECTION_OUT].bytes,
	};
}

void session_for_each(struct worker *worker,
	void (*visit)(struct session *session, void *context), void *context)
{
	list_for_each (link, &worker->sessions->all) {
		struct session *session = container_of(link, struct session, link);

		if (session->state != SESSION_CLOSED)
			visit(session, context);
	}
}

void session_set_tap(struct session *session, struct tap *tap)
{
	if (session->tap != NULL)
		session->tap->ops->destroy(session->tap);
	session->tap = tap;
}

struct tap *session_tap(const struct session *session)
{
	return session->tap;
}

static void session_log_ended(const struct session *session)
{
	const struct traffic *in = &session->traffic[DIRECTION_IN];
	const struct traffic *out = &session->traffic[DIRECTION_OUT];
	char address[ADDRESS_TEXT_MAX];
	const struct log_field all[] = {
		{.name = "session", .text = session_label(session)},
		{.name = "endpoint", .text = session->endpoint->path},
		{.name = "transport",
			.text = slice_of(transport_name(session->transport))},
		{.name = "address", .text = address_write(&session->address, address)},
		{.name = "ending", .text = slice_of(ending_name(session->ending))},
		{.name = "code", .number = ending_code(session->ending)},
		{.name = "reason", .text = ending_text(session->ending)},
		{.name = "milliseconds",
			.number = session_now(session) - session->opened_at},
		{.name = "messages_in", .number = in->messages},
		{.name = "messages_out", .number = out->messages},
		{.name = "bytes_in", .number = in->bytes},
		{.name = "bytes_out", .number = out->bytes},
		{.name = "error",
			.text = session->error == NULL ? SLICE("")
						       : slice_of(session->error)},
		{.name = "user",
			.text = session->user == NULL ? SLICE("")
						      : name_text(session->user)},
	};
	struct log_field fields[sizeof(all) / sizeof(*all)];
	size_t count = 0;

	/* Most sessions have neither an error nor a user. */
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i].text.data == NULL || all[i].text.len > 0)
			fields[count++] = all[i];
	}
	log_event(LOG_INFO, "session ended", fields, count);
}

void session_count_ended(struct session *session)
{
	struct metrics *metrics = session->worker->metrics;

	counter_add(session->gauge, (uint64_t)-1);
	counter_add(&metrics->closed[session->transport][session->ending], 1);
	if (session->ending == ENDING_SLOW_CONSUMER)
		counter_add(&metrics->slow[SLOW_CLOSE], 1);
	session_log_ended(session);
}
