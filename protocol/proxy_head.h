/*
 * The PROXY protocol, versions 1 and 2: a proxy sends this header before all other
 * bytes of a connection, to name its client. It is read strictly: a proxy writes it,
 * so any deviation means that it is not a PROXY header.
 */
#ifndef PROTOCOL_PROXY_HEAD_H
#define PROTOCOL_PROXY_HEAD_H

#include "protocol/address.h"

/* A longer one is refused: this has room for the addresses and TLS's extensions. */
enum { PROXY_HEAD_MAX = 4096 };

struct proxy_head {
	bool known; /* false: no client; the connection is the proxy's own */
	struct address source;
	uint16_t port;
	size_t len; /* bytes up to its end */
};

enum proxy_head_parse {
	PROXY_HEAD_DONE,
	PROXY_HEAD_MORE, /* incomplete, and valid so far */
	PROXY_HEAD_BAD,
};

/*
 * Reads the header at the start of `bytes`. Writes *head on DONE only.
 *
 * The header names no client when version 1 says UNKNOWN, when version 2 says LOCAL,
 * or for addresses that are neither IPv4 nor IPv6. Datagrams are BAD. The extensions
 * of version 2 must be well-formed, and are not used.
 */
enum proxy_head_parse proxy_head_parse(struct slice bytes, struct proxy_head *head);

#endif
