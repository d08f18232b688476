#include "tests/support/name_server.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { NAMES_MAX = 8 };

typedef int resolver(
	const char *, const char *, const struct addrinfo *, struct addrinfo **);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answered = PTHREAD_COND_INITIALIZER;
static bool held;
static int asked;
static struct {
	const char *name;
	const char *const *addresses;
} names[NAMES_MAX];
static size_t name_count;

void name_server_add(const char *name, const char *const *addresses)
{
	pthread_mutex_lock(&lock);
	names[name_count].name = name;
	names[name_count++].addresses = addresses;
	pthread_mutex_unlock(&lock);
}

static void name_server_set_held(bool is_held)
{
	pthread_mutex_lock(&lock);
	held = is_held;
	pthread_cond_broadcast(&answered);
	pthread_mutex_unlock(&lock);
}

void name_server_hold(void)
{
	name_server_set_held(true);
}

void name_server_answer(void)
{
	name_server_set_held(false);
}

int name_server_asked(void)
{
	pthread_mutex_lock(&lock);
	int count = asked;
	pthread_mutex_unlock(&lock);
	return count;
}

static const char *const *name_server_find(const char *name)
{
	const char *const *addresses = NULL;

	pthread_mutex_lock(&lock);
	asked++;
	while (held)
		pthread_cond_wait(&answered, &lock);
	for (size_t i = 0; i < name_count; i++) {
		if (strcmp(names[i].name, name) == 0)
			addresses = names[i].addresses;
	}
	pthread_mutex_unlock(&lock);
	return addresses;
}

int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
	struct addrinfo **found)
{
	resolver *system;
	struct addrinfo **end = found;

	/* POSIX says that this is allowed; C does not. */
	*(void **)&system = dlsym(RTLD_NEXT, "getaddrinfo");

	struct addrinfo numeric = *hints;
	numeric.ai_flags |= AI_NUMERICHOST;
	if ((hints->ai_flags & AI_NUMERICHOST) != 0 ||
		system(host, port, &numeric, found) == 0)
		return system(host, port, hints, found);

	const char *const *addresses = name_server_find(host);
	if (addresses == NULL)
		return EAI_NONAME;
	/* glibc's freeaddrinfo() frees each one of the list. */
	for (; *addresses != NULL; addresses++) {
		int error = system(*addresses, port, &numeric, end);

		if (error != 0)
			return error;
		end = &(*end)->ai_next;
	}
	return 0;
}
