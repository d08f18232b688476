/*
 * Servers of the loopback that accept, refuse or say nothing. Their ports are below
 * those that the kernel gives to outgoing connections.
 */
#ifndef TESTS_SUPPORT_LOOPBACK_H
#define TESTS_SUPPORT_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>

struct loopback {
	int fd;
	unsigned port;
	char text[64];   /* ADDRESS:PORT */
	int filling[16]; /* connections that fill its backlog */
	size_t filled;
};

/* True when sockets can have this address: the machine may have no IPv6. */
bool loopback_has(const char *address);

/* A server that refuses: nobody else gets the port, and nobody listens. */
void loopback_refuse(struct loopback *server, const char *address);

/* A server that accepts, by the kernel. */
void loopback_listen(struct loopback *server, const char *address);

/* A server that says nothing: its backlog is full, and the kernel drops what comes. */
void loopback_be_silent(struct loopback *server, const char *address);

/* As loopback_refuse(), at the port of `beside`. False when that is taken. */
bool loopback_refuse_beside(
	struct loopback *server, const char *address, const struct loopback *beside);

/* Turns a server that refuses into one that accepts. */
void loopback_let_in(struct loopback *server);

/* Turns a server that says nothing into one that accepts what comes from now on. */
void loopback_make_room(struct loopback *server);

void loopback_close(struct loopback *server);

/* Accepts one connection, which must have `fd` as its other end. */
void loopback_expect(const struct loopback *server, int fd);

/* True when the handshake of TCP is over. */
bool loopback_is_established(int fd);

#endif
