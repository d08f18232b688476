/*
 * Amplify answers the number n with 2^n letters: the clients' own tests ask it for
 * messages of every size. What is no number in 1..18 counts as 1.
 */
#include "gateway/handlers/handlers.h"
#include "gateway/session/session.h"
#include "protocol/ascii.h"
#include "protocol/buf.h"

enum { LARGEST = 18 };

static size_t amplify_exponent(struct slice text)
{
	size_t number = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_digit(text.data[i]))
			return 1;
		number = number * 10 + (size_t)(text.data[i] - '0');
		if (number > LARGEST)
			return 1;
	}
	return number == 0 ? 1 : number;
}

static void *amplify_open(struct session *session)
{
	return session;
}

static void amplify_receive(void *state, struct slice text, bool binary)
{
	size_t len = (size_t)1 << amplify_exponent(text);
	struct buf answer = {0};

	(void)binary;
	memset(buf_reserve(&answer, len), 'x', len);
	answer.len = len;
	session_send_text(state, buf_slice(&answer), false);
	buf_finish(&answer);
}

const struct handler amplify_handler = {
	.name = SLICE_INIT("amplify"),
	.open = amplify_open,
	.receive = amplify_receive,
};
