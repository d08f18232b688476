/*
 * Ticker sends "tick!" every second, from the opening of a session until it begins to
 * close, and ignores input.
 */
#include "gateway/handlers/handlers.h"
#include "gateway/session/session.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum { TICK_EVERY = 1000 };

struct ticker {
	struct session *session;
	struct timer timer;
};

static void ticker_wind(struct ticker *ticker)
{
	loop_timer_start(
		session_worker(ticker->session)->loop, &ticker->timer, TICK_EVERY);
}

static void ticker_on_tick(struct timer *timer)
{
	struct ticker *ticker = container_of(timer, struct ticker, timer);

	if (session_state(ticker->session) >= SESSION_CLOSING)
		return;
	session_send_text(ticker->session, SLICE("tick!"), PAYLOAD_TEXT);
	ticker_wind(ticker);
}

static void *ticker_open(struct session *session)
{
	struct ticker *ticker = xcalloc(1, sizeof(*ticker));

	ticker->session = session;
	ticker->timer.fire = ticker_on_tick;
	ticker_wind(ticker);
	return ticker;
}

static void ticker_receive(void *state, struct slice text, enum payload payload)
{
	(void)state;
	(void)text;
	(void)payload;
}

static void ticker_close(void *state)
{
	struct ticker *ticker = state;

	loop_timer_stop(session_worker(ticker->session)->loop, &ticker->timer);
	free(ticker);
}

const struct handler ticker_handler = {
	.open = ticker_open,
	.receive = ticker_receive,
	.close = ticker_close,
};
