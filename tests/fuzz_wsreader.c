/*
 * WebSocket frames: a stream that is cut in two anywhere gives the same messages and
 * control frames, and fails for the same reason.
 */
#include "protocol/wsreader.h"
#include "tests/support/fuzz.h"

#include <stdlib.h>

/* Appends what was read, in an unambiguous form. False after a breach. */
static bool read_on(struct wsreader *reader, struct slice bytes, struct buf *told)
{
	char *copy = malloc(bytes.len + 1);
	struct wsinput input = {copy, bytes.len};
	struct wspiece piece;
	enum wsread what;

	memcpy(copy, bytes.data, bytes.len);
	while ((what = wsreader_next(reader, &input, &piece)) != WSREAD_MORE) {
		assert(input.len <= bytes.len);
		assert(!piece.ends_frame || piece.left == 0);
		buf_append(told, piece.payload);
		if (what == WSREAD_CONTROL) {
			assert(piece.payload.len <= WSREADER_CONTROL_MAX);
			buf_append_number(told, piece.payload.len);
		}
		if (what != WSREAD_DATA || piece.ends_message)
			buf_append_number(told, what * 10u + piece.opcode);
		if (what == WSREAD_BAD)
			break;
	}
	assert(what == WSREAD_BAD || input.len == 0);
	free(copy);
	return what == WSREAD_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = fuzz_slice(data, size);
	struct wsreader reader = {.left = 0};
	struct buf whole = {0};

	read_on(&reader, bytes, &whole);
	wsreader_finish(&reader);
	for (size_t cut = 0; cut <= size; cut += 1 + size / 64) {
		struct wsreader again = {.left = 0};
		struct buf told = {0};

		if (read_on(&again, slice_first(bytes, cut), &told))
			read_on(&again, slice_from(bytes, cut), &told);
		assert(slice_equal(buf_slice(&told), buf_slice(&whole)));
		buf_finish(&told);
		wsreader_finish(&again);
	}
	buf_finish(&whole);
	return 0;
}
