#include "gateway/broker/delivery_id.h"

#include "protocol/number.h"

enum { DIGITS_MAX = 16 }; /* of 64 bits in hexadecimal */

/* Cuts the text before the first `separator`. False when there is none. */
static bool delivery_id_cut(struct slice *text, char separator, struct slice *after)
{
	const size_t at = slice_find(*text, separator);

	if (at == text->len)
		return false;
	*after = slice_from(*text, at + 1);
	*text = slice_first(*text, at);
	return true;
}

/* Empty, which is no number, when it is too long for one. */
static struct slice delivery_id_digits(struct slice text)
{
	return slice_first(text, text.len > DIGITS_MAX ? 0 : text.len);
}

static bool delivery_id_number(
	struct slice text, uint64_t least, uint64_t most, uint64_t *number)
{
	return number_read(delivery_id_digits(text), most, number) && *number >= least;
}

bool delivery_id_read(struct slice text, struct delivery_id *id)
{
	uint64_t ordinal = 0, attempt = 1;
	struct slice offset, last;
	struct place place;

	/* The first attempt is never written. */
	if (delivery_id_cut(&text, '.', &last) &&
		!delivery_id_number(last, 2, UINT16_MAX, &attempt))
		return false;
	if (!delivery_id_cut(&text, '-', &offset))
		return false;
	if (delivery_id_cut(&offset, '-', &last) &&
		!delivery_id_number(last, 1, UINT32_MAX, &ordinal))
		return false;
	if (!number_read_hex(delivery_id_digits(text), UINT64_MAX, &place.epoch) ||
		!delivery_id_number(offset, 0, UINT64_MAX, &place.offset))
		return false;
	*id = (struct delivery_id){place, (uint32_t)ordinal, (uint16_t)attempt};
	return true;
}
