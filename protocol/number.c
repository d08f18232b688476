#include "protocol/number.h"

#include "protocol/ascii.h"

enum number_outcome { NUMBER_DONE, NUMBER_ABOVE, NUMBER_BAD };

/* The value of a digit in that base, or -1 for any other byte. */
static int number_digit(char byte, unsigned base)
{
	if (ascii_is_digit(byte))
		return byte - '0';
	return base == 16 && byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Reads every byte, even after the number is too large. */
static enum number_outcome number_take(
	struct slice digits, unsigned base, uint64_t most, uint64_t *number)
{
	const uint64_t full = most / base;
	uint64_t value = 0;
	bool is_above = false;

	for (size_t i = 0; i < digits.len; i++) {
		int digit = number_digit(digits.data[i], base);

		if (digit == -1)
			return NUMBER_BAD;
		is_above = is_above || value > full ||
			   (uint64_t)digit > most - value * base;
		if (!is_above)
			value = value * base + (uint64_t)digit;
	}
	if (digits.len == 0)
		return NUMBER_BAD;
	if (is_above)
		return NUMBER_ABOVE;
	*number = value;
	return NUMBER_DONE;
}

bool number_read(struct slice digits, uint64_t most, uint64_t *number)
{
	return number_take(digits, 10, most, number) == NUMBER_DONE;
}

bool number_read_capped(struct slice digits, uint64_t most, uint64_t *number)
{
	enum number_outcome outcome = number_take(digits, 10, most, number);

	if (outcome == NUMBER_ABOVE)
		*number = most;
	return outcome != NUMBER_BAD;
}

bool number_read_canonical(struct slice digits, uint64_t most, uint64_t *number)
{
	return (digits.len <= 1 || digits.data[0] != '0') &&
	       number_read(digits, most, number);
}

bool number_read_hex(struct slice digits, uint64_t most, uint64_t *number)
{
	return number_take(digits, 16, most, number) == NUMBER_DONE;
}

/* The digits are found from the last one to the first. */
static size_t number_copy_digits(
	char *to, const char digits[NUMBER_DIGITS_MAX], size_t at)
{
	memcpy(to, digits + at, NUMBER_DIGITS_MAX - at);
	return NUMBER_DIGITS_MAX - at;
}

size_t number_write(char *to, uint64_t number)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return number_copy_digits(to, digits, at);
}

size_t number_write_hex(char *to, uint64_t number)
{
	char digits[NUMBER_DIGITS_MAX];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[number % 16];
		number /= 16;
	} while (number > 0);
	return number_copy_digits(to, digits, at);
}
