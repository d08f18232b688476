/*
 * STOMP heart-beats: "cx,cy" in milliseconds (STOMP 1.2, Heart-beating). The sender of
 * the header can send beats every cx, and would like to get beats every cy.
 */
#ifndef PROTOCOL_HEARTBEAT_H
#define PROTOCOL_HEARTBEAT_H

#include "protocol/slice.h"

#include <stdint.h>

struct heartbeat {
	uint32_t send; /* ms between the beats that it guarantees; 0: cannot */
	uint32_t want; /* ms between the beats that it would like; 0: none */
};

/*
 * Reads a heart-beat header's value. False unless it is digits, one comma and digits,
 * of 32 bits each.
 */
bool heartbeat_parse(struct slice value, struct heartbeat *offer);

/*
 * The agreed milliseconds between the beats that `sender` sends to `receiver`: the
 * slower of both wishes, or 0 when one of them declines.
 */
uint32_t heartbeat_interval(struct heartbeat sender, struct heartbeat receiver);

/*
 * The offer to a receiver that would like a beat every `wanted` ms: the same, but
 * between `least` and `usual` ms. `least` is at most `usual`; a `usual` of 0 offers
 * none.
 */
uint32_t heartbeat_offer(uint32_t usual, uint32_t least, uint32_t wanted);

#endif
