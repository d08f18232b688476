#include "protocol/wsreader.h"

enum {
	FINAL = 0x80,
	RESERVED = 0x70,
	OPCODE = 0x0f,
	CONTROL = 0x08,
	MASKED = 0x80,
	LEN = 0x7f,
	LEN_IN_16_BITS = 126,
	LEN_IN_64_BITS = 127,
	CONTINUATION = 0,
	MASK_LEN = 4,
};

void wsreader_finish(struct wsreader *reader)
{
	buf_finish(&reader->control);
}

bool wsreader_is_inside(const struct wsreader *reader)
{
	return reader->in_payload || reader->head_len > 0 ||
	       reader->message_opcode != 0;
}

static size_t wsreader_len_octets(const struct wsreader *reader)
{
	switch (reader->head[1] & LEN) {
	case LEN_IN_16_BITS:
		return 2;
	case LEN_IN_64_BITS:
		return 8;
	default:
		return 0;
	}
}

/* The length of the head, as far as it is known yet. */
static size_t wsreader_head_len(const struct wsreader *reader)
{
	if (reader->head_len < 2)
		return 2;
	return 2 + wsreader_len_octets(reader) +
	       (reader->head[1] & MASKED ? MASK_LEN : 0);
}

static uint64_t wsreader_payload_len(const struct wsreader *reader)
{
	size_t count = wsreader_len_octets(reader);
	uint64_t len = 0;

	if (count == 0)
		return reader->head[1] & LEN;
	for (size_t i = 0; i < count; i++)
		len = len << 8 | reader->head[2 + i];
	return len;
}

/* RFC 6455, 5.4 and 5.5; empty when the head is valid. */
static struct slice wsreader_breach(const struct wsreader *reader, uint64_t len)
{
	unsigned opcode = reader->head[0] & OPCODE;

	if (reader->head[0] & RESERVED)
		return SLICE("A reserved bit is set");
	if (!(reader->head[1] & MASKED))
		return SLICE("A frame is not masked");
	if (opcode & CONTROL) {
		if (opcode > WSFRAME_PONG)
			return SLICE("Unknown opcode");
		if (!(reader->head[0] & FINAL))
			return SLICE("A control frame is fragmented");
		if (len > WSREADER_CONTROL_MAX)
			return SLICE("A control frame is too long");
		return SLICE("");
	}
	if (opcode > WSFRAME_BINARY)
		return SLICE("Unknown opcode");
	if (opcode == CONTINUATION && reader->message_opcode == 0)
		return SLICE("Nothing is to be continued");
	if (opcode != CONTINUATION && reader->message_opcode != 0)
		return SLICE("The message before has not ended");
	if (len > INT64_MAX)
		return SLICE("The length is malformed");
	return SLICE("");
}

/* The head is complete. False, with an explanation, when it is a breach. */
static bool wsreader_begin(struct wsreader *reader, struct wspiece *piece)
{
	uint64_t len = wsreader_payload_len(reader);

	piece->payload = wsreader_breach(reader, len);
	if (piece->payload.len > 0)
		return false;
	buf_finish(&reader->control);
	memcpy(reader->mask, reader->head + reader->head_len - MASK_LEN, MASK_LEN);
	reader->is_final = reader->head[0] & FINAL;
	reader->opcode = reader->head[0] & OPCODE;
	if (reader->opcode == WSFRAME_TEXT || reader->opcode == WSFRAME_BINARY)
		reader->message_opcode = reader->opcode;
	reader->left = len;
	reader->in_payload = true;
	return true;
}

static void wsreader_unmask(struct wsreader *reader, char *data, size_t len)
{
	unsigned char turned[MASK_LEN];
	uint32_t mask;
	uint64_t twice, word;
	size_t at = 0;

	memcpy(&mask, reader->mask, sizeof(mask));
	twice = (uint64_t)mask << 32 | mask;
	for (; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, data + at, sizeof(word));
		word ^= twice;
		memcpy(data + at, &word, sizeof(word));
	}
	for (; at < len; at++)
		data[at] = (char)(data[at] ^ reader->mask[at % MASK_LEN]);
	for (size_t i = 0; i < MASK_LEN; i++)
		turned[i] = reader->mask[(len + i) % MASK_LEN];
	memcpy(reader->mask, turned, MASK_LEN);
}

static void wsinput_skip(struct wsinput *input, size_t len)
{
	input->data += len;
	input->len -= len;
}

/* True when the head is complete. */
static bool wsreader_take_head(struct wsreader *reader, struct wsinput *input)
{
	for (;;) {
		size_t missing = wsreader_head_len(reader) - reader->head_len;
		size_t some = missing < input->len ? missing : input->len;

		if (missing == 0)
			return true;
		if (some == 0)
			return false;
		memcpy(reader->head + reader->head_len, input->data, some);
		reader->head_len = (uint8_t)(reader->head_len + some);
		wsinput_skip(input, some);
	}
}

static enum wsread wsreader_end_control(struct wsreader *reader, struct wspiece *piece)
{
	if (reader->control.len > 0 || reader->left > 0) {
		buf_append(&reader->control, piece->payload);
		piece->payload = buf_slice(&reader->control);
	}
	if (reader->left > 0)
		return WSREAD_MORE;
	piece->opcode = (enum wsframe_opcode)reader->opcode;
	return WSREAD_CONTROL;
}

static enum wsread wsreader_end_data(struct wsreader *reader, struct wspiece *piece)
{
	piece->opcode = (enum wsframe_opcode)reader->message_opcode;
	piece->ends_message = piece->ends_frame && reader->is_final;
	if (piece->ends_message)
		reader->message_opcode = 0;
	return WSREAD_DATA;
}

enum wsread wsreader_next(
	struct wsreader *reader, struct wsinput *input, struct wspiece *piece)
{
	*piece = (struct wspiece){0};
	if (!reader->in_payload) {
		if (!wsreader_take_head(reader, input))
			return WSREAD_MORE;
		if (!wsreader_begin(reader, piece))
			return WSREAD_BAD;
	}

	size_t len = reader->left < input->len ? (size_t)reader->left : input->len;
	if (len == 0 && reader->left > 0)
		return WSREAD_MORE;
	wsreader_unmask(reader, input->data, len);
	piece->payload = (struct slice){input->data, len};
	wsinput_skip(input, len);
	reader->left -= len;
	piece->left = reader->left;
	piece->ends_frame = reader->left == 0;
	if (piece->ends_frame) {
		reader->in_payload = false;
		reader->head_len = 0;
	}
	return reader->opcode & CONTROL ? wsreader_end_control(reader, piece)
					: wsreader_end_data(reader, piece);
}
