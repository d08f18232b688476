#include "gateway/broker/expiry.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "protocol/number.h"

#include <time.h>

#define EXPIRY_NEVER UINT64_MAX

/* Leaves *number unchanged when there is no such header. */
static bool expiry_read_header(const struct stomp_frame *frame, struct slice name,
	const char *what, uint64_t *number, struct broker_refusal *refusal)
{
	const struct slice *value = stomp_header(frame, name);

	/* Within 63 bits, as in Java: the sum of two does not overflow. */
	if (value == NULL || number_read(*value, INT64_MAX, number))
		return true;
	broker_refuse(refusal, REFUSAL_EXPIRATION, what, value);
	broker_refusal_hint(refusal, "It is a number of milliseconds.");
	return false;
}

/* The loop's time at that time of the calendar, which may be long ago. */
static uint64_t expiry_on_loop(uint64_t at, uint64_t now, uint64_t wall)
{
	if (at >= wall)
		return now + (at - wall);
	return now > wall - at ? now - (wall - at) : 0;
}

bool expiry_read(const struct stomp_frame *frame, uint64_t now, uint64_t wall,
	uint64_t *at, struct broker_refusal *refusal)
{
	uint64_t life = EXPIRY_NEVER, end = 0, first = EXPIRY_NEVER;

	if (!expiry_read_header(
		    frame, SLICE("expiration"), "header expiration", &life, refusal) ||
		!expiry_read_header(
			frame, SLICE("expires"), "header expires", &end, refusal))
		return false;
	if (life != EXPIRY_NEVER)
		first = now + life;
	if (end != 0 && expiry_on_loop(end, now, wall) < first)
		first = expiry_on_loop(end, now, wall);
	if (first == 0)
		first = 1; /* 0 means never */
	*at = first == EXPIRY_NEVER ? 0 : first;
	return true;
}

static uint64_t expiry_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool target_set_expiry(struct target *target, const struct broker *broker,
	const struct stomp_frame *frame, struct broker_refusal *refusal)
{
	const bool has_date =
		target->is_queue && stomp_header(frame, SLICE("expires")) != NULL;

	target->expires_at = 0;
	return !target->is_queue ||
	       expiry_read(frame, loop_now(broker->worker->loop),
		       has_date ? expiry_wall() : 0, &target->expires_at, refusal);
}
