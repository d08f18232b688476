/*
 * The C library silently treats an unknown time zone as UTC. So a name must be a file
 * of its database, or a rule that spells the zone out.
 */
#include "gateway/config/config_check_internal.h"

#include "protocol/ascii.h"

#include <stdlib.h>
#include <sys/stat.h>

static const char *config_check_zones_folder(void)
{
	const char *folder = getenv("TZDIR");

	return folder != NULL && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

/* True for POSIX's rules: "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "UTC0". */
static bool config_check_is_rule(struct slice zone)
{
	const bool quoted = slice_starts_with(zone, SLICE("<"));
	size_t end = quoted ? slice_find(zone, '>') + 1 : 0;

	while (!quoted && end < zone.len && ascii_is_alphanumeric(zone.data[end]) &&
		!ascii_is_digit(zone.data[end]))
		end++;
	struct slice offset = slice_from(zone, end);
	if (end < 3 || offset.len == 0)
		return false;
	if (offset.data[0] == '+' || offset.data[0] == '-')
		offset = slice_from(offset, 1);
	return offset.len > 0 && ascii_is_digit(offset.data[0]);
}

static bool config_check_has_mode(struct slice folder, struct slice name, mode_t kind)
{
	struct buf path = {0};
	struct stat about;

	buf_printf(&path, "%.*s/%.*s", SLICE_ARGS(folder), SLICE_ARGS(name));
	buf_append_char(&path, '\0');
	bool has = stat(path.data, &about) == 0 && (about.st_mode & S_IFMT) == kind;
	buf_finish(&path);
	return has;
}

/* Without the database, config_advise() warns: the next machine may have it. */
void config_check_timezone(
	const struct config *config, const struct config_source *source)
{
	const struct config_path key = {NULL, "timezone", 0};
	const struct slice zone = config->timezone,
			   folder = slice_of(config_check_zones_folder());

	if (zone.len > 0 && !slice_equal(zone, SLICE("UTC")) &&
		!config_check_is_rule(zone) &&
		config_check_has_mode(folder, SLICE("."), S_IFDIR) &&
		!config_check_has_mode(folder, zone, S_IFREG))
		config_mistake(source, &key, "\"%.*s\" is no time zone of %.*s",
			SLICE_ARGS(zone), SLICE_ARGS(folder));
}

bool config_has_timezones(void)
{
	return config_check_has_mode(
		slice_of(config_check_zones_folder()), SLICE("."), S_IFDIR);
}
