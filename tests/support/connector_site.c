#include "tests/support/connector_site.h"

#include "gateway/base/log.h"
#include "tests/support/descriptors.h"
#include "tests/support/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { SERVERS_MAX = 4 };

struct connector_site connector_site;

/* The owner */

static void connector_site_tell(void)
{
	if (connector_site.is_awaiting)
		loop_stop(connector_site.loop);
	connector_site.is_awaiting = false;
	if (connector_site.then != NULL)
		connector_site.then();
}

static void connector_site_on_connected(void *context, int fd)
{
	ck_assert_ptr_eq(context, &connector_site);
	buf_append(&connector_site.told, SLICE("connected "));
	connector_site.fd = fd;
	connector_site_tell();
}

static void connector_site_on_failed(void *context, struct slice why)
{
	ck_assert_ptr_eq(context, &connector_site);
	buf_printf(&connector_site.told, "%.*s ", SLICE_ARGS(why));
	connector_site_tell();
}

static uint64_t connector_site_draw(void)
{
	return connector_site.draw;
}

struct connector_settings connector_site_settings(void)
{
	return (struct connector_settings){
		.deadline = PATIENCE,
		.retry_least = 100,
		.retry_most = 1000,
		.connected = connector_site_on_connected,
		.failed = connector_site_on_failed,
		.context = &connector_site,
		.random = connector_site_draw,
	};
}

void connector_site_make(const char *const *servers)
{
	struct connector_settings settings = connector_site_settings();
	struct slice texts[SERVERS_MAX];

	for (; servers[settings.server_count] != NULL; settings.server_count++) {
		ck_assert_uint_lt(settings.server_count, SERVERS_MAX);
		texts[settings.server_count] = slice_of(servers[settings.server_count]);
	}
	settings.servers = texts;
	connector_site.connector = connector_create(connector_site.loop, &settings);
}

void connector_site_make_for(const char *server)
{
	connector_site_make((const char *const[]){server, NULL});
}

void connector_site_begin(void)
{
	connector_connect(connector_site.connector);
	loop_turn(connector_site.loop);
	loop_turn(connector_site.loop);
	ck_assert_uint_eq(connector_site.told.len, 0);
}

void connector_site_await(void)
{
	connector_site.is_awaiting = true;
	loop_run(connector_site.loop);
	ck_assert(!connector_site.is_awaiting);
}

void connector_site_connect(void)
{
	connector_connect(connector_site.connector);
	connector_site_await();
}

void connector_site_hang_up(void)
{
	close(connector_site.fd);
	connector_site.fd = -1;
}

void assert_told(const char *format, ...)
{
	struct buf *told = &connector_site.told;
	char expected[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	ck_assert_slice_eq(buf_slice(told), slice_of(expected));
	buf_clear(told);
}

/* Ends */

static void connector_site_cancel(void)
{
	connector_cancel(connector_site.connector);
	connector_cancel(connector_site.connector);
}

static void connector_site_destroy(void)
{
	connector_destroy(connector_site.connector);
	connector_site.connector = NULL;
}

void (*const connector_site_ends[2])(void) = {
	connector_site_cancel,
	connector_site_destroy,
};

void connector_site_expect_nothing(void)
{
	loop_advance(connector_site.loop, 2 * (uint64_t)PATIENCE);
	loop_finish_work(connector_site.loop);
	loop_turn(connector_site.loop);
	assert_told("%s", "");
}

void connector_site_setup(void)
{
	log_set_level(LOG_ERROR);
	connector_site = (struct connector_site){.loop = loop_create(), .fd = -1};
	ck_assert_ptr_nonnull(connector_site.loop);
	connector_site.descriptors = descriptors_count();
}

void connector_site_teardown(void)
{
	connector_destroy(connector_site.connector);
	if (connector_site.fd != -1)
		close(connector_site.fd);
	loop_finish_work(connector_site.loop);
	ck_assert_int_eq(descriptors_count(), connector_site.descriptors);
	loop_destroy(connector_site.loop);
	buf_finish(&connector_site.told);
}
