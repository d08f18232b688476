/* Heads of unmasked WebSocket frames (RFC 6455, 5.2), always the shortest form. */
#include "protocol/wsframe.h"

#include <stdint.h>

enum {
	FINAL = 0x80,
	LEN_IN_16_BITS = 126,
	LEN_IN_64_BITS = 127,
};

/* Writes the low `count` bytes of `number`, most significant first. */
static void put_number(char *to, uint64_t number, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		to[i - 1] = (char)(number & 0xff);
		number >>= 8;
	}
}

size_t wsframe_head(
	char head[WSFRAME_HEAD_MAX], enum wsframe_opcode opcode, size_t payload)
{
	head[0] = (char)(FINAL | opcode);
	if (payload < LEN_IN_16_BITS) {
		head[1] = (char)payload;
		return 2;
	}
	if (payload <= UINT16_MAX) {
		head[1] = LEN_IN_16_BITS;
		put_number(head + 2, payload, 2);
		return 4;
	}
	head[1] = LEN_IN_64_BITS;
	put_number(head + 2, payload, 8);
	return 10;
}

void wsframe_append(struct buf *out, enum wsframe_opcode opcode, struct slice payload)
{
	char head[WSFRAME_HEAD_MAX];
	size_t len = wsframe_head(head, opcode, payload.len);

	buf_append(out, (struct slice){head, len});
	buf_append(out, payload);
}
