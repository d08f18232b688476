#include "gateway/config/config_values.h"

#include "gateway/base/password.h"
#include "gateway/config/config.h"
#include "gateway/config/config_print.h"
#include "protocol/ascii.h"
#include "protocol/host.h"
#include "protocol/origin.h"

#include <ctype.h>

/* With a session's id it must fit the key in session.c. */
enum { PATH_MAX_BYTES = 255 };

/* True when every byte is printable ASCII and none of `except`. */
static bool config_text_is_plain(struct slice text, const char *except)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];

		if (!isgraph(byte) || strchr(except, byte) != NULL)
			return false;
	}
	return true;
}

static bool config_text_has(struct slice text, struct slice wanted)
{
	for (; text.len >= wanted.len; text = slice_from(text, 1))
		if (slice_starts_with(text, wanted))
			return true;
	return false;
}

const char *config_value_listen(struct slice text)
{
	struct slice host, port;

	return host_split_listening(text, &host, &port)
		       ? NULL
		       : "must be \"HOST:PORT\", \"[V6]:PORT\" or \":PORT\"";
}

const char *config_value_tcp_listen(struct slice text)
{
	return text.len == 0 ? NULL : config_value_listen(text);
}

static const char hidden[] =
	"is hidden here: print-config --secrets prints what was meant";

/* It travels in a header, and must be impossible to guess. */
const char *config_value_token(struct slice text)
{
	if (slice_equal(text, SLICE(CONFIG_HIDDEN)))
		return hidden;
	return text.len == 0 || (text.len >= 16 && config_text_is_plain(text, "\""))
		       ? NULL
		       : "must be 16 printable characters or more, without blanks";
}

/*
 * A pattern that can never match is a mistake. Schemes of apps may match:
 * "capacitor://localhost".
 */
const char *config_value_origin(struct slice text)
{
	return origin_is_pattern(text)
		       ? NULL
		       : "must be \"*\", \"null\" or an origin like "
			 "\"https://shop.example\", \"https://*.shop.example\", "
			 "\"http://localhost:*\" or \"file://\", without a path";
}

const char *config_value_host(struct slice text)
{
	return host_is_pattern(text)
		       ? NULL
		       : "must be a host like \"shop.example\", \"*.shop.example\" or "
			 "\"localhost:8080\", without a scheme or a path";
}

/* An address that no client has: it stands for none, or for many. */
static bool address_is_nobodys(const struct address *address)
{
	static const uint8_t none[ADDRESS_BYTES - ADDRESS_V4_AT];
	const uint8_t *v4 = address->bytes + ADDRESS_V4_AT;

	if (address_is_v4(address))
		return memcmp(v4, none, sizeof(none)) == 0 || v4[0] >= 224;
	return !address_is_known(address) || address->bytes[0] == 0xff;
}

const char *config_value_network(struct slice text)
{
	struct network network;

	if (!network_parse(text, &network))
		return "must be an address or a network, like \"192.0.2.1\", "
		       "\"10.0.0.0/8\" or \"fd00::/8\"";
	if (network.bits == ADDRESS_BYTES * 8 && address_is_nobodys(&network.base))
		return "is the address of nobody (all addresses are \"0.0.0.0/0\" and "
		       "\"::/0\")";
	return NULL;
}

const char *config_value_path(struct slice text)
{
	if (text.len < 2 || text.data[0] != '/' || slice_ends_with(text, SLICE("/")) ||
		config_text_has(text, SLICE("//")) ||
		config_text_has(text, SLICE("/.")) ||
		!config_text_is_plain(text, "?#%\"<>\\^`{|}"))
		return "must be a plain path like \"/chat\", without \"/\" at its end";
	if (text.len > PATH_MAX_BYTES)
		return "must not be longer than 255 bytes";
	return NULL;
}

const char *config_value_prefix(struct slice text)
{
	if (text.len < 2 || text.data[0] != '/' || slice_ends_with(text, SLICE("/")) ||
		config_text_has(text, SLICE("//")) ||
		!config_text_is_plain(text, "?*{}"))
		return "must be like \"/topic\", without \"/\" at its end, '*', '?', "
		       "braces";
	return NULL;
}

/* It stands in quotes in the iframe page. */
const char *config_value_url(struct slice text)
{
	if ((!slice_starts_with(text, SLICE("/")) &&
		    !slice_starts_with(text, SLICE("https://")) &&
		    !slice_starts_with(text, SLICE("http://"))) ||
		!config_text_is_plain(text, "\"'<>\\`"))
		return "must begin with \"/\", \"https://\" or \"http://\"";
	return NULL;
}

const char *config_value_version(struct slice text)
{
	return config_version(text) && text.len <= 32
		       ? NULL
		       : "must be numbers with dots between them, like \"0.3.4\"";
}

const char *config_value_cookie(struct slice text)
{
	return text.len <= COOKIE_NAME_MAX &&
			       config_text_is_plain(text, "\"(),/:;<=>?@[\\]{} ")
		       ? NULL
		       : "must be the name of a cookie";
}

const char *config_value_said(struct slice text)
{
	return text.len > 0 ? NULL : "must not be empty";
}

const char *config_value_header_name(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_alphanumeric(text.data[i]) && text.data[i] != '-')
			return "must be the name of a header";
	}
	return NULL;
}

const char *config_value_destination(struct slice text)
{
	return slice_starts_with(text, SLICE("/")) ? NULL : "must begin with \"/\"";
}

const char *config_value_dead_letter(struct slice text)
{
	return text.len == 0 ? NULL : config_value_destination(text);
}

const char *config_value_login(struct slice text)
{
	return text.len > 0 ? NULL : "must not be empty";
}

const char *config_value_password(struct slice text)
{
	if (slice_equal(text, SLICE(CONFIG_HIDDEN)))
		return hidden;
	return password_is_hash(text)
		       ? NULL
		       : "must be a hash, as \"postern hash-password\" makes it";
}

const char *config_value_timezone(struct slice text)
{
	if (text.len > 64 || config_text_has(text, SLICE("..")) ||
		!config_text_is_plain(text, "\"\\%$") ||
		slice_starts_with(text, SLICE("/")))
		return "must be like \"Europe/Paris\"";
	return NULL;
}
