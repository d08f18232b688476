/* Shared by message.c, which makes messages, and message_render.c. */
#ifndef GATEWAY_SESSION_MESSAGE_INTERNAL_H
#define GATEWAY_SESSION_MESSAGE_INTERNAL_H

#include "gateway/session/message.h"

struct form;

struct message {
	size_t references;
	size_t size;
	struct place place;
	uint64_t sent_at;
	uint64_t expires_at;
	uint64_t hash;   /* of the address; 0: not asked for yet */
	bool is_placed;  /* receivers see the place */
	bool is_frame;   /* a MESSAGE; else text that leaves as it is */
	uint8_t payload; /* enum payload */
	uint8_t form_count, form_next;
	uint16_t account; /* a uint32_t would take 8 bytes more */
	struct slice destination, address, body; /* point into `bytes` */
	struct form *forms;
	size_t header_count;
	struct stomp_header headers[];
	/* the bytes of headers, destination and body follow */
};

/* Frees all renderings. */
void message_drop_renderings(struct message *message);

#endif
