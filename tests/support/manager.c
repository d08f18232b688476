#include "tests/support/manager.h"

#include "tests/support/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void manager_listen_at(struct manager *manager, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);

	ck_assert_uint_lt(len, sizeof(address.sun_path));
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(manager->fd, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
}

void manager_listen(struct manager *manager)
{
	char name[64];

	snprintf(name, sizeof(name), "@postern-test-%d", (int)getpid());
	manager_listen_at(manager, name);
}

const char *manager_hear(struct manager *manager)
{
	ssize_t got = recv(manager->fd, manager->heard, sizeof(manager->heard) - 1, 0);

	manager->heard[got > 0 ? got : 0] = '\0';
	return manager->heard;
}

void manager_finish(struct manager *manager)
{
	close(manager->fd);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}
