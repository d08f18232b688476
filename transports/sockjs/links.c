/* The list of transports. */
#include "transports/sockjs/link.h"

const struct downlink *downlink_find(struct slice path)
{
	static const struct downlink *const downlinks[] = {
		&xhr_downlink,
		&xhr_streaming_downlink,
		&eventsource_downlink,
		&htmlfile_downlink,
		&jsonp_downlink,
		&poll_downlink,
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
		&xhr_uplink,
		&jsonp_uplink,
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
