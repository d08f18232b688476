/*
 * Addresses of listeners. Two listeners at one address would make the server fail at
 * its start, long after the file was checked.
 */
#include "gateway/config/config_check_internal.h"

#include "protocol/host.h"

struct listen_at {
	const char *section; /* NULL: the top */
	const char *name;    /* "admin.listen" */
	struct slice text, host, port;
};

/* The addresses of a host: its families, and whether they are all addresses of them. */
struct reach {
	bool v4, v6, all;
};

static struct reach reach_of(struct slice host)
{
	struct address address;

	if (host.len == 0 || slice_equal(host, SLICE("::")))
		return (struct reach){true, true, true}; /* Linux: v4 with v6 */
	if (slice_equal(host, SLICE("0.0.0.0")))
		return (struct reach){true, false, true};
	if (!address_parse(host, &address))
		return (struct reach){true, true, false}; /* a name: unknown */
	return (struct reach){address_is_v4(&address), !address_is_v4(&address), false};
}

static bool config_check_hosts_are_same(struct slice a, struct slice b)
{
	struct address left, right;

	if (address_parse(a, &left) && address_parse(b, &right))
		return memcmp(left.bytes, right.bytes, sizeof(left.bytes)) == 0;
	/* The name of this machine is known without a look-up. */
	if (slice_equal(a, SLICE("localhost")) || slice_equal(b, SLICE("localhost")))
		return host_is_loopback(a) && host_is_loopback(b);
	return slice_equal_nocase(a, b);
}

static bool config_check_overlap(const struct listen_at *a, const struct listen_at *b)
{
	const struct reach left = reach_of(a->host), right = reach_of(b->host);

	if (a->text.len == 0 || b->text.len == 0 || slice_equal(a->port, SLICE("0")) ||
		!slice_equal(a->port, b->port))
		return false;
	if (left.all || right.all)
		return (left.v4 && right.v4) || (left.v6 && right.v6);
	return config_check_hosts_are_same(a->host, b->host);
}

static void config_check_refuse_overlap(const struct config_source *source,
	const struct listen_at *one, const struct listen_at *other)
{
	const struct config_path section = {NULL, one->section, 0};
	const struct config_path key = {
		one->section != NULL ? &section : NULL, "listen", 0};

	config_mistake(source, &key, "%s listens at \"%.*s\" already", other->name,
		SLICE_ARGS(other->text));
}

/* An admin listener that other machines can reach must have a token. */
static void config_check_admin(
	const struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "admin", 0};
	const struct config_path key = {&object, "listen", 0};

	if (config->admin_listen.len > 0 && config->admin_token.len == 0 &&
		!host_is_loopback(config->admin_host) &&
		!config_is_mistaken(source, "admin.token"))
		config_mistake(source, &key,
			"needs admin.token, as it is no loopback address");
}

void config_check_listeners(struct config *config, const struct config_source *source)
{
	host_split_listening(config->listen, &config->host, &config->port);
	host_split_listening(config->tcp_listen, &config->tcp_host, &config->tcp_port);
	host_split_listening(
		config->admin_listen, &config->admin_host, &config->admin_port);

	const struct listen_at all[] = {
		{NULL, "listen", config->listen, config->host, config->port},
		{"tcp", "tcp.listen", config->tcp_listen, config->tcp_host,
			config->tcp_port},
		{"admin", "admin.listen", config->admin_listen, config->admin_host,
			config->admin_port},
	};

	config_check_admin(config, source);
	for (size_t i = 1; i < sizeof(all) / sizeof(*all); i++) {
		for (size_t j = 0; j < i; j++) {
			if (config_check_overlap(&all[i], &all[j]) &&
				!config_is_mistaken(source, all[j].name))
				config_check_refuse_overlap(source, &all[i], &all[j]);
		}
	}
}
