/* Heads of unmasked WebSocket frames (RFC 6455, 5.2), always the shortest form. */
#include "protocol/wsframe.h"

#include "protocol/utf8.h"

#include <stdint.h>

enum {
	FINAL = 0x80,
	LEN_IN_16_BITS = 126,
	LEN_IN_64_BITS = 127,
};

/* Writes the low `count` bytes of `number`, most significant first. */
static void wsframe_put_number(char *to, uint64_t number, size_t count)
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
		wsframe_put_number(head + 2, payload, 2);
		return 4;
	}
	head[1] = LEN_IN_64_BITS;
	wsframe_put_number(head + 2, payload, 8);
	return 10;
}

void wsframe_append(struct buf *out, enum wsframe_opcode opcode, struct slice payload)
{
	char head[WSFRAME_HEAD_MAX];
	size_t len = wsframe_head(head, opcode, payload.len);

	buf_append(out, (struct slice){head, len});
	buf_append(out, payload);
}

/* Codes that are allowed on the wire (RFC 6455, 7.4.2, and IANA's registry). */
static bool wsframe_is_close_code(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

unsigned wsframe_close_fault(struct slice payload)
{
	const unsigned char *data = (const unsigned char *)payload.data;

	if (payload.len == 0)
		return 0;
	if (payload.len == 1 ||
		!wsframe_is_close_code((unsigned)(data[0] << 8 | data[1])))
		return WSCLOSE_PROTOCOL;
	return utf8_is_valid(slice_from(payload, 2)) ? 0 : WSCLOSE_NO_TEXT;
}
