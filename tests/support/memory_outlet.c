#include "tests/support/memory_outlet.h"

#include <stdlib.h>

enum { FRAME_BUDGET = 65536 };

static struct memory_outlet *memory_of(struct outlet *outlet)
{
	return container_of(outlet, struct memory_outlet, outlet);
}

static void memory_begin_entry(struct memory_outlet *memory)
{
	if (memory->got.len > 0)
		buf_append_char(&memory->got, ' ');
}

/* After the kind of frame. */
static void append_message(struct buf *bytes, struct rendering message)
{
	buf_append_char(bytes, message.is_text ? 't' : 'b');
	buf_append(bytes, message.bytes);
}

static void memory_take_message(struct memory_outlet *memory)
{
	static const struct batch_format one = {WIRE_PLAIN, append_message};
	const struct batch batch = session_pull(memory->session, &one, 1);
	const struct slice bytes =
		batch.is_alone ? batch.bytes : slice_from(batch.bytes, 1);

	if (batch.is_alone ? !batch.is_text : batch.bytes.data[0] == 'b')
		buf_append(&memory->got, SLICE("binary:"));
	if (memory->describe != NULL)
		memory->describe(&memory->got, bytes);
	else
		buf_append(&memory->got, bytes);
}

static struct pulled memory_take_raw(struct memory_outlet *memory)
{
	struct pulled pulled = {session_next(memory->session), 0, 0};

	if (pulled.what == SESSION_NEXT_NOTHING)
		return pulled;
	memory_begin_entry(memory);
	if (pulled.what == SESSION_NEXT_MESSAGES) {
		pulled.count = 1;
		memory_take_message(memory);
	} else if (pulled.what == SESSION_NEXT_CLOSE) {
		enum ending ending = session_ending(memory->session);

		buf_printf(&memory->got, "close %u %.*s", ending_code(ending),
			SLICE_ARGS(ending_text(ending)));
	} else {
		abort(); /* a raw session has no other frames */
	}
	return pulled;
}

static struct pulled memory_take_framed(struct memory_outlet *memory)
{
	size_t budget = memory->budget > 0 ? memory->budget : FRAME_BUDGET;
	struct buf frame = {0};
	struct pulled pulled =
		framing_pull(memory->session, memory->wire, budget, &frame);

	if (pulled.what != SESSION_NEXT_NOTHING) {
		memory_begin_entry(memory);
		buf_append(&memory->got, buf_slice(&frame));
	}
	buf_finish(&frame);
	return pulled;
}

void memory_outlet_pull(struct memory_outlet *memory)
{
	while (memory->session != NULL && !memory->blocked &&
		memory->held.what == SESSION_NEXT_NOTHING) {
		memory->held = memory->wire == WIRE_PLAIN ? memory_take_raw(memory)
							  : memory_take_framed(memory);
		if (memory->held.what == SESSION_NEXT_NOTHING || memory->holds)
			return;
		memory_outlet_written(memory);
	}
}

void memory_outlet_written(struct memory_outlet *memory)
{
	struct pulled held = memory->held;
	struct session *session = memory->session;

	memory->held = (struct pulled){SESSION_NEXT_NOTHING, 0, 0};
	if (session == NULL)
		return;
	if (held.what == SESSION_NEXT_CLOSE)
		memory->session = NULL;
	session_popped(session, held.what, held.count, held.bytes);
}

static void on_wake(struct outlet *outlet)
{
	memory_of(outlet)->wakes++;
	memory_outlet_pull(memory_of(outlet));
}

static void on_end(struct outlet *outlet)
{
	struct memory_outlet *memory = memory_of(outlet);

	memory->session = NULL;
	memory_begin_entry(memory);
	buf_append(&memory->got, SLICE("end"));
}

static void on_probe(struct outlet *outlet, enum probe probe)
{
	struct memory_outlet *memory = memory_of(outlet);

	memory->probes++;
	if (memory->is_there)
		session_heard(memory->session);
	if (memory->takes && probe == PROBE_AGAIN)
		session_attended(memory->session);
}

static void on_look(struct outlet *outlet, enum probe probe)
{
	struct memory_outlet *memory = memory_of(outlet);

	if (memory->reads && probe == PROBE_AGAIN)
		session_progressed(memory->session);
}

bool memory_outlet_attach(struct memory_outlet *memory, struct session *session)
{
	static const struct outlet_ops ops = {
		.wake = on_wake, .end = on_end, .probe = on_probe, .look = on_look};

	memory->outlet.ops = &ops;
	if (!session_attach(session, &memory->outlet))
		return false;
	memory->session = session;
	return true;
}

const char *memory_outlet_got(struct memory_outlet *memory)
{
	buf_append_char(&memory->got, '\0');
	buf_clear(&memory->got);
	return memory->got.data;
}

void memory_outlet_finish(struct memory_outlet *memory)
{
	buf_finish(&memory->got);
}
