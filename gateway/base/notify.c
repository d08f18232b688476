#include "gateway/base/notify.h"

#include "gateway/base/log.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The address of a path, or of an abstract name, which begins with '@'. 0: too long. */
static socklen_t notify_address(const char *name, struct sockaddr_un *address)
{
	size_t len = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return 0;
	}
	memcpy(address->sun_path, name, len);
	if (*name == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void notify_send(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;

	if (name == NULL || *name == '\0')
		return;
	socklen_t len = notify_address(name, &address);
	int fd = len == 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || sendto(fd, state, strlen(state), MSG_NOSIGNAL,
				(struct sockaddr *)&address, len) == -1)
		log_warn("notify: %s: %s", name, strerror(errno));
	if (fd != -1)
		close(fd);
}

void notify_ready(void)
{
	notify_send("READY=1");
}

void notify_reloading(void)
{
	struct timespec now;
	char state[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
		now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	notify_send(state);
}

void notify_stopping(void)
{
	notify_send("STOPPING=1");
}

void notify_alive(void)
{
	notify_send("WATCHDOG=1");
}

uint64_t notify_number(const char *variable)
{
	const char *text = getenv(variable);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

uint64_t notify_watchdog(void)
{
	/* Without WATCHDOG_PID the variable is meant for any process. */
	if (getenv("WATCHDOG_PID") != NULL &&
		notify_number("WATCHDOG_PID") != (uint64_t)getpid())
		return 0;
	return notify_number("WATCHDOG_USEC") / 1000;
}
