#include "gateway/worker/ending.h"

#include <assert.h>

#define ENDING_ROW(name, code, text, reason)                                           \
	[ENDING_##name] = {code, SLICE_INIT(text), reason},

static const struct {
	unsigned code;
	struct slice text;
	const char *name;
} endings[ENDINGS] = {ENDING_LIST(ENDING_ROW)};

unsigned ending_code(enum ending ending)
{
	assert(ending > ENDING_NONE && ending < ENDINGS);
	return endings[ending].code;
}

struct slice ending_text(enum ending ending)
{
	assert(ending > ENDING_NONE && ending < ENDINGS);
	return endings[ending].text;
}

const char *ending_name(enum ending ending)
{
	assert(ending > ENDING_NONE && ending < ENDINGS);
	return endings[ending].name;
}

bool ending_is_peers_fault(enum ending ending)
{
	unsigned code = ending_code(ending);

	return code > 1001 && code < 3000;
}
