#include "gateway/console/trace.h"

#include "gateway/base/secret.h"
#include "gateway/console/console.h"
#include "gateway/session/session.h"
#include "protocol/utf8.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	LIFE_MS = 15000,
	FRAMES_PER_SECOND = 100,
	HEAD_MAX = 4096,
	BODY_MAX = 1024,
	MILLISECONDS = 1000,
};

struct trace {
	struct tap tap;
	struct console_reply reply;
	uint64_t until;
	uint64_t second;  /* the second that is counted, */
	unsigned told;    /* and the frames reported in it */
	uint64_t skipped; /* since the last reported one */
};

static void trace_destroy(struct tap *tap)
{
	struct trace *trace = container_of(tap, struct trace, tap);

	target_finish(&trace->reply.target);
	free(trace);
}

/* False when this frame is not reported. */
static bool trace_admits(struct trace *trace, uint64_t now)
{
	if (now > trace->until)
		return false;
	if (now / MILLISECONDS != trace->second) {
		trace->second = now / MILLISECONDS;
		trace->told = 0;
	}
	if (trace->told == FRAMES_PER_SECOND) {
		trace->skipped++;
		return false;
	}
	trace->told++;
	return true;
}

/* Appends the lines before the empty one; returns the rest. */
static struct slice trace_append_head(struct buf *out, struct slice frame)
{
	for (;;) {
		const size_t end = slice_find(frame, '\n');
		const struct slice line = slice_first(frame, end);
		const size_t colon = slice_find(line, ':');

		frame = slice_from(frame, end < frame.len ? end + 1 : end);
		if (line.len == 0)
			return frame;
		if (colon < line.len && (secret_is_named(slice_first(line, colon)) ||
						secret_is_in(slice_from(line, colon))))
			buf_printf(out, "%.*s:***\n",
				SLICE_ARGS(slice_first(line, colon)));
		else
			buf_printf(out, "%.*s\n", SLICE_ARGS(line));
	}
}

static json_t *trace_text_of(struct slice bytes)
{
	struct buf clean = {0};

	utf8_append_clean(&clean, bytes);
	json_t *text = json_stringn(clean.data, clean.len);
	buf_finish(&clean);
	return text != NULL ? text : json_string("");
}

static void trace_tell(struct trace *trace, const struct session *session,
	const char *direction, struct slice head, struct slice body)
{
	json_t *event = json_object();

	json_object_set_new(event, "session", trace_text_of(session_label(session)));
	json_object_set_new(event, "direction", json_string(direction));
	json_object_set_new(event, "head", trace_text_of(slice_first(head, HEAD_MAX)));
	json_object_set_new(event, "body",
		trace_text_of(
			body.len > BODY_MAX ? slice_first(body, BODY_MAX) : body));
	json_object_set_new(event, "bytes", json_integer((json_int_t)body.len));
	json_object_set_new(event, "skipped", json_integer((json_int_t)trace->skipped));
	trace->skipped = 0;
	console_answer(session_worker(session)->broker, &trace->reply, event);
}

static void trace_frame(
	struct tap *tap, const struct session *session, const struct stomp_frame *frame)
{
	struct trace *trace = container_of(tap, struct trace, tap);
	struct buf written = {0}, head = {0};

	if (!trace_admits(trace, loop_now(session_worker(session)->loop)))
		return;
	stomp_write_begin(&written, frame->command);
	for (size_t i = 0; i < frame->header_count; i++)
		stomp_write_header(&written, STOMP_1_2, frame->headers[i].name,
			frame->headers[i].value);
	trace_append_head(&head, buf_slice(&written));
	trace_tell(trace, session, "in", buf_slice(&head), frame->body);
	buf_finish(&written);
	buf_finish(&head);
}

static void trace_delivery(
	struct tap *tap, const struct session *session, const struct delivery *delivery)
{
	struct trace *trace = container_of(tap, struct trace, tap);
	const struct view view = {
		.version = (enum stomp_version)delivery->version,
		.wire = WIRE_OCTETS,
		.subscription = delivery->subscription,
	};
	struct buf head = {0};

	if (!trace_admits(trace, loop_now(session_worker(session)->loop)))
		return;
	struct slice rest = trace_append_head(
		&head, message_render(delivery->message, &view).bytes);
	if (slice_ends_with(rest, (struct slice){"", 1}))
		rest = slice_first(rest, rest.len - 1);
	trace_tell(trace, session, "out", buf_slice(&head), rest);
	buf_finish(&head);
}

static void trace_refusal(struct tap *tap, const struct session *session,
	struct slice text, struct slice reason)
{
	struct trace *trace = container_of(tap, struct trace, tap);

	if (trace_admits(trace, loop_now(session_worker(session)->loop)))
		trace_tell(trace, session, "refused", text, reason);
}

static const struct tap_ops trace_ops = {
	.frame = trace_frame,
	.delivery = trace_delivery,
	.refusal = trace_refusal,
	.destroy = trace_destroy,
};

/*
 * The same console asks again: the new trace continues the counts of the old one, so
 * the console still gets the number of skipped frames.
 */
static void trace_follow(struct trace *trace, struct tap *before)
{
	if (before == NULL || before->ops != &trace_ops)
		return;
	const struct trace *other = container_of(before, struct trace, tap);

	if (!slice_equal(other->reply.target.address, trace->reply.target.address))
		return;
	trace->second = other->second;
	trace->told = other->told;
	trace->skipped = other->skipped;
}

struct tap *trace_create(
	const struct console_reply *reply, const struct session *session)
{
	struct trace *trace = xcalloc(1, sizeof(*trace));
	const struct target *target = &reply->target;

	trace->tap.ops = &trace_ops;
	trace->reply.about = SLICE("/frame");
	trace->reply.target.worker = target->worker;
	target_set(&trace->reply.target, target->shown, target->address);
	trace->until = loop_now(session_worker(session)->loop) + LIFE_MS;
	trace_follow(trace, session_tap(session));
	return &trace->tap;
}
