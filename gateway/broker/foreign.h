/*
 * Headers of SUBSCRIBE that only other brokers understand. Pages that come from them
 * go on sending these, so they are never refused; the log says once for each session
 * and name that nothing comes of them.
 */
#ifndef GATEWAY_BROKER_FOREIGN_H
#define GATEWAY_BROKER_FOREIGN_H

#include "gateway/broker/engine.h"
#include "gateway/broker/participant.h"
#include "protocol/stomp.h"

/*
 * True when SUBSCRIBE's header of that name means something to the engine (engine.h).
 */
bool engine_understands(const struct engine *engine, struct slice name);

/*
 * Logs a warning for each foreign header of the SUBSCRIBE that asks for something, once
 * for each participant and name.
 */
void foreign_warn(const struct engine *engine, struct participant *participant,
	const struct stomp_frame *subscribe);

#endif
