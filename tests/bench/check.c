#include "tests/bench/check.h"

enum { DIGITS = 16, SEEN_MAX = 64 };

static void write_digits(char *out, uint64_t value)
{
	for (int i = DIGITS - 1; i >= 0; i--, value >>= 4)
		out[i] = "0123456789abcdef"[value & 15];
}

static bool read_digits(uint64_t *value, const char *digits)
{
	uint64_t sum = 0;

	for (int i = 0; i < DIGITS; i++) {
		char digit = digits[i];

		if (digit >= '0' && digit <= '9')
			sum = sum << 4 | (uint64_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			sum = sum << 4 | (uint64_t)(digit - 'a' + 10);
		else
			return false;
	}
	*value = sum;
	return true;
}

void stamp_write(char *body, const struct stamp *stamp)
{
	write_digits(body, stamp->number);
	body[DIGITS] = ' ';
	write_digits(body + DIGITS + 1, stamp->time);
}

bool stamp_read(struct stamp *stamp, struct slice body)
{
	return body.len >= STAMP_SIZE && read_digits(&stamp->number, body.data) &&
	       read_digits(&stamp->time, body.data + DIGITS + 1);
}

void check_hear(struct check *check, uint64_t number)
{
	check->heard++;
	if (number >= check->next) {
		uint64_t step = number - check->next + 1;

		check->missed += step - 1;
		check->seen = step < SEEN_MAX ? check->seen << step | 1 : 1;
		check->next = number + 1;
		return;
	}
	/* After the messages that have come: a repetition, or late. */
	uint64_t age = check->next - 1 - number;
	if (age < SEEN_MAX && !(check->seen >> age & 1)) {
		check->seen |= UINT64_C(1) << age;
		check->disordered++;
		check->missed--;
	} else {
		check->doubled++;
	}
}
