/* The smallest handlers. */
#include "gateway/handlers/handlers.h"

#include "gateway/session/session.h"

static void *plain_open(struct session *session)
{
	return session;
}

static void echo_receive(void *state, struct slice text, enum payload payload)
{
	session_send_text(state, text, payload);
}

const struct handler echo_handler = {
	.open = plain_open,
	.receive = echo_receive,
};

static void reply_receive(void *state, struct slice text, enum payload payload)
{
	(void)text;
	(void)payload;
	session_send_text(state, session_endpoint(state)->reply, PAYLOAD_TEXT);
}

const struct handler reply_handler = {
	.open = plain_open,
	.receive = reply_receive,
};

static void *close_open(struct session *session)
{
	session_close(session, ENDING_HANDLER);
	return session;
}

static void close_receive(void *state, struct slice text, enum payload payload)
{
	(void)state;
	(void)text;
	(void)payload;
}

const struct handler close_handler = {
	.open = close_open,
	.receive = close_receive,
};
