/*
 * Work on the threads of libuv's pool. Lookups are libuv's own kind of work, since it
 * lets only half of its threads do that: a slow DNS server must not hold up passwords.
 */
#include "gateway/base/loop_internal.h"

#include "protocol/xmalloc.h"

#include <netdb.h>
#include <stdlib.h>

static void loop_on_work(uv_work_t *request)
{
	struct work *work = request->data;

	work->run(work);
}

static void work_finish(struct task *task)
{
	struct work *work = container_of(task, struct work, task);

	work->loop->working--;
	work->done(work);
}

static void loop_on_worked(uv_work_t *request, int status)
{
	struct work *work = request->data;

	(void)status;
	free(request);
	loop_defer(work->loop, &work->task);
}

void loop_work(struct loop *loop, struct work *work)
{
	uv_work_t *request = xcalloc(1, sizeof(*request));

	request->data = work;
	work->loop = loop;
	work->task = (struct task){.run = work_finish};
	loop->working++;
	uv_queue_work(&loop->uv, request, loop_on_work, loop_on_worked);
}

/* Lookups */

struct lookup {
	uv_getaddrinfo_t request;
	struct task task;
	struct loop *loop;
	void (*done)(void *context, struct addrinfo *found, const char *why);
	void *context;
	struct addrinfo *found;
	int error; /* libuv's */
	bool is_cancelled;
};

static void lookup_finish(struct task *task)
{
	struct lookup *lookup = container_of(task, struct lookup, task);

	lookup->loop->working--;
	if (lookup->is_cancelled)
		uv_freeaddrinfo(lookup->found);
	else
		lookup->done(lookup->context, lookup->found,
			lookup->error == 0 ? NULL : uv_strerror(lookup->error));
	free(lookup);
}

static void lookup_on_resolved(
	uv_getaddrinfo_t *request, int error, struct addrinfo *found)
{
	struct lookup *lookup = container_of(request, struct lookup, request);

	lookup->error = error;
	lookup->found = found;
	loop_defer(lookup->loop, &lookup->task);
}

struct lookup *loop_resolve(struct loop *loop, const char *host, const char *port,
	void (*done)(void *context, struct addrinfo *found, const char *why),
	void *context)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->task.run = lookup_finish;
	lookup->loop = loop;
	lookup->done = done;
	lookup->context = context;
	loop->working++;
	int error = uv_getaddrinfo(
		&loop->uv, &lookup->request, lookup_on_resolved, host, port, &hints);
	/* A name that libuv refuses itself. */
	if (error != 0)
		lookup_on_resolved(&lookup->request, error, NULL);
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	if (lookup == NULL)
		return;
	lookup->is_cancelled = true;
	uv_cancel((uv_req_t *)&lookup->request); /* if no thread has begun it */
}

void loop_finish_work(struct loop *loop)
{
	loop->turn = NULL;
	while (loop->working > 0)
		uv_run(&loop->uv, UV_RUN_ONCE);
}
