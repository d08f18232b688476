/*
 * What identity costs, function by function, in CPU time of one thread: identity PART
 * SECONDS FOLDER, where FOLDER has keys.json and tokens.txt (tests/tokens). PART is
 * HS256 or RS256 (a token is read and verified), access-N (a SEND that only the last of
 * N rules allows), or rate (a bucket that lets all through). Prints a line of JSON.
 */
#include "gateway/identity/access.h"
#include "gateway/identity/rate.h"
#include "gateway/identity/token.h"
#include "protocol/number.h"
#include "protocol/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NOW = 1796000000, LEEWAY = 30, LOOK_EACH = 64, RULES_LEAST = 4 };

static const struct slice group = SLICE_INIT("staff");

struct bench {
	struct token_keys *keys;
	struct token_rules token_rules;
	struct slice token;

	struct access_rules rules;
	struct buf *texts; /* of their patterns */
	struct identity *identity;

	struct rate rate;
	struct rate_bucket bucket;
	uint64_t now;
};

static void fail(const char *what)
{
	fprintf(stderr, "identity: %s\n", what);
	exit(EXIT_FAILURE);
}

/* Tokens. */

static void read_file(struct buf *text, const char *folder, const char *name)
{
	char path[4096], bytes[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		fail(path);
	for (size_t len; (len = fread(bytes, 1, sizeof(bytes), file)) > 0;)
		buf_append(text, (struct slice){bytes, len});
	fclose(file);
}

static void prepare_token(struct bench *bench, struct slice name, const char *folder)
{
	static const struct slice audience = SLICE_INIT("chat");
	struct buf keys = {0}, why = {0}, tokens = {0};
	struct slice rest;

	read_file(&keys, folder, "keys.json");
	read_file(&tokens, folder, "tokens.txt");
	bench->keys = token_keys_create();
	if (!token_keys_add_text(bench->keys, buf_slice(&keys), &why))
		fail("keys.json has no key");
	bench->token_rules = (struct token_rules){.issuer = SLICE("https://id.example"),
		.audiences = &audience,
		.audience_count = 1,
		.user = SLICE("sub"),
		.groups = SLICE("groups"),
		.keys = bench->keys};
	for (rest = buf_slice(&tokens); rest.len > 0;) {
		struct slice line = slice_first(rest, slice_find(rest, '\n'));

		rest = slice_from(rest, line.len + 1);
		if (!slice_equal(slice_first(line, slice_find(line, ' ')), name))
			continue;
		line = slice_from(line, name.len + 1);
		bench->token = slice_from(line, slice_find(line, ' ') + 1);
		break; /* the text lives as long as the program */
	}
	if (bench->token.len == 0)
		fail("tokens.txt has no such token");
	buf_finish(&keys);
}

static bool run_token(struct bench *bench)
{
	struct token token;

	if (token_read(&token, bench->token) != TOKEN_GOOD)
		return false;
	const enum token_fault fault =
		token_verify(&token, &bench->token_rules, NOW, LEEWAY);
	token_finish(&token);
	return fault == TOKEN_GOOD;
}

/* Rules. */

/* As a configuration has them: most are about something else. */
static void add_rule(struct bench *bench, size_t index, bool is_last)
{
	static const char *const before[] = {
		"/topic/team", "/topic/team", "/app/team", "/topic/team"};
	static const char *const after[] = {"/{user}/**", "/*", "/**", ""};
	struct access_rule *rule = &bench->rules.items[index];
	struct buf *text = &bench->texts[index], mistake = {0};
	char name[64];

	if (is_last)
		snprintf(name, sizeof(name), "/topic/rooms/*");
	else
		snprintf(name, sizeof(name), "%s%zu%s", before[index % 4], index / 4,
			after[index % 4]);
	buf_append(text, slice_of(name));
	*rule = (struct access_rule){.allows = 1u << ACCESS_SEND};
	if (!is_last && index % 4 == 1) {
		rule->groups = &group;
		rule->group_count = 1;
	}
	if (!access_pattern_init(&rule->pattern, buf_slice(text), '/', &mistake))
		fail(name);
}

static void prepare_access(struct bench *bench, size_t count)
{
	static const struct slice groups[] = {SLICE_INIT("red"), SLICE_INIT("blue")};
	struct buf mistake = {0};

	bench->rules = (struct access_rules){
		.items = xcalloc(count, sizeof(struct access_rule)),
		.count = count,
		.separator = '/'};
	bench->texts = xcalloc(count, sizeof(*bench->texts));
	for (size_t i = 0; i < count; i++)
		add_rule(bench, i, i == count - 1);
	bench->identity = identity_create(
		&(struct identity_facts){
			.user = SLICE("ana"), .groups = groups, .group_count = 2},
		'/', &mistake);
}

static bool run_access(struct bench *bench)
{
	const struct access_verdict verdict = access_check(
		&bench->rules, bench->identity, ACCESS_SEND, SLICE("/topic/rooms/42"));

	return verdict.rule == &bench->rules.items[bench->rules.count - 1];
}

/* Rates. */

static bool run_rate(struct bench *bench)
{
	return rate_take(&bench->bucket, &bench->rate, ++bench->now) == 0;
}

/* In nanoseconds, of this thread. */
static uint64_t cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static double measure(struct bench *bench, bool (*run)(struct bench *), double seconds)
{
	const uint64_t begun = cpu_now();
	uint64_t count = 0, ended;

	do {
		for (int i = 0; i < LOOK_EACH; i++) {
			if (!run(bench))
				fail("a run has failed");
		}
		count += LOOK_EACH;
		ended = cpu_now();
	} while ((double)(ended - begun) < seconds * 1e9);
	return (double)(ended - begun) / (double)count;
}

int main(int argc, char **argv)
{
	static const struct slice access = SLICE_INIT("access-");
	struct bench bench = {.rate = {.messages = 1000, .per = 1000}};
	bool (*run)(struct bench *) = run_token;
	uint64_t rules;

	if (argc != 4)
		fail("PART SECONDS FOLDER");
	const struct slice part = slice_of(argv[1]);
	if (slice_equal(part, SLICE("rate"))) {
		run = run_rate;
	} else if (slice_starts_with(part, access)) {
		if (!number_read(slice_from(part, access.len), 100000, &rules) ||
			rules < RULES_LEAST)
			fail("how many rules?");
		prepare_access(&bench, rules);
		run = run_access;
	} else {
		prepare_token(&bench, part, argv[3]);
	}
	printf("{\"part\":\"%s\",\"ns_each\":%.2f}\n", argv[1],
		measure(&bench, run, atof(argv[2])));
	return EXIT_SUCCESS;
}
