/* How a client has logged in: the label `source` of metrics, a word in the console. */
#ifndef GATEWAY_IDENTITY_LOGIN_SOURCE_H
#define GATEWAY_IDENTITY_LOGIN_SOURCE_H

enum login_source {
	LOGIN_ANONYMOUS, /* it has shown nothing */
	LOGIN_BY_PROXY,  /* a trusted proxy names the user, by login.user_header */
	LOGIN_BY_TOKEN,
	LOGIN_BY_PASSWORD,
	LOGIN_BY_LISTENER, /* tcp.user */
	LOGIN_SOURCES,
};

/* "proxy", "token", "password", "listener", "anonymous". Static; it never changes. */
const char *login_source_name(enum login_source source);

#endif
