/* A service manager for tests: receives the process's notifications. */
#ifndef TESTS_SUPPORT_MANAGER_H
#define TESTS_SUPPORT_MANAGER_H

struct manager {
	int fd;
	char heard[256];
};

/*
 * Listens at a path, or at an abstract name, which begins with '@', as in
 * NOTIFY_SOCKET.
 */
void manager_listen_at(struct manager *manager, const char *name);

/* The same at a unique name of its own. */
void manager_listen(struct manager *manager);

/* The next datagram, or "" if none has come. */
const char *manager_hear(struct manager *manager);

void manager_finish(struct manager *manager);

#endif
