#include "transports/framing.h"

#include "protocol/sockjs.h"

static size_t framing_messages(struct session *session, size_t waiting, enum wire wire,
	size_t budget, struct buf *frame)
{
	size_t start = frame->len, count = 0;

	buf_append(frame, SLICE("a["));
	do {
		if (count > 0)
			buf_append_char(frame, ',');
		buf_append(frame, session_render(session, count, wire).bytes);
		count++;
	} while (count < waiting && frame->len - start < budget);
	buf_append_char(frame, ']');
	return count;
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

	pulled.what = session_next(session, &pulled.count);
	switch (pulled.what) {
	case SESSION_NEXT_NOTHING:
		break;
	case SESSION_NEXT_OPEN:
		buf_append_char(frame, 'o');
		break;
	case SESSION_NEXT_MESSAGES:
		pulled.count =
			framing_messages(session, pulled.count, wire, budget, frame);
		break;
	case SESSION_NEXT_BEAT:
		buf_append_char(frame, 'h');
		break;
	case SESSION_NEXT_CLOSE:
		framing_close(frame, wire, session_close_code(session),
			session_close_reason(session));
		break;
	}
	pulled.bytes = frame->len - start;
	return pulled;
}
