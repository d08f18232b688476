#include "transports/door/proxy_header.h"

#include "protocol/proxy_head.h"
#include "transports/base/peek.h"
#include "transports/base/peer.h"

#include <errno.h>

enum proxy_header proxy_header_take(
	int fd, struct sockaddr_storage *address, socklen_t *address_len)
{
	char peeked[PROXY_HEAD_MAX];
	ssize_t got = recv(fd, peeked, sizeof(peeked), MSG_PEEK);
	struct proxy_head head;

	if (got == -1 && errno == EAGAIN)
		return PROXY_HEADER_WAITS;
	if (got <= 0)
		return PROXY_HEADER_GONE;
	switch (proxy_head_parse((struct slice){peeked, (size_t)got}, &head)) {
	case PROXY_HEAD_MORE:
		return PROXY_HEADER_WAITS;
	case PROXY_HEAD_BAD:
		return PROXY_HEADER_BAD;
	case PROXY_HEAD_DONE:
		break;
	}
	if (!peek_take(fd, head.len))
		return PROXY_HEADER_GONE;
	if (head.known)
		*address_len = peer_socket(&head.source, head.port, address);
	return PROXY_HEADER_TAKEN;
}
