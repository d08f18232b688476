#include "protocol/hash.h"
#include "tests/support/unit.h"

/*
 * From the reference implementation of SipHash: the key's bytes are 0 to 15, the
 * input's bytes count up from 0.
 */
static const struct {
	size_t len;
	uint64_t hash;
} vectors[] = {
	{0, 0x726fdb47dd0e0e31},
	{1, 0x74f839c593dc67fd},
	{2, 0x0d6c8009d9a94f5a},
	{3, 0x85676696d7fb7e2d},
	{4, 0xcf2794e0277187b7},
	{5, 0x18765564cd99a68d},
	{6, 0xcbc9466e58fee3ce},
	{7, 0xab0200f58b01d137},
	{8, 0x93f5f5799a932462},
	{9, 0x9e0082df0ba9e4b0},
	{10, 0x7a5dbbc594ddb9f3},
	{11, 0xf4b32f46226bada7},
	{12, 0x751e8fbc860ee5fb},
	{13, 0x14ea5627c0843d90},
	{14, 0xf723ca908e7af2ee},
	{15, 0xa129ca6149be45e5},
	{16, 0x3f2acc7f57c29bdb},
	{31, 0x32d892fad841c342},
	{32, 0x7127512f72f27cce},
	{62, 0xe51b38608ef25f57},
	{63, 0x958a324ceb064572},
};

static const struct hash_key reference_key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

START_TEST(the_reference_vectors_come_out)
{
	char input[64];

	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (char)i;
	ck_assert_uint_eq(
		hash_slice(&reference_key, (struct slice){input, vectors[_i].len}),
		vectors[_i].hash);
}
END_TEST

START_TEST(another_key_gives_another_hash)
{
	const struct hash_key other = {reference_key.low, reference_key.high + 1};

	ck_assert_uint_ne(hash_slice(&reference_key, SLICE("/topic/a")),
		hash_slice(&other, SLICE("/topic/a")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hash");
	TCase *tcase = unit_case(suite, "siphash");

	unit_add_table(tcase, the_reference_vectors_come_out, vectors);
	tcase_add_test(tcase, another_key_gives_another_hash);
	return unit_run(suite);
}
