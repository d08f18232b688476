#include "gateway/console/console.h"

#include "gateway/base/footprint.h"
#include "gateway/broker/private.h"
#include "gateway/broker/send.h"
#include "gateway/session/session.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/workers.h"

#include <stdlib.h>

void console_answer(
	struct broker *broker, const struct console_reply *reply, json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT);
	const struct stomp_header headers[] = {
		{SLICE("content-type"), SLICE("application/json")},
		{SLICE("about"), reply->about},
	};
	const struct stomp_frame frame = {
		.command = STOMP_SEND,
		.headers = (struct stomp_header *)headers,
		.header_count = 2,
		.body = slice_of(text == NULL ? "{}" : text),
	};

	private_reply(broker, reply->target.worker,
		message_create(&frame, reply->target.shown, reply->target.address),
		(struct handle){0, 0}, 0);
	free(text);
	json_decref(answer);
}

static json_int_t console_read_counter(const struct counter *counter)
{
	return (json_int_t)counter_read(counter);
}

static json_t *console_sessions_by_transport(const struct metrics *sum)
{
	json_t *sessions = json_object();

	for (enum transport i = TRANSPORT_NONE + 1; i < TRANSPORTS; i++) {
		json_int_t count = 0;

		for (size_t j = 0; j < sum->endpoints; j++)
			count += console_read_counter(&sum->sessions[j][i].open);
		json_object_set_new(sessions, transport_name(i), json_integer(count));
	}
	return sessions;
}

static json_int_t console_count_opened(const struct metrics *sum)
{
	json_int_t count = 0;

	for (size_t i = 0; i < sum->endpoints; i++) {
		for (size_t j = 0; j < TRANSPORTS; j++)
			count += console_read_counter(&sum->sessions[i][j].opened);
	}
	return count;
}

static json_int_t console_sum_of(const struct counter *counters, size_t count)
{
	json_int_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += console_read_counter(&counters[i]);
	return sum;
}

/* Clients compute rates from two answers, by `at`, in milliseconds. */
static void console_tell_overview(struct broker *broker, struct console_reply *reply)
{
	const struct workers *workers = broker_worker(broker)->workers;
	struct metrics *sum = metrics_create(workers->metrics_endpoints);

	for (unsigned i = 0; i < workers->count; i++)
		metrics_add(sum, workers->all[i]->metrics);
	json_t *overview = json_object();
	const struct {
		const char *name;
		json_int_t value;
	} numbers[] = {
		{"at", (json_int_t)loop_now(broker_worker(broker)->loop)},
		{"workers", workers->count},
		{"opened", console_count_opened(sum)},
		{"messages", console_read_counter(&sum->messages)},
		{"deliveries", console_read_counter(
				       &sum->frames[DIRECTION_OUT][STOMP_MESSAGE])},
		{"bytes_in", console_sum_of(sum->bytes[DIRECTION_IN], TRANSPORTS)},
		{"bytes_out", console_sum_of(sum->bytes[DIRECTION_OUT], TRANSPORTS)},
		{"queued", console_read_counter(&sum->queue_bytes)},
		{"slow", console_sum_of(sum->slow, SLOW_POLICIES)},
		{"subscriptions", console_read_counter(&sum->subscriptions)},
		{"destinations", (json_int_t)atomic_load(&workers->destinations)},
		{"refused", console_sum_of(sum->refused, BOUNDS)},
		{"memory", (json_int_t)footprint_used()},
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		json_object_set_new(
			overview, numbers[i].name, json_integer(numbers[i].value));
	json_object_set_new(overview, "version", json_string(POSTERN_VERSION));
	json_object_set_new(overview, "sessions", console_sessions_by_transport(sum));
	metrics_destroy(sum);
	console_answer(broker, reply, overview);
	target_finish(&reply->target);
}

static const struct subject {
	struct slice path;
	console_look *look; /* NULL: the overview */
} subjects[] = {
	{SLICE_INIT("/overview"), NULL},
	{SLICE_INIT("/sessions"), console_look_sessions},
	{SLICE_INIT("/session"), console_look_session},
	{SLICE_INIT("/destinations"), console_look_destinations},
	{SLICE_INIT("/kick"), console_look_kick},
	{SLICE_INIT("/trace"), console_look_trace},
};

static const struct subject *console_find_subject(struct slice path)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
		if (slice_equal(subjects[i].path, path))
			return &subjects[i];
	}
	return NULL;
}

static enum broker_result console_ask(struct publication *publication,
	const struct stomp_frame *frame, struct slice rest,
	struct broker_refusal *refusal)
{
	const struct subject *subject = console_find_subject(rest);
	const struct slice *reply_to = stomp_header(frame, SLICE("reply-to"));
	struct console_reply reply = {.about = SLICE("")};
	struct slice token;

	if (subject == NULL || publication->transaction != NULL || reply_to == NULL ||
		!private_is_reply(*reply_to, &token)) {
		broker_refuse(refusal, REFUSAL_CONSOLE, "destination",
			stomp_header(frame, SLICE("destination")));
		broker_refusal_hint(refusal, "A service is asked with a reply-to "
					     "/temp-queue/..., in no transaction.");
		return BROKER_REFUSED;
	}
	json_t *asked = json_loadb(frame->body.data, frame->body.len, 0, NULL);
	if (!json_is_object(asked) && frame->body.len > 0) {
		json_decref(asked);
		broker_refuse(refusal, REFUSAL_CONSOLE, "body", NULL);
		broker_refusal_hint(refusal, "A service is asked by a JSON object.");
		return BROKER_REFUSED;
	}
	reply.about = subject->path;
	if (!private_aim_reply(publication->broker, token, &reply.target)) {
		json_decref(asked);
		return broker_refuse(
			refusal, REFUSAL_REPLY_QUEUE, "header reply-to", NULL);
	}
	if (subject->look == NULL)
		console_tell_overview(publication->broker, &reply);
	else
		console_gather(publication->broker, &reply, asked, subject->look);
	json_decref(asked);
	return BROKER_TAKEN;
}

const struct service console_service = {
	.prefix = SLICE_INIT("/admin"),
	.send = console_ask,
};
