/* Links by the last segment of their URLs. */
#include "transports/sockjs/link.h"

const struct downlink *downlink_find(struct slice path)
{
	static const struct downlink *const downlinks[] = {
#define X(NAME, name) &name##_downlink,
		TRANSPORT_LIST(TRANSPORT_SKIP, X, TRANSPORT_SKIP)
#undef X
	};

	for (size_t i = 0; i < sizeof(downlinks) / sizeof(*downlinks); i++) {
		if (slice_equal(path, downlinks[i]->path))
			return downlinks[i];
	}
	return NULL;
}

const struct uplink *uplink_find(struct slice path)
{
	static const struct uplink *const uplinks[] = {
#define X(NAME, name) &name##_uplink,
		TRANSPORT_LIST(TRANSPORT_SKIP, TRANSPORT_SKIP, X)
#undef X
	};

	for (size_t i = 0; i < sizeof(uplinks) / sizeof(*uplinks); i++) {
		if (slice_equal(path, uplinks[i]->path))
			return uplinks[i];
	}
	return NULL;
}

void downlink_begin_frame(
	const struct downlink *link, struct slice callback, struct buf *body)
{
	buf_append(body, link->before);
	if (link->called.len == 0)
		return;
	buf_append(body, callback);
	buf_append(body, link->called);
}
