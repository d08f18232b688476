/* The smallest handlers. */
#include "gateway/handlers/handlers.h"

#include "gateway/session/session.h"

static void *plain_open(struct session *session)
{
	return session;
}

static void echo_receive(void *state, struct slice text, bool binary)
{
	session_send_text(state, text, binary);
}

const struct handler echo_handler = {
	.open = plain_open,
	.receive = echo_receive,
};

static void reply_receive(void *state, struct slice text, bool binary)
{
	(void)text;
	(void)binary;
	session_send_text(state, session_endpoint(state)->reply, false);
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

static void close_receive(void *state, struct slice text, bool binary)
{
	(void)state;
	(void)text;
	(void)binary;
}

const struct handler close_handler = {
	.open = close_open,
	.receive = close_receive,
};
