/*
 * The scanner of JSON, and the members of a body that it finds: jansson must read the
 * same bodies and find the same members in them.
 */
#include "tests/support/fuzz.h"
#include "tests/support/json_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_model_check(fuzz_slice(data, size));
	return 0;
}
