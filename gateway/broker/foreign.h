/*
 * Headers of SUBSCRIBE that only other brokers understand. Pages written for those
 * brokers still send them, so Postern never refuses them. It logs once for each
 * session and name that the header has no effect.
 */
#ifndef GATEWAY_BROKER_FOREIGN_H
#define GATEWAY_BROKER_FOREIGN_H

#include "gateway/broker/engine.h"
#include "gateway/broker/participant.h"
#include "protocol/stomp.h"

/* True when the engine understands SUBSCRIBE's header of that name (engine.h). */
bool engine_understands(const struct engine_ops *engine, struct slice name);

/*
 * Logs a warning for each foreign header of the SUBSCRIBE that asks for an effect,
 * once for each participant and name.
 */
void foreign_warn(const struct engine_ops *engine, struct participant *participant,
	const struct stomp_frame *subscribe);

#endif
