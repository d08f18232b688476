#include "tests/bench/carrier.h"
#include "tests/bench/load.h"

#include <inttypes.h>
#include <stdio.h>

void report(const struct load *load, const struct check *sum)
{
	const struct options *options = load->options;
	const struct measure *measure = &load->measure;
	const double cpu = (double)(measure->after.cpu - measure->before.cpu);
	const double count = (double)measure->count;
	const double memory =
		(double)measure->after.memory - (double)measure->empty.memory;

	printf("{\"mode\":\"%s\",\"carrier\":\"%s\",\"clients\":%u,\"idle\":%u,"
	       "\"topics\":%zu,\"size\":%u",
		options->mode->name, options->carrier->name, options->clients,
		options->idle, load->topic_count, options->size);
	printf(",\"counts\":\"%s\",\"count\":%" PRIu64 ",\"seconds\":%.3f,"
	       "\"cpu_seconds\":%.4f",
		options->mode->counts, measure->count,
		(double)(measure->ended - measure->begun) / 1e6, cpu / 1e6);
	printf(",\"busiest_seconds\":%.4f",
		(double)usage_busiest(&measure->before, &measure->after) / 1e6);
	if (count > 0 && cpu > 0)
		printf(",\"per_cpu_second\":%.0f,\"cpu_us_each\":%.3f",
			count / cpu * 1e6, cpu / count);
	if (load->latencies.all > 0)
		printf(",\"p50_us\":%" PRIu64 ",\"p99_us\":%" PRIu64,
			histogram_percentile(&load->latencies, 50),
			histogram_percentile(&load->latencies, 99));
	printf(",\"memory\":%" PRIu64 ",\"memory_each\":%.0f", measure->after.memory,
		memory / options->clients);
	printf(",\"lost\":%" PRIu64 ",\"doubled\":%" PRIu64 ",\"disordered\":%" PRIu64
	       "}\n",
		sum->missed, sum->doubled, sum->disordered);
}
