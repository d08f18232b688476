#include "transports/door/listener.h"

#include "gateway/base/log.h"
#include "gateway/base/loop.h"
#include "gateway/worker/metrics.h"
#include "gateway/worker/worker.h"
#include "protocol/host.h"
#include "protocol/xmalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	ACCEPTS_PER_TURN = 64,
	PAUSE_MS = 100, /* after an accept that failed for lack of descriptors */

	/*
	 * Bytes that the kernel takes before it can send them. By itself it takes 4 MB
	 * for a peer that does not read. With much less, a fan-out of large messages
	 * needs more system calls.
	 */
	UNSENT_MAX = 128 * 1024,
};

struct listener {
	struct worker *worker;
	struct watch watch;
	struct timer pause;
	void (*welcome)(void *context, int fd, const struct sockaddr_storage *address,
		socklen_t address_len);
	void *context;
};

static void listener_resume(struct listener *listener)
{
	if (loop_watch(listener->worker->loop, &listener->watch, WATCH_IN) == -1)
		loop_timer_start(listener->worker->loop, &listener->pause, PAUSE_MS);
}

static void listener_on_pause_over(struct timer *timer)
{
	listener_resume(container_of(timer, struct listener, pause));
}

static void listener_rest(struct listener *listener)
{
	log_warn("door: cannot accept: %s", strerror(errno));
	metrics_refuse(listener->worker->metrics, BOUND_DESCRIPTORS);
	loop_unwatch(&listener->watch);
	loop_timer_start(listener->worker->loop, &listener->pause, PAUSE_MS);
}

static void listener_on_listener(struct watch *watch, unsigned events)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	(void)events;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage address = {0};
		socklen_t len = sizeof(address);
		int fd = accept4(watch->fd, (struct sockaddr *)&address, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			listener->welcome(listener->context, fd, &address, len);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			errno == ENOMEM)
			listener_rest(listener);
		else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			log_warn("door: accept: %s", strerror(errno));
		return;
	}
}

/*
 * Returns a listening socket on the first address of `host` that the caller
 * owns, or -1 after logging why. An empty host means every address, v6 and v4.
 */
static int listener_bind(const char *host, const char *port)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *where = NULL;
	int fd = -1, listener = -1;

	int error = getaddrinfo(*host == '\0' ? NULL : host, port, &hints, &where);
	if (error != 0) {
		log_error("door: %s port %s: %s", host, port, gai_strerror(error));
		goto out;
	}
	fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) ==
			-1 ||
		bind(fd, where->ai_addr, where->ai_addrlen) == -1 ||
		listen(fd, BACKLOG) == -1) {
		log_error("door: %s port %s: %s", host, port, strerror(errno));
		goto out;
	}
	listener = fd;
	fd = -1;
out:
	if (fd != -1)
		close(fd);
	if (where != NULL)
		freeaddrinfo(where);
	return listener;
}

/* True when the socket is one that listens for TCP. */
static bool listener_is_tcp(int fd)
{
	int listens = 0, family = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 && listens &&
	       (family == AF_INET || family == AF_INET6);
}

/* Takes over the description and its socket. */
static struct listener *listener_begin(const struct listener *described, int fd)
{
	struct listener *listener = xmalloc(sizeof(*listener));

	/* Linux passes both on to each connection that is accepted here. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &(int){UNSENT_MAX}, sizeof(int));
	*listener = *described;
	listener->watch =
		(struct watch){.fd = fd, .level = true, .ready = listener_on_listener};
	listener->pause.fire = listener_on_pause_over;
	listener_resume(listener);
	return listener;
}

struct listener *listener_create(struct worker *worker, struct slice host,
	struct slice port,
	void (*welcome)(void *context, int fd, const struct sockaddr_storage *address,
		socklen_t address_len),
	void *context)
{
	char *host_text = xstrdup(host), *port_text = xstrdup(port);
	int fd = listener_bind(host_text, port_text);

	free(host_text);
	free(port_text);
	if (fd == -1)
		return NULL;
	return listener_begin(
		&(struct listener){
			.worker = worker, .welcome = welcome, .context = context},
		fd);
}

struct listener *listener_adopt(struct worker *worker, int fd,
	void (*welcome)(void *context, int fd, const struct sockaddr_storage *address,
		socklen_t address_len),
	void *context)
{
	if (!listener_is_tcp(fd)) {
		log_error("door: descriptor %d is no listening TCP socket", fd);
		close(fd);
		return NULL;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return listener_begin(
		&(struct listener){
			.worker = worker, .welcome = welcome, .context = context},
		fd);
}

struct listener_name {
	bool is_v6;
	char host[64], port[16];
};

static bool listener_read_name(
	const struct listener *listener, struct listener_name *name)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(listener->watch.fd, (struct sockaddr *)&address, &len) == -1)
		return false;
	name->is_v6 = address.ss_family == AF_INET6;
	return getnameinfo((struct sockaddr *)&address, len, name->host,
		       sizeof(name->host), name->port, sizeof(name->port),
		       NI_NUMERICHOST | NI_NUMERICSERV) == 0;
}

bool listener_is_local(const struct listener *listener)
{
	struct listener_name name;

	return listener_read_name(listener, &name) &&
	       host_is_loopback(slice_of(name.host));
}

void listener_log(const struct listener *listener, const char *what)
{
	struct listener_name name;

	if (listener_read_name(listener, &name))
		log_info(name.is_v6 ? "%s [%s]:%s" : "%s %s:%s", what, name.host,
			name.port);
}

void listener_destroy(struct listener *listener)
{
	if (listener == NULL)
		return;
	loop_unwatch(&listener->watch);
	loop_timer_stop(listener->worker->loop, &listener->pause);
	close(listener->watch.fd);
	free(listener);
}
