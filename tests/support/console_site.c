#include "tests/support/console_site.h"

#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <stdio.h>

struct console_site console_site;

void console_site_begin(const char *members)
{
	struct workers *workers = still_workers_create(members);

	((struct endpoint *)still_workers_endpoint(workers, "/console"))->is_console =
		true;
	console_site.worker = workers->all[0];
	console_site.peer = stomp_peer_connect(workers->all[workers->count - 1], "1.2");
	console_site.watcher =
		stomp_peer_connect_at(console_site.worker, "/console", "1.2");
}

void console_site_end(void)
{
	stomp_peer_destroy(console_site.watcher);
	stomp_peer_destroy(console_site.peer);
	still_workers_destroy(console_site.worker->workers);
}

void console_site_ask(const char *service, const char *body)
{
	char frame[512];

	snprintf(frame, sizeof(frame),
		"SEND{destination:/admin/%s}{reply-to:/temp-queue/c}[%s]", service,
		body);
	stomp_peer_say(console_site.watcher, frame);
}

json_t *console_site_answer(const char *service)
{
	const char *heard = stomp_peer_heard(console_site.watcher);
	const char *body = strchr(heard, '[');
	char about[64];

	snprintf(about, sizeof(about), "{about:/%s}", service);
	ck_assert_msg(body != NULL && strstr(heard, about) != NULL, "%s", heard);
	json_t *json = json_loads(
		body + 1, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(json != NULL, "%s", heard);
	return json;
}

json_int_t console_site_number(const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);

	ck_assert_msg(json_is_integer(value), "%s", name);
	return json_integer_value(value);
}

const char *console_site_text(const json_t *json, const char *name)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value == NULL ? "" : value;
}

json_t *console_site_rows(const char *service, size_t count, json_t **first)
{
	json_t *json = console_site_answer(service);
	json_t *rows = json_object_get(json, "rows");

	ck_assert_uint_eq(json_array_size(rows), count);
	ck_assert_int_eq(console_site_number(json, "total"), (json_int_t)count);
	*first = json_array_get(rows, 0);
	return json;
}

const char *console_site_label(const struct stomp_peer *whom)
{
	static char label[32];

	snprintf(label, sizeof(label), "%.*s",
		SLICE_ARGS(session_label(whom->memory.session)));
	return label;
}
