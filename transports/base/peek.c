#include "transports/base/peek.h"

#include "gateway/config/config.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

struct http_head_limits peek_limits(const struct config *config)
{
	const struct limits *limits = &config->limits;

	return (struct http_head_limits){
		limits->head, limits->target, limits->head_lines};
}

char *peek_room(const struct config *config)
{
	return xmalloc(config->limits.head + 1);
}

enum peek peek_head(int fd, const struct config *config, struct peeked *peeked)
{
	const struct http_head_limits limits = peek_limits(config);
	ssize_t got = recv(fd, peeked->room, limits.bytes + 1, MSG_PEEK);

	if (got == -1 && errno == EAGAIN)
		return PEEK_NOTHING;
	if (got <= 0)
		return PEEK_GONE;
	peeked->got = (size_t)got;
	switch (http_head_parse((struct slice){peeked->room, peeked->got}, &limits,
		&peeked->head, &peeked->status)) {
	case HTTP_HEAD_DONE:
		return PEEK_HEAD;
	case HTTP_HEAD_MORE:
		return PEEK_MORE;
	case HTTP_HEAD_BAD:
		break;
	}
	return PEEK_BAD;
}

bool peek_take(int fd, size_t left)
{
	char taken[512];

	while (left > 0) {
		ssize_t got =
			recv(fd, taken, left < sizeof(taken) ? left : sizeof(taken), 0);

		if (got <= 0)
			return false;
		left -= (size_t)got;
	}
	return true;
}

bool peek_read(int fd, struct peeked *peeked, size_t bytes)
{
	size_t taken = 0;

	assert(bytes <= peeked->got);
	while (taken < bytes) {
		ssize_t got = recv(fd, peeked->room + taken, bytes - taken, 0);

		if (got <= 0)
			return false;
		taken += (size_t)got;
	}
	return true;
}
