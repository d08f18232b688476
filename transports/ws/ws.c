#include "transports/ws/ws_internal.h"

#include "gateway/base/log.h"
#include "gateway/worker/metrics.h"
#include "protocol/number.h"
#include "protocol/xmalloc.h"

#include <libwebsockets.h>
#include <stdlib.h>

enum {
	RX_BUFFER = 16, /* each WebSocket has one, unused */
};

/* The door's data of the socket that libwebsockets is just adopting. */
struct ticket {
	uint64_t number;
	struct io *io; /* the WebSocket that opens takes it */
	const struct endpoint *endpoint;
	enum session_framing framing;
	const struct peer *peer;
};

/*
 * True when the head that libwebsockets has read is the one that we have just written.
 */
static bool ticket_is_valid(const struct ticket *ticket, struct lws *wsi)
{
	char path[32];
	uint64_t number;

	if (ticket == NULL ||
		lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) < 0)
		return false;
	return *path == '/' &&
	       number_read_canonical(slice_of(path + 1), UINT64_MAX, &number) &&
	       number == ticket->number;
}

static int ws_connection_open(struct ws_connection *connection, struct lws *wsi)
{
	struct ws *ws = lws_context_user(lws_get_context(wsi));
	const struct ticket *ticket = ws->adopting;
	static const struct address unknown;

	struct io io = {.fd = lws_get_socket_fd(wsi)};

	if (ticket != NULL)
		io = io_take(ticket->io);
	ws_connection_init(connection, ws, wsi, io,
		ticket == NULL ? &unknown : &ticket->peer->address);
	if (!ticket_is_valid(ticket, wsi)) {
		log_error("ws: a connection came without a ticket");
		return -1;
	}
	ws->adopted = wsi;
	connection->framing = ticket->framing;
	metrics_answer(ws->worker->metrics, REQUEST_WEBSOCKET, 101);
	connection->session = session_create(ws->worker, ticket->endpoint,
		ticket->framing == SESSION_RAW ? TRANSPORT_WEBSOCKET_RAW
					       : TRANSPORT_WEBSOCKET,
		SLICE(""), ticket->peer);
	if (connection->session == NULL) {
		ws_connection_close(
			connection, WSCLOSE_TRY_LATER, SLICE("Try again later"));
		return 0;
	}
	ws_connection_begin(connection);
	return 0;
}

static int ws_on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user,
	void *in, size_t len)
{
	struct ws_connection *connection = user;

	(void)in;
	(void)len;
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		return ws_connection_open(connection, wsi);
	case LWS_CALLBACK_CLOSED:
		if (connection->ws != NULL) /* else it was never opened */
			ws_connection_finish(connection);
		return 0;
	default: /* a foreign enum: libwebsockets reports much else */
		return 0;
	}
}

static void ws_on_lws_log(int level, const char *line)
{
	int len = (int)strcspn(line, "\n");

	log_write(level & LLL_ERR ? LOG_WARN : LOG_DEBUG, "libwebsockets: %.*s", len,
		line);
}

#define PROTOCOL(its_name)                                                             \
	{                                                                              \
		.name = its_name, .callback = ws_on_lws,                               \
		.per_session_data_size = sizeof(struct ws_connection),                 \
		.rx_buffer_size = RX_BUFFER, .tx_packet_size = WS_WRITE_BUDGET         \
	}

/* The first serves clients that ask for no subprotocol, or for none of ours. */
static const struct lws_protocols protocols[] = {
	PROTOCOL("default"),
	PROTOCOL("v12.stomp"),
	PROTOCOL("v11.stomp"),
	PROTOCOL("v10.stomp"),
	{.name = NULL},
};

struct ws *ws_create(struct worker *worker)
{
	/* All zero: libwebsockets runs no timers; we ping. */
	static const lws_retry_bo_t no_retry = {0};

	struct ws *ws = xcalloc(1, sizeof(*ws));
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.protocols = protocols,
		.retry_and_idle_policy = &no_retry,
		.user = ws,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};

	lws_set_log_level(LLL_ERR | LLL_WARN, ws_on_lws_log);
	ws->worker = worker;
	list_init(&ws->paused);
	reading_init(&ws->reading, ws->worker);
	const bool ready = ws_add_tables(ws, &info);
	/*
	 * libwebsockets logs nothing from here on: all its threads write their lines
	 * into one buffer, and it reports each adoption as an error.
	 */
	lws_set_log_level(0, ws_on_lws_log);
	if (!ready) {
		log_error("ws: libwebsockets does not start");
		ws_destroy(ws);
		return NULL;
	}
	return ws;
}

void ws_destroy(struct ws *ws)
{
	if (ws == NULL)
		return;
	ws_drop_tables(ws);
	buf_finish(&ws->out);
	buf_finish(&ws->pongs);
	buf_finish(&ws->frame);
	sockjs_messages_finish(&ws->messages);
	free(ws);
}

void ws_adopt(struct ws *ws, struct io io, const struct http_head *head,
	const struct endpoint *endpoint, enum session_framing framing,
	const struct peer *peer, const struct ws_watched *watched)
{
	const struct ticket ticket = {++ws->tickets, &io, endpoint, framing, peer};
	struct buf canonical = {0};

	http_upgrade_write(&canonical, head, ticket.number,
		framing == SESSION_RAW ? http_upgrade_stomp(head) : SLICE(""));
	ws->adopting = &ticket;
	/* On failure libwebsockets closes the socket itself. */
	struct lws *wsi = lws_adopt_socket_vhost_readbuf(
		ws_vhost_for(ws, io.fd), io.fd, canonical.data, canonical.len);
	ws->adopting = NULL;
	io_forget(&io); /* if no WebSocket has taken it */
	buf_finish(&canonical);
	if (wsi != NULL && ws->adopted == wsi)
		ws_connection_watch(lws_wsi_user(wsi), watched);
	if (watched != NULL)
		loop_unwatch(watched->watch); /* if no WebSocket has taken it */
	ws->adopted = NULL;
}
