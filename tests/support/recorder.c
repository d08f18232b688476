#include "tests/support/recorder.h"

#include "gateway/session/session.h"

#include <stdio.h>

/* One for the program: a handler's state would be gone after close(). */
static char told[512];
static size_t told_len;

static void record(struct slice what)
{
	told_len += (size_t)snprintf(told + told_len, sizeof(told) - told_len, "%s%.*s",
		told_len > 0 ? " " : "", SLICE_ARGS(what));
}

static void *recorder_open(struct session *session)
{
	record(SLICE("open"));
	return session;
}

static void recorder_receive(void *state, struct slice text, enum payload payload)
{
	(void)state;
	record(text);
	if (payload == PAYLOAD_BINARY)
		record(SLICE("(binary)"));
}

static void recorder_end(void *state, enum ending why)
{
	if (why != ENDING_SLOW_CONSUMER) {
		session_close(state, why);
		return;
	}
	record(SLICE("overflow"));
	session_send_text(state, SLICE("too slow"), PAYLOAD_TEXT);
}

static void recorder_close(void *state)
{
	(void)state;
	record(SLICE("close"));
}

const struct handler recorder_handler = {
	.open = recorder_open,
	.receive = recorder_receive,
	.end = recorder_end,
	.close = recorder_close,
};

const char *recorder_told(void)
{
	static char copy[sizeof(told)];

	memcpy(copy, told, sizeof(told));
	told[0] = '\0';
	told_len = 0;
	return copy;
}
