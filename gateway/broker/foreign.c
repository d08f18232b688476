#include "gateway/broker/foreign.h"

#include "gateway/base/log.h"
#include "gateway/session/session.h"

/*
 * Headers of SUBSCRIBE that RabbitMQ, ActiveMQ or Artemis read, and what to use
 * instead.
 */
static const struct foreign {
	const char
		*name; /* for the log: the table's name, which may stand for several */
	struct slice start;
	bool is_start; /* any header that begins with `start` */
	const char *instead;
} foreign[] = {
	{"durable", SLICE_INIT("durable"), false, ""},
	{"auto-delete", SLICE_INIT("auto-delete"), false, ""},
	{"exclusive", SLICE_INIT("exclusive"), false, ""},
	{"persistent", SLICE_INIT("persistent"), false, ""},
	{"x-queue-*", SLICE_INIT("x-queue-"), true, ""},
	{"x-message-ttl", SLICE_INIT("x-message-ttl"), false, "expiration on SEND"},
	{"x-expires", SLICE_INIT("x-expires"), false, ""},
	{"x-max-*", SLICE_INIT("x-max-"), true,
		"limits.backlog_messages, limits.backlog_bytes"},
	{"x-dead-letter-*", SLICE_INIT("x-dead-letter-"), true, "broker.dead_letter"},
	{"activemq.prefetchSize", SLICE_INIT("activemq.prefetchSize"), false,
		"prefetch-count"},
	{"activemq.*", SLICE_INIT("activemq."), true, ""},
	{"durable-subscription-name", SLICE_INIT("durable-subscription-name"), false,
		""},
	{"no-local", SLICE_INIT("no-local"), false, ""},
	{"browser", SLICE_INIT("browser"), false, ""},
};

enum { FOREIGN = sizeof(foreign) / sizeof(*foreign) };

_Static_assert(
	(int)FOREIGN <= (int)FOREIGN_MAX, "a bit of participant.foreign for each");

static const struct foreign *foreign_find(struct slice name)
{
	for (size_t i = 0; i < FOREIGN; i++) {
		if (foreign[i].is_start ? slice_starts_with(name, foreign[i].start)
					: slice_equal(name, foreign[i].start))
			return &foreign[i];
	}
	return NULL;
}

bool engine_understands(const struct engine_ops *engine, struct slice name)
{
	for (const struct slice *one = engine->headers; one->len > 0; one++)
		if (slice_equal(*one, name))
			return true;
	return false;
}

void foreign_warn(const struct engine_ops *engine, struct participant *participant,
	const struct stomp_frame *subscribe)
{
	for (size_t i = 0; i < subscribe->header_count; i++) {
		const struct stomp_header *header = &subscribe->headers[i];
		const struct foreign *known = foreign_find(header->name);
		const uint32_t bit = known == NULL ? 0 : 1u << (known - foreign);

		if ((participant->foreign & bit) == bit ||
			slice_equal(header->value, SLICE("false")) ||
			engine_understands(engine, header->name))
			continue;
		participant->foreign |= bit;
		log_event(LOG_WARN, "a header of SUBSCRIBE is ignored",
			(const struct log_field[]){
				{"header", slice_of(known->name), 0},
				{"instead", slice_of(known->instead), 0},
				{"session", session_label(participant->session), 0},
			},
			3);
	}
}
