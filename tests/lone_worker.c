#include "tests/lone_worker.h"

#include "gateway/log.h"
#include "tests/unit.h"

struct config *config_of(const char *json)
{
	struct buf text = {0}, error = {0};

	buf_append(&text, slice_of(json));
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			text.data[i] = '"';
	}
	struct config *config = config_parse(buf_slice(&text), "test.json", &error);
	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	buf_finish(&text);
	return config;
}

struct worker *lone_worker_create(const char *members)
{
	const struct hash_key key = {1, 2};
	struct buf json = {0};

	log_set_level(LOG_ERROR);
	buf_printf(&json, "{%s%s", members, members[0] == '\0' ? "" : ",");
	if (strstr(members, "'broker'") == NULL)
		buf_append(&json, SLICE("'broker': {'client_send': true},"));
	buf_append(
		&json, SLICE("'endpoints': ["
			     "{'path': '/stomp'},"
			     "{'path': '/echo', 'handler': 'echo'},"
			     "{'path': '/reply', 'handler': 'reply', 'reply': 'Yes'},"
			     "{'path': '/close', 'handler': 'close'}]}"));
	buf_append_char(&json, '\0');
	struct worker *worker = worker_create(config_of(json.data), &key);
	ck_assert_ptr_nonnull(worker);
	buf_finish(&json);
	return worker;
}

void lone_worker_destroy(struct worker *worker)
{
	struct config *config = (struct config *)worker->config;

	worker_destroy(worker);
	config_destroy(config);
}

const struct endpoint *lone_worker_endpoint(struct worker *worker, const char *path)
{
	const struct config *config = worker->config;

	for (size_t i = 0; i < config->endpoint_count; i++) {
		if (slice_equal(config->endpoints[i].path, slice_of(path)))
			return &config->endpoints[i];
	}
	ck_abort_msg("there is no endpoint %s", path);
	return NULL;
}

struct session *lone_worker_open(struct worker *worker, const char *path,
	enum session_framing framing, const char *id)
{
	const struct peer peer = {SLICE("192.0.2.1"), SLICE("")};

	return session_create(worker, lone_worker_endpoint(worker, path), framing,
		slice_of(id), &peer);
}

void lone_worker_settle(struct worker *worker)
{
	loop_advance(worker->loop, 0);
}
