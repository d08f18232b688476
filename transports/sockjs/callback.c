#include "transports/sockjs/callback.h"

#include "protocol/ascii.h"
#include "protocol/buf.h"
#include "protocol/url.h"

static bool callback_is_name(struct slice callback)
{
	for (size_t i = 0; i < callback.len; i++) {
		char byte = callback.data[i];

		if (!ascii_is_alphanumeric(byte) && byte != '-' && byte != '_' &&
			byte != '.')
			return false;
	}
	return callback.len > 0 && callback.len <= CALLBACK_MAX;
}

enum callback_verdict callback_read(struct slice query, char callback[CALLBACK_MAX + 1])
{
	struct slice value;
	struct buf decoded = {0};
	enum callback_verdict verdict = CALLBACK_INVALID;

	if ((!url_parameter(query, SLICE("c"), &value) &&
		    !url_parameter(query, SLICE("callback"), &value)) ||
		value.len == 0)
		return CALLBACK_MISSING;
	if (url_decode(&decoded, value, true) &&
		callback_is_name(buf_slice(&decoded))) {
		memcpy(callback, decoded.data, decoded.len);
		callback[decoded.len] = '\0';
		verdict = CALLBACK_GOOD;
	}
	buf_finish(&decoded);
	return verdict;
}

bool callback_take(const struct downlink *link, struct slice target,
	char callback[CALLBACK_MAX + 1], enum refusal_kind *wrong)
{
	callback[0] = '\0';
	if (!link->calls)
		return true;
	switch (callback_read(url_split(target).query, callback)) {
	case CALLBACK_GOOD:
		return true;
	case CALLBACK_MISSING:
		*wrong = REFUSAL_NO_CALLBACK;
		return false;
	case CALLBACK_INVALID:
		*wrong = REFUSAL_CALLBACK;
		return false;
	}
	return false;
}
