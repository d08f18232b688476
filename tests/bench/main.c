/*
 * bench: puts a server under load, checks that each subscriber gets each message once
 * and in order, and prints the server's cost as one line of JSON. The exit code is 0
 * when no message was lost, repeated or out of order.
 */
#include "tests/bench/carrier.h"
#include "tests/bench/dialect.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char usage[] =
	"usage: bench --mode fan-out|steady|ping-pong|storm|beats|idle --server "
	"PID[,PID...]\n"
	"  --carrier tcp|websocket|sockjs-websocket|xhr-streaming|eventsource|\n"
	"            xhr-polling|bare-websocket|events\n"
	"  --dialect stomp|stomp-unconfirmed|mqtt|nchan|bare  --port N  --tcp-port N\n"
	"  --path /stomp  --destination /topic/bench-  --clients N  --topics N  --idle "
	"N\n"
	"  --held N  --window N\n"
	"  --rate N  --size BYTES  --at-once N  --seconds S  --messages N\n";

static unsigned number(const char *text, unsigned least)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end != '\0' || value < least || value > 10000000)
		die("\"%s\" is no good number", text);
	return (unsigned)value;
}

static void read_processes(struct processes *processes, const char *text)
{
	char *end;

	do {
		if (processes->count == PROCESSES_MAX)
			die("too many processes");
		processes->ids[processes->count++] = (pid_t)strtol(text, &end, 10);
		text = end + 1;
	} while (*end == ',');
}

static void set_option(struct options *options, int option, const char *text)
{
	switch (option) {
	case 'm':
		options->mode = mode_find(text);
		break;
	case 'c':
		options->carrier = carrier_find(text);
		break;
	case 'd':
		options->dialect = dialect_find(text);
		break;
	case 's':
		read_processes(&options->server, text);
		break;
	case 'p':
		options->port = number(text, 1);
		break;
	case 't':
		options->tcp_port = number(text, 1);
		break;
	case 'u':
		options->path = text;
		break;
	case 'n':
		options->destination = text;
		break;
	case 'k':
		options->clients = number(text, 1);
		break;
	case 'o':
		options->topics = number(text, 1);
		break;
	case 'i':
		options->idle = number(text, 0);
		break;
	case 'h':
		options->held = number(text, 1);
		break;
	case 'w':
		options->window = number(text, 1);
		break;
	case 'r':
		options->rate = number(text, 1);
		break;
	case 'x':
		options->messages = number(text, 1);
		break;
	case 'b':
		options->size = number(text, STAMP_SIZE);
		break;
	case 'a':
		options->at_once = number(text, 1);
		break;
	case 'e':
		options->seconds = strtod(text, NULL);
		break;
	default:
		fputs(usage, stderr);
		exit(EXIT_FAILURE);
	}
}

static void read_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"mode", required_argument, NULL, 'm'},
		{"carrier", required_argument, NULL, 'c'},
		{"dialect", required_argument, NULL, 'd'},
		{"server", required_argument, NULL, 's'},
		{"port", required_argument, NULL, 'p'},
		{"tcp-port", required_argument, NULL, 't'},
		{"path", required_argument, NULL, 'u'},
		{"destination", required_argument, NULL, 'n'},
		{"clients", required_argument, NULL, 'k'},
		{"topics", required_argument, NULL, 'o'},
		{"idle", required_argument, NULL, 'i'},
		{"held", required_argument, NULL, 'h'},
		{"window", required_argument, NULL, 'w'},
		{"rate", required_argument, NULL, 'r'},
		{"messages", required_argument, NULL, 'x'},
		{"size", required_argument, NULL, 'b'},
		{"at-once", required_argument, NULL, 'a'},
		{"seconds", required_argument, NULL, 'e'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		set_option(options, option, optarg);
	if (options->mode == NULL || options->carrier == NULL ||
		options->dialect == NULL || options->server.count == 0 ||
		optind < argc) {
		fputs(usage, stderr);
		exit(EXIT_FAILURE);
	}
}

/* Thousands of clients need as many descriptors. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	struct options options = {
		.carrier = carrier_find("websocket"),
		.dialect = dialect_find("stomp"),
		.path = "/stomp",
		.destination = "/topic/bench-",
		.port = 8080,
		.tcp_port = 61613,
		.clients = 1000,
		.topics = 1,
		.held = 1,
		.window = 32,
		.rate = 10,
		.size = 128,
		.at_once = 64,
		.seconds = 5,
	};
	struct load load = {.options = &options};

	read_options(&options, argc, argv);
	raise_limit();
	return load_run(&load) ? EXIT_SUCCESS : EXIT_FAILURE;
}
