/* STOMP 1.1 and 1.2, Heart-beating: reads an offer, agrees on an interval. */
#include "protocol/heartbeat.h"

#include "protocol/number.h"

bool heartbeat_parse(struct slice value, struct heartbeat *offer)
{
	size_t comma = slice_find(value, ',');
	uint64_t send, want;

	if (!number_read(slice_first(value, comma), UINT32_MAX, &send) ||
		!number_read(slice_from(value, comma + 1), UINT32_MAX, &want))
		return false;
	*offer = (struct heartbeat){(uint32_t)send, (uint32_t)want};
	return true;
}

uint32_t heartbeat_interval(struct heartbeat sender, struct heartbeat receiver)
{
	if (sender.send == 0 || receiver.want == 0)
		return 0;
	return sender.send > receiver.want ? sender.send : receiver.want;
}

uint32_t heartbeat_offer(uint32_t usual, uint32_t least, uint32_t wanted)
{
	if (usual == 0 || wanted == 0 || wanted >= usual)
		return usual;
	return wanted < least ? least : wanted;
}
