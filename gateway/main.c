/* The command line, and the only place that sees both the core and the edge. */
#include "gateway/config.h"
#include "gateway/log.h"
#include "gateway/password.h"
#include "gateway/server.h"
#include "protocol/xmalloc.h"
#include "transports/edge.h"

#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static const char usage[] =
	"Usage: postern [serve] [--config FILE] [--listen HOST:PORT] [--workers N]\n"
	"       postern hash-password\n"
	"       postern version\n"
	"\n"
	"A gateway that lets every browser speak STOMP: WebSocket first, SockJS's\n"
	"fallbacks when there is none. Without --config it serves its demo.\n"
	"\n"
	"  --config FILE       the configuration, in JSON\n"
	"  --listen HOST:PORT  where to listen, instead of what the file says\n"
	"  --workers N         threads that serve; 0: one for each core\n"
	"  --help              this text\n"
	"\n"
	"hash-password reads a password and prints what stands for it in \"users\".\n";

struct arguments {
	const char *config;
	const char *listen;
	const char *workers;
};

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "postern: %s%s\nTry: postern --help\n", what, value);
	return EXIT_FAILURE;
}

/* The flags go over the file. -1 after saying what is wrong. */
static int apply(const struct arguments *arguments, struct config *config)
{
	if (arguments->listen != NULL && !config_listen(slice_of(arguments->listen),
						 &config->host, &config->port)) {
		complain("--listen takes HOST:PORT, not ", arguments->listen);
		return -1;
	}
	if (arguments->workers != NULL) {
		char *end;
		unsigned long number = strtoul(arguments->workers, &end, 10);

		if (*arguments->workers == '\0' || *end != '\0' ||
			number > WORKERS_MAX) {
			complain("--workers takes a number, not ", arguments->workers);
			return -1;
		}
		config->workers = (unsigned)number;
	}
	return 0;
}

/*
 * The pages that come with the binary: beside it in a build folder, in share/
 * when it is installed. False when there are none.
 */
static bool find_pages(char pages[PATH_MAX])
{
	static const char *const places[] = {"www", "../share/postern/www"};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return false;
	self[len] = '\0';
	char *name = strrchr(self, '/');
	if (name == NULL)
		return false;
	*name = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int written = snprintf(pages, PATH_MAX, "%s/%s", self, places[i]);

		if (written < PATH_MAX && access(pages, R_OK | X_OK) == 0)
			return true;
	}
	log_warn("main: the bundled pages are not installed");
	return false;
}

static int serve(const struct arguments *arguments)
{
	char pages[PATH_MAX];
	struct buf error = {0};
	struct config *config = config_read(arguments->config, &error);
	enum log_level level = LOG_INFO;
	int status = EXIT_FAILURE;

	if (config == NULL) {
		fprintf(stderr, "postern: %.*s\n", SLICE_ARGS(buf_slice(&error)));
		buf_finish(&error);
		return EXIT_FAILURE;
	}
	log_level_parse(config->log_level, &level);
	log_set_level(level);
	if (find_pages(pages))
		config->www_installed = slice_of(pages);
	if (config->www_bundled)
		config->www = config->www_installed;
	if (apply(arguments, config) == 0)
		status = server_run(config, &transports_edge);
	config_destroy(config);
	return status;
}

/* One line, without its end; from a terminal without an echo. False at the end. */
static bool read_password(const char *prompt, struct buf *password)
{
	struct termios usual, silent;
	const bool is_terminal = tcgetattr(STDIN_FILENO, &usual) == 0;
	int c;

	if (is_terminal) {
		fputs(prompt, stderr);
		silent = usual;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	while ((c = getchar()) != EOF && c != '\n')
		buf_append_char(password, (char)c);
	if (is_terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
		fputs("\n", stderr);
	}
	return c != EOF || password->len > 0;
}

static int hash_password(void)
{
	struct buf password = {0}, again = {0}, hash = {0};
	int status = EXIT_FAILURE;

	if (!read_password("Password: ", &password) || password.len == 0)
		complain("no password came", "");
	else if (isatty(STDIN_FILENO) &&
		 (!read_password("Once more: ", &again) ||
			 !slice_equal(buf_slice(&password), buf_slice(&again))))
		complain("the two are not the same", "");
	else if (!password_hash(buf_slice(&password), &hash))
		complain("this password cannot be hashed", "");
	else
		status = printf("%.*s\n", SLICE_ARGS(buf_slice(&hash))) > 0
				 ? EXIT_SUCCESS
				 : EXIT_FAILURE;
	if (password.len > 0)
		explicit_bzero(password.data, password.len);
	if (again.len > 0)
		explicit_bzero(again.data, again.len);
	buf_finish(&password);
	buf_finish(&again);
	buf_finish(&hash);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"listen", required_argument, NULL, 'l'},
		{"workers", required_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct arguments arguments = {0};
	int option;

	json_set_alloc_funcs(xmalloc, free);
	json_object_seed(0);
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments.config = optarg;
			break;
		case 'l':
			arguments.listen = optarg;
			break;
		case 'w':
			arguments.workers = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return complain("bad option", "");
		}
	}

	const char *command = optind < argc ? argv[optind] : "serve";
	if (optind + 1 < argc)
		return complain("too many words: ", argv[optind + 1]);
	if (slice_equal(slice_of(command), SLICE("serve")))
		return serve(&arguments);
	if (slice_equal(slice_of(command), SLICE("hash-password")))
		return hash_password();
	if (slice_equal(slice_of(command), SLICE("version"))) {
		puts("postern " POSTERN_VERSION);
		return EXIT_SUCCESS;
	}
	return complain("unknown command ", command);
}
