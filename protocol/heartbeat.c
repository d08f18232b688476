/* STOMP 1.1 and 1.2, Heart-beating: read an offer, agree on a pace. */
#include "protocol/heartbeat.h"

#include "protocol/ascii.h"

/* Digits only, at least one, 32 bits. */
static bool read_number(struct slice digits, uint32_t *number)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.data[i]))
			return false;
		value = value * 10 + (uint64_t)(digits.data[i] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*number = (uint32_t)value;
	return digits.len > 0;
}

bool heartbeat_parse(struct slice value, struct heartbeat *offer)
{
	size_t comma = slice_find(value, ',');
	struct heartbeat read = {0, 0};

	if (!read_number(slice_first(value, comma), &read.send) ||
		!read_number(slice_from(value, comma + 1), &read.want))
		return false;
	*offer = read;
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
