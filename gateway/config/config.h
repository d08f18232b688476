/*
 * The configuration: an immutable snapshot, read once from JSON. All workers read it.
 * Every time is in milliseconds, every size in bytes. The fields have the names of the
 * keys; the table in config_table.c has each key with its default and bounds.
 *
 * A reload makes a new snapshot. The old one lives until its last holder drops it.
 * Each worker holds its present one; code that keeps an endpoint beyond a call holds
 * the endpoint's. Workers share snapshots, so the count is atomic.
 */
#ifndef GATEWAY_CONFIG_CONFIG_H
#define GATEWAY_CONFIG_CONFIG_H

#include "gateway/config/config_handlers.h"
#include "gateway/identity/access.h"
#include "gateway/identity/rate.h"
#include "gateway/route/template.h"
#include "protocol/address.h"
#include "protocol/buf.h"
#include "protocol/http_head.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

struct config_settings;

/* A list of strings. */
struct strings {
	struct slice *items;
	size_t count;
};

/* A path that clients connect to, and the handler there. */
struct endpoint {
	const struct config *config; /* the configuration that owns it */
	struct slice path;    /* "/chat"; unique; begins with '/', no '/' at its end */
	struct slice handler; /* its name: "stomp", "echo", ... */
	enum handler_kind runs;  /* the same */
	bool is_console;         /* its sessions may use the console's services */
	bool reads_dead_letters; /* its sessions may subscribe to broker.dead_letter */
	struct slice user;     /* who its clients are without a login; empty: nobody */
	struct strings groups; /* of that user */
	bool sockjs;    /* the SockJS tree below the path; else only Upgrade on it */
	bool websocket; /* false: not in SockJS's /info, and upgrades are refused */
	bool cookie_needed;
	bool bind_address;              /* a session serves its opener's address only */
	struct slice bind_cookie;       /* and this cookie's value; empty: any */
	struct slice reply;             /* for the handler "reply" */
	size_t response_limit;          /* bytes after which a stream ends */
	struct slice slow_consumer;     /* its own, else the global one */
	struct slice sockjs_url;        /* loaded by the iframe page */
	struct strings allowed_origins; /* its own, else the global list's */
};

/* A version of sockjs-client besides those that come with the binary. */
struct sockjs_client {
	struct slice version; /* "0.3.4"; unique */
	struct slice file;    /* its script */
};

/* Headers of the answers with pages; names and values end with NUL. */
struct page_headers {
	struct http_header *items;
	size_t count;
};

/* An application route: the result of a SEND to an application destination. */
struct route {
	struct slice match; /* Ant pattern with {vars}; unique; below an app prefix */
	struct slice *send_to; /* templates of its {vars}; none: /topic + the rest */
	size_t send_to_count;
	struct template *body;  /* NULL: the body passes unchanged */
	struct template *reply; /* to a SUBSCRIBE, once; NULL: that is refused */
	bool identify;          /* its messages name their sender */
};

/* Where clients show who they are, beside `users`. */
struct login_ways {
	struct strings token_headers; /* of CONNECT */
	struct slice token_cookie,
		token_query; /* of the opening request; empty: none */
	struct slice user_header, groups_header; /* of trusted proxies; empty: none */
	bool anonymous; /* a client that shows nothing may connect */
};

/* Who issues tokens. */
struct token_issuer {
	struct slice issuer;       /* the iss, exactly; unique */
	struct strings audience;   /* one of them must be the aud; none: any */
	struct slice keys_file;    /* its public keys; empty: none */
	struct strings secrets;    /* for HMAC */
	struct strings algorithms; /* none: all that the keys allow */
	struct slice user, groups; /* names of claims */
	struct slice permissions;  /* the claim with grants; empty: none */
	struct token_keys *keys;   /* of the file and the secrets; owned */
};

/* A rule about destinations, as it stands in the file. */
struct rule {
	struct slice match;
	struct strings groups, users; /* none: anybody */
	bool login;                   /* only for clients that have logged in */
	struct strings allow, deny;   /* "subscribe", "send" */
	struct rate rate;             /* of each user; of what it lets him send */
	struct slice over;            /* "wait" or "deny": what is above the rate */
};

/* A login. */
struct user {
	struct slice login;    /* unique */
	struct slice password; /* its hash (password.h) */
};

enum { WORKERS_MAX = 256, COOKIE_NAME_MAX = 64 };

struct limits {
	uint64_t head, head_lines, target; /* of a request's head */
	uint64_t body; /* of a request; 0: enough for an escaped frame */
	uint64_t frame, connect_frame, headers, header; /* of a STOMP frame */
	uint64_t fragments;                             /* of a WebSocket message */
	uint64_t queue_bytes, queue_messages;           /* outbound, of a session */
	uint64_t subscriptions;                         /* of a session */
	uint64_t destination;                           /* bytes of its name */
	uint64_t destinations;
	uint64_t idle_topics; /* per worker; matched only by patterns */
	uint64_t unacked;     /* deliveries that a subscription remembers */
	uint64_t backlog_messages,
		backlog_bytes;              /* of a queue, those in flight included */
	uint64_t backlog_total_bytes;       /* of all queues; 0: half of the memory */
	uint64_t transactions;              /* open ones of a session */
	uint64_t user_messages, user_burst; /* SENDs per second, and in a row */
	uint64_t logins;                    /* per worker; under way at the same time */
	uint64_t token;                     /* bytes of one */
	uint64_t identity; /* bytes of groups, claims and grants that are kept */
	uint64_t transaction_actions, transaction_bytes; /* of one */
	uint64_t inbox_posts, inbox_bytes;               /* of all workers together */
	uint64_t connections;    /* 0: as many as RLIMIT_NOFILE allows */
	uint64_t reserve;        /* per cent of them, for requests of sessions */
	uint64_t memory;         /* bytes of the process; 0: 4/5 of what it may have */
	uint64_t sessions;       /* 0: no limit of its own */
	uint64_t share;          /* per cent of a bound, for one account (share.h) */
	uint64_t ended_sessions; /* per worker; remembered */
	uint64_t address_connections;               /* of one address */
	uint64_t address_sessions, address_unknown; /* per second, from one address */
	uint64_t log_lines;                         /* of one kind, per second */
};

struct times {
	uint64_t head, body; /* to receive a whole one */
	uint64_t keep_alive; /* an idle HTTP connection */
	uint64_t progress;   /* a response or session that takes no byte */
	uint64_t connect;    /* until the first STOMP frame */
	uint64_t heartbeat;  /* SockJS's h */
	uint64_t disconnect; /* a SockJS session without a receiver */
	uint64_t late_poll;  /* delay of polls that repeat for an ended session */
	uint64_t ping, pong; /* until an idle WebSocket gets a ping; until the pong */
	uint64_t stomp_send, stomp_want; /* our heart-beat offer; 0: none */
	uint64_t stomp_send_least; /* our offer to a client that wants more beats */
	uint64_t queue_idle;       /* a queue with messages, unused; 0: for ever */
	uint64_t linger;           /* for an ERROR or close frame to leave */
	uint64_t leeway;           /* how far the clocks of token issuers may differ */
	uint64_t user_header;      /* that a login by login.user_header lasts */
	uint64_t drain;            /* from SIGTERM to the last close */
};

struct config {
	_Atomic unsigned holders;
	struct slice listen;     /* "0.0.0.0:8080", "[::1]:80", ":8080" */
	struct slice host, port; /* its parts, without brackets */
	struct slice tcp_listen; /* for plain STOMP; empty: no listener */
	struct slice tcp_host, tcp_port;
	bool tcp_dead_letters;     /* that listener's clients may read them */
	struct slice tcp_user;     /* who they are without a login; empty: nobody */
	struct strings tcp_groups; /* of that user */
	struct slice admin_listen; /* for operators; empty: no listener */
	struct slice admin_host, admin_port;
	struct slice admin_token;       /* required from operators; empty: none */
	struct endpoint console;        /* the endpoint of the operators' page */
	struct endpoint tcp;            /* the endpoint of plain STOMP */
	unsigned workers;               /* 0: one for each core */
	struct slice log_format;        /* "auto", "text", "json" */
	struct slice log_level;         /* "debug", "info", "warn", "error" */
	struct strings allowed_origins; /* empty: the same origin only */
	bool require_origin;
	struct strings allowed_hosts;    /* empty: any */
	struct slice slow_consumer;      /* "close", "drop-oldest", "latest" */
	struct strings trusted_proxies;  /* their headers about clients count */
	struct networks proxies;         /* the same, parsed */
	struct strings exempt_addresses; /* not bound by limits.address_... */
	struct networks exempt;          /* the same, parsed */
	bool proxy_protocol; /* each connection begins with a PROXY header */
	struct endpoint *endpoints;
	size_t endpoint_count;
	struct strings broker_prefixes; /* "/topic" */
	bool client_send;               /* clients may SEND directly to them */
	struct strings queue_prefixes;  /* "/queue" */
	uint64_t prefetch;        /* messages that a consumer gets before its ACKs */
	uint64_t nacks;           /* a message is dead after so many */
	uint64_t losses;          /* the same for lost consumers */
	struct slice dead_letter; /* the queue for dead messages; empty: drop them */
	struct slice separator;   /* of segments in patterns: "/", or "." besides it */
	struct slice deny; /* "strict": an ERROR; "soft": to /user/queue/errors */
	struct strings app_prefixes; /* "/app" */
	struct route *routes;        /* in the order of the file */
	size_t route_count;
	struct user *users;        /* none: anyone may connect, without a name */
	const struct user **costs; /* one for each cost of their hashes */
	size_t cost_count;
	size_t user_count;
	struct login_ways login;
	struct token_issuer *tokens;
	size_t token_count;
	struct rule *rules; /* none: all is allowed */
	size_t rule_count;
	struct access_rules access;      /* the same, compiled */
	struct strings claims;           /* the claims that rules and routes name */
	struct rate rates[RATES_MAX];    /* limits.user_messages, then those of rules */
	bool has_rates;                  /* one of them is set */
	struct slice timezone;           /* for {now:...}; empty: TZ, else UTC */
	bool www_bundled;                /* no "www" in the file: the bundled pages */
	struct slice www;                /* a directory; empty: bundled, or no files */
	struct page_headers www_headers; /* for the files there */
	struct sockjs_client *sockjs_clients;
	size_t sockjs_client_count;
	struct limits limits;
	struct times times;
	json_t *json; /* owned; the slices point into its strings */
};

/* The line of that rule in the file, from 1. 0 when it is not there. */
size_t config_rule_line(const char *path, size_t index);

/*
 * Reads the file, or the built-in demo when `path` is NULL; the settings (NULL: none)
 * override it. A relative path in the file counts from the file's folder. The caller
 * holds the configuration until config_unref(). On mistakes returns NULL and appends
 * to *error a line for each mistake, with an LF between two: "file:line:column: key:
 * what is wrong (did you mean \"...\"?)". A mistake in a setting is "environment:
 * POSTERN_X: key: ..." or "--flag: key: ...".
 */
struct config *config_read(
	const char *path, const struct config_settings *settings, struct buf *error);

/*
 * As config_read(), from text in memory, which the configuration does not keep. `name`
 * is the file's name in errors and paths.
 */
struct config *config_parse(struct slice text, const char *name,
	const struct config_settings *settings, struct buf *error);

/* True for numbers with dots between them: "1.6.1". */
bool config_version(struct slice value);

/*
 * Returns the snapshot with one more holder; config_unref() ends that, and the last one
 * frees it. The caller of config_read() is the first holder. Atomic: from any thread.
 */
const struct config *config_ref(const struct config *config);
void config_unref(const struct config *config); /* NULL is fine */

/*
 * Returns the endpoint and holds its configuration, so that the endpoint stays valid.
 * From any thread.
 */
const struct endpoint *endpoint_ref(const struct endpoint *endpoint);
void endpoint_unref(const struct endpoint *endpoint); /* NULL is fine */

#endif
