/*
 * Amplify answers the number n with 2^n letters: the SockJS clients' own tests use it
 * for messages of every size. A text that is not a number in 1..18 counts as 1.
 */
#include "gateway/handlers/handlers.h"
#include "gateway/session/session.h"
#include "protocol/buf.h"
#include "protocol/number.h"

enum { LARGEST = 18 };

static size_t amplify_exponent(struct slice text)
{
	uint64_t number;

	return number_read(text, LARGEST, &number) && number > 0 ? (size_t)number : 1;
}

static void *amplify_open(struct session *session)
{
	return session;
}

static void amplify_receive(void *state, struct slice text, enum payload payload)
{
	size_t len = (size_t)1 << amplify_exponent(text);
	struct buf answer = {0};

	(void)payload;
	memset(buf_reserve(&answer, len), 'x', len);
	answer.len = len;
	session_send_text(state, buf_slice(&answer), PAYLOAD_TEXT);
	buf_finish(&answer);
}

const struct handler amplify_handler = {
	.open = amplify_open,
	.receive = amplify_receive,
};
