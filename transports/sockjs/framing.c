#include "transports/sockjs/framing.h"

#include "protocol/sockjs.h"

/* Each message follows a comma, which is dropped before the first one. */
static void framing_append_item(struct buf *bytes, struct rendering message)
{
	buf_append_char(bytes, ',');
	buf_append(bytes, message.bytes);
}

/* The format for that wire form. */
static const struct batch_format *framing_batch_format(enum wire wire)
{
	static const struct batch_format formats[] = {
		[WIRE_SOCKJS] = {WIRE_SOCKJS, framing_append_item},
		[WIRE_PERCENT] = {WIRE_PERCENT, framing_append_item},
		[WIRE_SCRIPT] = {WIRE_SCRIPT, framing_append_item},
	};

	return &formats[wire];
}

/* A large message in a frame of its own. False when there is no memory for that. */
static bool framing_message_alone(
	const struct session *session, struct slice message, struct buf *frame)
{
	enum { AROUND = 128 /* also of what a transport appends */ };

	if (!session_reserve(session, frame, message.len + AROUND))
		return false;
	buf_append(frame, SLICE("a["));
	buf_append(frame, message);
	buf_append_char(frame, ']');
	return true;
}

/* How many messages; 0 when there is no memory. */
static size_t framing_messages(
	struct session *session, enum wire wire, size_t budget, struct buf *frame)
{
	/* "a[" takes the place of the first comma. */
	const struct batch batch = session_pull(
		session, framing_batch_format(wire), budget > 0 ? budget - 1 : 0);

	if (batch.is_alone) {
		const bool is_made = batch.count > 0 &&
				     framing_message_alone(session, batch.bytes, frame);
		return is_made ? batch.count : 0;
	}
	buf_append(frame, SLICE("a["));
	buf_append(frame, slice_from(batch.bytes, 1));
	buf_append_char(frame, ']');
	return batch.count;
}

void framing_close(
	struct buf *frame, enum wire wire, unsigned code, struct slice reason)
{
	struct buf plain = {0};

	sockjs_close_frame(&plain, code, reason);
	if (wire == WIRE_PERCENT)
		sockjs_percent(frame, buf_slice(&plain));
	else if (wire == WIRE_SCRIPT)
		sockjs_script(frame, buf_slice(&plain));
	else
		buf_append(frame, buf_slice(&plain));
	buf_finish(&plain);
}

struct pulled framing_pull(
	struct session *session, enum wire wire, size_t budget, struct buf *frame)
{
	struct pulled pulled = {SESSION_NEXT_NOTHING, 0, 0};
	size_t start = frame->len;

	pulled.what = session_next(session);
	switch (pulled.what) {
	case SESSION_NEXT_NOTHING:
		break;
	case SESSION_NEXT_OPEN:
		buf_append_char(frame, 'o');
		break;
	case SESSION_NEXT_MESSAGES:
		pulled.count = framing_messages(session, wire, budget, frame);
		break;
	case SESSION_NEXT_BEAT:
		buf_append_char(frame, 'h');
		break;
	case SESSION_NEXT_CLOSE:
		framing_close(frame, wire, ending_code(session_ending(session)),
			ending_text(session_ending(session)));
		break;
	}
	pulled.bytes = frame->len - start;
	return pulled;
}
