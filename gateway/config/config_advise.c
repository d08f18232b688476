#include "gateway/config/config_advise.h"

#include "gateway/config/config_check_internal.h"
#include "protocol/host.h"

static void config_begin_advice(struct buf *lines)
{
	if (lines->len > 0)
		buf_append_char(lines, '\n');
}

static void advise_on_endpoints(const struct config *config, struct buf *lines)
{
	if (config->endpoint_count == 0 && config->tcp_listen.len == 0) {
		config_begin_advice(lines);
		buf_append(lines, SLICE("endpoints: there are none, and no tcp.listen: "
					"no client can connect"));
	}
}

/* Only the first such endpoint is reported: the file may have very many. */
static void advise_on_replies(const struct config *config, struct buf *lines)
{
	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct endpoint *endpoint = &config->endpoints[i];

		if (endpoint->reply.len == 0 || endpoint->runs == HANDLER_REPLY)
			continue;
		config_begin_advice(lines);
		buf_printf(lines,
			"endpoints[%zu].reply: only the handler \"reply\" uses it, and "
			"this is \"%.*s\"",
			i, SLICE_ARGS(endpoint->handler));
		return;
	}
}

static void advise_on_timezone(const struct config *config, struct buf *lines)
{
	if (config->timezone.len > 0 && !config_has_timezones()) {
		config_begin_advice(lines);
		buf_append(lines,
			SLICE("timezone: this machine has no database of time zones: "
			      "{now:...} is UTC unless it is a rule"));
	}
}

/* Its clients show no login: the network in front of them is all there is. */
static void advise_on_tcp_user(const struct config *config, struct buf *lines)
{
	if (config->tcp_user.len == 0 || config->tcp_listen.len == 0 ||
		host_is_loopback(config->tcp_host))
		return;
	config_begin_advice(lines);
	buf_printf(lines,
		"tcp.user: every client that reaches %.*s has the rights of \"%.*s\", "
		"also from other machines",
		SLICE_ARGS(config->tcp_listen), SLICE_ARGS(config->tcp_user));
}

void config_advise(const struct config *config, struct buf *lines)
{
	advise_on_endpoints(config, lines);
	advise_on_replies(config, lines);
	advise_on_timezone(config, lines);
	advise_on_tcp_user(config, lines);
}
