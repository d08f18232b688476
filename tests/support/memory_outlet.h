/*
 * An outlet that writes into memory. It pulls like a real one, and returns its output
 * as text. Two flags simulate a peer that does not read and a kernel that is slow.
 */
#ifndef TESTS_SUPPORT_MEMORY_OUTLET_H
#define TESTS_SUPPORT_MEMORY_OUTLET_H

#include "gateway/session/session.h"
#include "transports/sockjs/framing.h"

/* Zeroed, except for the settings that a test wants. */
struct memory_outlet {
	struct outlet outlet;
	struct session *session; /* NULL: it has none, or no longer */
	enum wire wire;          /* WIRE_PLAIN: raw messages, else SockJS frames */
	size_t budget;           /* bytes of one frame; 0: 64 KiB */
	bool blocked;            /* it takes nothing */
	bool holds; /* pulled output stays in the session until it is written */
	void (*describe)(struct buf *got, struct slice message); /* of raw messages */

	unsigned wakes;     /* how often wake() was called */
	unsigned probes;    /* how often probe() was called */
	bool is_there;      /* the peer answers a probe */
	bool takes;         /* the peer's machine acknowledges its output */
	bool reads;         /* the peer takes output when the session looks */
	struct pulled held; /* the pulled output */
	struct buf got;
};

/* False when the session has an outlet already. */
bool memory_outlet_attach(struct memory_outlet *memory, struct session *session);

/* Pulls the output, as if its socket had become writable. */
void memory_outlet_pull(struct memory_outlet *memory);

/* The kernel has taken the pulled output. */
void memory_outlet_written(struct memory_outlet *memory);

/*
 * The output since the last call: frames or messages with a blank between them,
 * "binary:" before those that are not text, "close CODE REASON" for a raw close, and
 * "end" when the session ended without one.
 */
const char *memory_outlet_got(struct memory_outlet *memory);

void memory_outlet_finish(struct memory_outlet *memory);

#endif
