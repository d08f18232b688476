/*
 * The PROXY protocol, versions 1 and 2: a header that a proxy sends before all other
 * bytes of a connection, to say whose it is. Read strictly: a proxy writes it, so
 * whatever is odd about it is no PROXY header.
 */
#ifndef PROTOCOL_PROXY_HEAD_H
#define PROTOCOL_PROXY_HEAD_H

#include "protocol/address.h"

/* A longer one is refused: room for the addresses and for what TLS adds to them. */
enum { PROXY_HEAD_MAX = 4096 };

struct proxy_head {
	bool known; /* else it says of nobody: the connection is the proxy's own */
	struct address source;
	uint16_t port;
	size_t len; /* bytes up to its end */
};

enum proxy_head_parse {
	PROXY_HEAD_DONE,
	PROXY_HEAD_MORE, /* not whole yet, and nothing wrong so far */
	PROXY_HEAD_BAD,
};

/*
 * Reads the header at the start of `bytes`. *head is written on DONE only.
 *
 * It says of nobody when a version 1 header says UNKNOWN, when one of version 2
 * says LOCAL, or for addresses that are neither of IPv4 nor of IPv6. Datagrams are
 * BAD. What version 2 carries beside addresses must be well-formed, and is not used.
 */
enum proxy_head_parse proxy_head_parse(struct slice bytes, struct proxy_head *head);

#endif
