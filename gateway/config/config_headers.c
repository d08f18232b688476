#include "gateway/config/config_headers.h"

#include "protocol/ascii.h"
#include "protocol/xmalloc.h"

#include <strings.h>

enum { HEADERS_MAX = 32, NAME_MAX_BYTES = 64, VALUE_MAX_BYTES = 4096 };

/* Headers that frame an answer, or that only the server can know. */
static const char *const reserved[] = {"Connection", "Content-Encoding",
	"Content-Length", "Content-Range", "Content-Type", "Date", "ETag", "Keep-Alive",
	"Location", "Proxy-Authenticate", "Set-Cookie", "Trailer", "Transfer-Encoding",
	"Upgrade", "WWW-Authenticate", "X-Content-Type-Options", NULL};

/* RFC 9110, 5.6.2: a token. */
static bool config_is_token(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		const char byte = name.data[i];

		if (!ascii_is_alphanumeric(byte) &&
			(byte == '\0' || strchr("!#$%&'*+-.^_`|~", byte) == NULL))
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

/* RFC 9110, 5.5, but ASCII only: servers and browsers disagree on other octets. */
static bool config_is_value(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	return value.len > 0 && value.len <= VALUE_MAX_BYTES && value.data[0] != ' ' &&
	       value.data[value.len - 1] != ' ';
}

static bool config_is_reserved(const char *name)
{
	for (size_t i = 0; reserved[i] != NULL; i++)
		if (strcasecmp(reserved[i], name) == 0)
			return true;
	return false;
}

static bool stands_twice(const struct page_headers *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (strcasecmp(headers->items[i].name.data, name) == 0)
			return true;
	return false;
}

/* The mistake in it, or NULL. */
static const char *config_find_mistake(
	const struct page_headers *headers, const char *name, const json_t *value)
{
	if (!config_is_token(slice_of(name)))
		return "must be named by letters, digits and \"-\"";
	if (config_is_reserved(name))
		return "is Postern's own header";
	if (stands_twice(headers, name))
		return "stands twice";
	if (headers->count == HEADERS_MAX)
		return "is one too many: 32 headers may be sent";
	if (!json_is_string(value) ||
		!config_is_value((struct slice){
			json_string_value(value), json_string_length(value)}))
		return "must be a string of 1 to 4,096 printable ASCII characters";
	return NULL;
}

static void config_add_header(struct page_headers *headers, const char *name,
	const json_t *value, const struct config_source *source,
	const struct config_path *object)
{
	const struct config_path key = {object, name, 0};
	const char *mistake = config_find_mistake(headers, name, value);

	if (mistake != NULL)
		config_mistake(source, &key, "%s", mistake);
	else
		headers->items[headers->count++] = (struct http_header){slice_of(name),
			{json_string_value(value), json_string_length(value)}};
}

void config_read_headers(struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "www_headers", 0};
	struct page_headers *headers = &config->www_headers;
	json_t *json = json_object_get(config->json, object.key);

	if (json == NULL)
		return;
	if (!json_is_object(json)) {
		config_mistake(source, &object, "must be an object of strings");
		return;
	}
	if (json_object_get(config->json, "www") == NULL)
		config_mistake(source, &object,
			"needs www: the pages that come with Postern have their own");
	headers->items = xcalloc(HEADERS_MAX, sizeof(*headers->items));
	for (void *at = json_object_iter(json); at != NULL;
		at = json_object_iter_next(json, at))
		config_add_header(headers, json_object_iter_key(at),
			json_object_iter_value(at), source, &object);
}
