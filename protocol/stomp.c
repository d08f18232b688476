/* The words of STOMP, and the lookup of a frame's headers. */
#include "protocol/stomp.h"

#include <assert.h>

struct slice stomp_command_name(enum stomp_command command)
{
	static const struct slice names[] = {
		[STOMP_CONNECT] = SLICE_INIT("CONNECT"),
		[STOMP_STOMP] = SLICE_INIT("STOMP"),
		[STOMP_SEND] = SLICE_INIT("SEND"),
		[STOMP_SUBSCRIBE] = SLICE_INIT("SUBSCRIBE"),
		[STOMP_UNSUBSCRIBE] = SLICE_INIT("UNSUBSCRIBE"),
		[STOMP_ACK] = SLICE_INIT("ACK"),
		[STOMP_NACK] = SLICE_INIT("NACK"),
		[STOMP_BEGIN] = SLICE_INIT("BEGIN"),
		[STOMP_COMMIT] = SLICE_INIT("COMMIT"),
		[STOMP_ABORT] = SLICE_INIT("ABORT"),
		[STOMP_DISCONNECT] = SLICE_INIT("DISCONNECT"),
		[STOMP_CONNECTED] = SLICE_INIT("CONNECTED"),
		[STOMP_MESSAGE] = SLICE_INIT("MESSAGE"),
		[STOMP_RECEIPT] = SLICE_INIT("RECEIPT"),
		[STOMP_ERROR] = SLICE_INIT("ERROR"),
	};

	assert((size_t)command < sizeof(names) / sizeof(*names));
	return names[command];
}

struct slice stomp_version_name(enum stomp_version version)
{
	static const struct slice names[] = {
		[STOMP_1_0] = SLICE_INIT("1.0"),
		[STOMP_1_1] = SLICE_INIT("1.1"),
		[STOMP_1_2] = SLICE_INIT("1.2"),
	};

	assert((size_t)version < sizeof(names) / sizeof(*names));
	return names[version];
}

const struct slice *stomp_header(const struct stomp_frame *frame, struct slice name)
{
	for (size_t i = 0; i < frame->header_count; i++) {
		if (slice_equal(frame->headers[i].name, name))
			return &frame->headers[i].value;
	}
	return NULL;
}
