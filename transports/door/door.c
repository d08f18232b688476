#include "transports/door/door_internal.h"

#include "gateway/base/log.h"
#include "gateway/base/process.h"
#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/metrics.h"
#include "protocol/host.h"
#include "protocol/xmalloc.h"
#include "transports/base/peer.h"
#include "transports/door/inherited.h"
#include "transports/door/listener.h"

#include <stdlib.h>
#include <sys/resource.h>

enum {
	DESCRIPTORS_KEPT = 256,    /* at least: for the libraries, and those to come */
	DESCRIPTORS_TO_COME = 100, /* files, operators, peers that get a 503 */
	CONNECTIONS_KEPT = 64,     /* of these, for operators */
	REFUSED_MOST = 64,         /* of these, for peers that get a 503 */
};

unsigned door_least_loaded(const struct door *door)
{
	unsigned least = 0;

	for (unsigned i = 1; i < door->worker->workers->count; i++) {
		if (door->handed[i] < door->handed[least])
			least = i;
	}
	return least;
}

void door_count_handed(struct door *door, unsigned to)
{
	door->connections++;
	door->handed[to]++;
}

void door_hand_over(struct door *door, unsigned to, const struct handover *handover)
{
	door_count_handed(door, to);
	handover_post(door->worker, to, handover);
}

/* The configured limit, or fewer when the process has fewer descriptors. */
static uint64_t door_most(const struct door *door)
{
	uint64_t most = door_limits(door)->connections;

	return most == 0 || most > door->descriptors ? door->descriptors : most;
}

bool door_note_crowded_address(const struct door *door, const struct address *address)
{
	if (address_limits_have_room(door_address_limits(door), door->worker->config,
		    address, door_most(door)))
		return false;
	metrics_refuse(door->worker->metrics, BOUND_ADDRESS_CONNECTIONS);
	return true;
}

enum door_room {
	DOOR_ROOM_FREE,
	DOOR_ROOM_RESERVE, /* only for requests of sessions that exist */
	DOOR_ROOM_NONE,
};

/* The most connections, without those that limits.reserve keeps. */
static uint64_t door_most_strangers(const struct door *door)
{
	const uint64_t most = door_most(door), percent = door_limits(door)->reserve;

	return most - most / 100 * percent - most % 100 * percent / 100;
}

void door_note_full(const struct door *door)
{
	metrics_refuse(door->worker->metrics, BOUND_CONNECTIONS);
	log_warn("door: more than %llu connections",
		(unsigned long long)door_most_strangers(door));
}

/*
 * What is left for a new connection. Those that were refused leave soon, and only those
 * beyond the bound are bounded. In the reserve, a newcomer takes the place of the
 * connection that has said nothing for the longest time.
 */
static enum door_room door_make_room(struct door *door)
{
	const uint64_t most = door_most(door);

	if (door->connections >= most + REFUSED_MOST)
		pending_close_refused(door);
	const uint64_t used = door->connections - door->refused_count;
	if (used < door_most_strangers(door))
		return DOOR_ROOM_FREE;
	return used < most || pending_refuse_silent(door) ? DOOR_ROOM_RESERVE
							  : DOOR_ROOM_NONE;
}

/* True, and logged, when only proxies may connect and this is none. */
static bool door_note_wrong_proxy(
	const struct door *door, const struct sockaddr_storage *address)
{
	const struct config *config = door->worker->config;
	const struct address from = peer_address((const struct sockaddr *)address);
	char text[ADDRESS_TEXT_MAX];

	if (!config->proxy_protocol || networks_have(&config->proxies, &from))
		return false;
	log_warn("door: %.*s is not in trusted_proxies, and proxy_protocol is set",
		SLICE_ARGS(address_write(&from, text)));
	return true;
}

bool door_take_reserved(const struct door *door, uint32_t account)
{
	struct accounts *accounts = door->worker->workers->accounts;
	const uint64_t most = door_most(door);
	const uint64_t used = door->connections - door->refused_count;
	const int64_t left = most > used ? (int64_t)(most - used) : 0;

	if (account_sum(accounts, account, ACCOUNT_RESERVED) > left &&
		!account_is_exempt(accounts, account))
		return false;
	account_add(accounts, account, ACCOUNT_RESERVED, 1);
	return true;
}

/* Room for plain STOMP, whose connections name no session. */
static enum door_room door_room_without_reserve(enum door_room room)
{
	return room == DOOR_ROOM_RESERVE ? DOOR_ROOM_NONE : room;
}

static void door_receive(struct door *door, enum handover_kind kind, struct io io,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	const struct address from = peer_address((const struct sockaddr *)address);
	enum door_room room = door_make_room(door);

	if (kind == HANDOVER_TCP)
		room = door_room_without_reserve(room);
	if (room == DOOR_ROOM_NONE)
		door_note_full(door);
	const bool crowded =
		room == DOOR_ROOM_NONE || door_note_crowded_address(door, &from);
	const bool wrong = door_note_wrong_proxy(door, address);
	struct pending_connection *pending =
		pending_create(door, kind, io, address, address_len);

	if (pending == NULL)
		return;
	if (crowded)
		pending_refuse(pending, &(struct refusal){.kind = REFUSAL_CROWDED});
	else if (wrong)
		pending_refuse(
			pending, &(struct refusal){.kind = REFUSAL_FOREIGN_PROXY,
					 .hint = SLICE("It is none of trusted_proxies, "
						       "and proxy_protocol is set.")});
	else if (room == DOOR_ROOM_RESERVE)
		pending_admit_to_reserve(pending);
	else
		pending_admit(pending);
}

static void door_on_connection(void *context, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	door_receive(
		context, HANDOVER_HTTP, (struct io){.fd = fd}, address, address_len);
}

static void door_on_tcp_connection(void *context, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	door_receive(
		context, HANDOVER_TCP, (struct io){.fd = fd}, address, address_len);
}

/* Operators may connect even when the server is full. */
static void door_on_admin_connection(void *context, int fd,
	const struct sockaddr_storage *address, socklen_t address_len)
{
	struct door *door = context;
	struct pending_connection *pending = pending_create(
		door, HANDOVER_ADMIN, (struct io){.fd = fd}, address, address_len);

	if (pending == NULL || door->connections - door->refused_count <=
				       door_most(door) + CONNECTIONS_KEPT)
		return;
	metrics_refuse(door->worker->metrics, BOUND_CONNECTIONS);
	pending_refuse(pending, &(struct refusal){.kind = REFUSAL_CROWDED});
}

/* Each worker has opened its own before the door is made. */
static uint64_t door_descriptors(void)
{
	struct process process = {0};
	struct rlimit limit = {0};

	process_read(&process);
	getrlimit(RLIMIT_NOFILE, &limit);
	const rlim_t left = limit.rlim_cur > (rlim_t)process.open_fds
				    ? limit.rlim_cur - (rlim_t)process.open_fds
				    : 0;
	const rlim_t kept = process.open_fds + DESCRIPTORS_TO_COME > DESCRIPTORS_KEPT
				    ? DESCRIPTORS_TO_COME
				    : DESCRIPTORS_KEPT - process.open_fds;

	return left > 2 * kept ? left - kept : left / 2;
}

/* Uses the inherited socket `fd`, or the configured address when that is -1. */
static struct listener *door_open_listener(struct door *door, int fd, struct slice host,
	struct slice port,
	void (*welcome)(void *context, int fd, const struct sockaddr_storage *address,
		socklen_t address_len))
{
	return fd != -1 ? listener_adopt(door->worker, fd, welcome, door)
			: listener_create(door->worker, host, port, welcome, door);
}

static int door_listen_http(struct door *door, const struct config *config)
{
	door->listener = door_open_listener(door, inherited_find("http"), config->host,
		config->port, door_on_connection);
	if (door->listener == NULL)
		return -1;
	listener_log(door->listener, "door: listening on");
	return 0;
}

static int door_listen_tcp(struct door *door, const struct config *config)
{
	int fd = inherited_find("tcp");

	if (fd == -1 && config->tcp_listen.len == 0)
		return 0;
	door->tcp = door_open_listener(
		door, fd, config->tcp_host, config->tcp_port, door_on_tcp_connection);
	if (door->tcp == NULL)
		return -1;
	listener_log(door->tcp, "door: plain STOMP at");
	return 0;
}

static int door_listen_admin(struct door *door, const struct config *config)
{
	int fd = inherited_find("admin");

	if (fd != -1 && config->admin_listen.len == 0) {
		log_error("door: the socket \"admin\" needs admin.listen, which says "
			  "whether it may be reached from elsewhere");
		return -1;
	}
	if (config->admin_listen.len == 0)
		return 0;
	door->admin = door_open_listener(door, fd, config->admin_host,
		config->admin_port, door_on_admin_connection);
	if (door->admin == NULL)
		return -1;
	/*
	 * The setting decides whether a token is required, now and after each reload.
	 */
	if (host_is_loopback(config->admin_host) && !listener_is_local(door->admin)) {
		log_error("door: the socket \"admin\" is no loopback address, as "
			  "admin.listen is");
		return -1;
	}
	listener_log(door->admin, "door: operators at");
	return 0;
}

struct door *door_create(struct worker *worker)
{
	const struct config *config = worker->config;
	struct door *door = xcalloc(1, sizeof(*door));

	door->worker = worker;
	door->handed = xcalloc(worker->workers->count, sizeof(*door->handed));
	door->peeked.room = peek_room(config);
	door->descriptors = door_descriptors();
	list_init(&door->pending);
	list_init(&door->silent);
	list_init(&door->refused);
	registry_init(&door->asking, &worker->key);
	if (door_listen_tcp(door, config) == -1 ||
		door_listen_admin(door, config) == -1 ||
		door_listen_http(door, config) == -1) {
		door_destroy(door);
		return NULL;
	}
	return door;
}

void door_count_closed(struct door *door, unsigned worker, int64_t closed)
{
	door->handed[worker] -= closed;
	door->connections -= (uint64_t)closed;
}

/* Stops listening and closes the connections whose head has not come. */
static void door_close(struct door *door)
{
	listener_destroy(door->listener);
	listener_destroy(door->tcp);
	listener_destroy(door->admin);
	door->listener = door->tcp = door->admin = NULL;
	pending_close_all(door);
}

void door_destroy(struct door *door)
{
	if (door == NULL)
		return;
	door_close(door);
	registry_finish(&door->asking);
	free(door->peeked.room);
	free(door->handed);
	free(door);
}
