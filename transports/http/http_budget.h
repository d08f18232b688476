/*
 * What accounts are charged for HTTP: bodies of requests, and libmicrohttpd's pools.
 */
#ifndef TRANSPORTS_HTTP_HTTP_BUDGET_H
#define TRANSPORTS_HTTP_HTTP_BUDGET_H

#include "transports/http/http_internal.h"

/* True when the request's account may have so many bytes for the body. */
bool http_body_fits(const struct http_request *request, uint64_t length);

/* Refuses the request, for whose body there is no memory, before the body has come. */
void http_body_refuse(struct http_request *request);

/*
 * Allocates the body, of which `length` bytes are declared, and charges them. A short
 * one grows as it comes.
 */
void http_body_allocate(struct http_request *request, uint64_t length);

/* A piece of the body has come. Refuses the request if there is no memory for it. */
void http_body_take(struct http_request *request, struct slice piece);

/* Frees the body, and gives its memory back. */
void http_body_free(struct http_request *request);

/*
 * libmicrohttpd has a pool for each connection, also while that is idle. True when the
 * account of the connection's address may have one more, or, for an exempt address,
 * when there is room at all; operators always may.
 */
bool http_pool_fits(const struct http_connection *connection);

/* Charges that account for the pool, or gives it back. Twice is once. */
void http_pool_charge(struct http_connection *connection, bool is_held);

#endif
