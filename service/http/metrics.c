/* Owns the server's counters. */
#include "http/metrics.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define STATUS_CLASSES 6 /* 1xx to 5xx; the first is for what is none */

/* Upper bounds in microseconds. */
static const int64_t bounds[] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000};

struct tally {
	atomic_ulong answers[STATUS_CLASSES];
};

struct metrics {
	const struct contract *contract;
	size_t operations;
	atomic_ulong buckets[ARRAY_LENGTH(bounds) + 1];
	atomic_ulong microseconds;
	struct tally tallies[]; /* one for each operation, and one for what matched none */
};

bool metrics_create(
    const struct contract *contract, struct metrics **ret_metrics, struct problem *problem)
{
	size_t operations = contract_operation_count(contract);
	struct metrics *metrics =
	    calloc(1, sizeof(*metrics) + (operations + 1) * sizeof(metrics->tallies[0]));

	if (!metrics)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for metrics");
	metrics->contract = contract;
	metrics->operations = operations;
	*ret_metrics = metrics;
	return true;
}

void metrics_destroy(struct metrics *metrics)
{
	free(metrics);
}

static void add(atomic_ulong *counter, unsigned long amount)
{
	atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void metrics_count(
    struct metrics *metrics, const struct operation *operation, int status, int64_t microseconds)
{
	size_t row = operation ? operation->index : metrics->operations;
	int class = status / 100;
	size_t bucket = 0;

	if (class < 0 || class >= STATUS_CLASSES)
		class = 0;
	while (bucket < ARRAY_LENGTH(bounds) && microseconds > bounds[bucket])
		bucket++;
	add(&metrics->tallies[row].answers[class], 1);
	add(&metrics->buckets[bucket], 1);
	add(&metrics->microseconds, (unsigned long)microseconds);
}

static void write_answers(struct metrics *metrics, struct text *text)
{
	text_puts(text, "# HELP cspr_http_requests_total Answers by operation and status class.\n"
	                "# TYPE cspr_http_requests_total counter\n");
	for (size_t i = 0; i <= metrics->operations; i++) {
		const char *id = "unmatched";
		if (i < metrics->operations)
			id = contract_operation(metrics->contract, i)->id;
		for (int class = 0; class < STATUS_CLASSES; class ++) {
			unsigned long count = metrics->tallies[i].answers[class];
			if (count > 0)
				text_printf(text,
				    "cspr_http_requests_total{operation=\"%s\",status=\"%dxx\"} %lu\n", id, class,
				    count);
		}
	}
}

static void write_durations(struct metrics *metrics, struct text *text)
{
	static const char name[] = "cspr_http_request_duration_seconds";
	unsigned long count = 0;

	text_printf(
	    text, "# HELP %s From the whole request to the answer.\n# TYPE %s histogram\n", name, name);
	for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++) {
		count += metrics->buckets[i];
		text_printf(text, "%s_bucket{le=\"%g\"} %lu\n", name, (double)bounds[i] / 1e6, count);
	}
	count += metrics->buckets[ARRAY_LENGTH(bounds)];
	text_printf(text, "%s_bucket{le=\"+Inf\"} %lu\n%s_sum %.6f\n%s_count %lu\n", name, count, name,
	    (double)metrics->microseconds / 1e6, name, count);
}

static unsigned long resident_bytes(void)
{
	char line[128] = "";
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	/* The second number: pages that are resident. */
	const char *second = fgets(line, sizeof(line), file) ? strchr(line, ' ') : NULL;
	unsigned long pages = second ? strtoul(second, NULL, 10) : 0;
	fclose(file);
	return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

static unsigned long open_descriptors(void)
{
	unsigned long count = 0;
	DIR *directory = opendir("/proc/self/fd");

	if (!directory)
		return 0;
	for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count - 1; /* without the directory itself */
}

void metrics_write(struct metrics *metrics, struct text *ret_text)
{
	write_answers(metrics, ret_text);
	write_durations(metrics, ret_text);
	text_printf(ret_text,
	    "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lu\n"
	    "# TYPE process_open_fds gauge\nprocess_open_fds %lu\n",
	    resident_bytes(), open_descriptors());
}
