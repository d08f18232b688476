#include "transports/http/content_type.h"

#include <strings.h>

static const struct {
	struct slice ending;
	const char *type;
} types[] = {
	{SLICE_INIT(".html"), "text/html; charset=UTF-8"},
	{SLICE_INIT(".htm"), "text/html; charset=UTF-8"},
	{SLICE_INIT(".js"), "text/javascript; charset=UTF-8"},
	{SLICE_INIT(".mjs"), "text/javascript; charset=UTF-8"},
	{SLICE_INIT(".css"), "text/css; charset=UTF-8"},
	{SLICE_INIT(".json"), "application/json; charset=UTF-8"},
	{SLICE_INIT(".map"), "application/json; charset=UTF-8"},
	{SLICE_INIT(".webmanifest"), "application/manifest+json"},
	{SLICE_INIT(".xml"), "application/xml"},
	{SLICE_INIT(".md"), "text/plain; charset=UTF-8"},
	{SLICE_INIT(".txt"), "text/plain; charset=UTF-8"},
	{SLICE_INIT(".csv"), "text/csv; charset=UTF-8"},
	{SLICE_INIT(".svg"), "image/svg+xml"},
	{SLICE_INIT(".png"), "image/png"},
	{SLICE_INIT(".jpg"), "image/jpeg"},
	{SLICE_INIT(".jpeg"), "image/jpeg"},
	{SLICE_INIT(".gif"), "image/gif"},
	{SLICE_INIT(".webp"), "image/webp"},
	{SLICE_INIT(".avif"), "image/avif"},
	{SLICE_INIT(".ico"), "image/x-icon"},
	{SLICE_INIT(".woff"), "font/woff"},
	{SLICE_INIT(".woff2"), "font/woff2"},
	{SLICE_INIT(".ttf"), "font/ttf"},
	{SLICE_INIT(".otf"), "font/otf"},
	{SLICE_INIT(".mp3"), "audio/mpeg"},
	{SLICE_INIT(".ogg"), "audio/ogg"},
	{SLICE_INIT(".wav"), "audio/wav"},
	{SLICE_INIT(".mp4"), "video/mp4"},
	{SLICE_INIT(".webm"), "video/webm"},
	{SLICE_INIT(".wasm"), "application/wasm"},
	{SLICE_INIT(".pdf"), "application/pdf"},
};

static bool name_ends_with(struct slice name, struct slice ending)
{
	return name.len >= ending.len && strncasecmp(name.data + name.len - ending.len,
						 ending.data, ending.len) == 0;
}

const char *content_type_of(struct slice name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (name_ends_with(name, types[i].ending))
			return types[i].type;
	}
	return "application/octet-stream";
}
