/*
 * Owns the run of JSON Schema test vectors against our checker:
 *
 *     schema_suite draft7|2020-12 DIRECTORY MINIMUM [DIFFERENCES.json]
 *
 * Every *.json below the directory is run. A case that ends otherwise than it should fails the run,
 * unless the differences name its file, group or case; one that they name in vain fails it, too, as
 * do fewer agreeing cases than the minimum.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "contract/schema.h"
#include "draft7.h"

static struct {
	bool translate;
	size_t root_length;
	json_t *differences;
	size_t agreed;
	size_t differed;
	size_t failed;
} run;

/* Whether a row speaks of the case; what a row leaves out means all. */
static bool row_covers(const json_t *row, const char *file, const char *group, const char *name)
{
	const char *row_file = json_string_value(json_object_get(row, "file"));
	const char *row_group = json_string_value(json_object_get(row, "group"));
	const char *row_case = json_string_value(json_object_get(row, "case"));

	return row_file && strcmp(row_file, file) == 0 &&
	       (!row_group || strcmp(row_group, group) == 0) &&
	       (!row_case || strcmp(row_case, name) == 0);
}

static json_t *difference_find(const char *file, const char *group, const char *name)
{
	size_t index;
	json_t *row;

	json_array_foreach (run.differences, index, row)
		if (row_covers(row, file, group, name))
			return row;
	return NULL;
}

/* `outcome` is how it disagrees: the schema is "refused", or the case is "decided" otherwise. */
static void settle(const char *file, const char *group, const char *name, bool agrees,
    const char *outcome, const char *seen)
{
	json_t *row = difference_find(file, group, name);
	const char *listed = json_string_value(json_object_get(row, "outcome"));

	if (agrees) {
		run.agreed++;
	} else if (listed && strcmp(listed, outcome) == 0) {
		json_object_set_new(row, "met", json_true());
		run.differed++;
	} else {
		run.failed++;
		printf("FAIL %s / %s / %s: %s\n", file, group, name, seen);
	}
}

static void run_case(const struct schema *schema, const char *refusal, const json_t *vector,
    const char *file, const char *group)
{
	const char *name = json_string_value(json_object_get(vector, "description"));
	bool valid = json_is_true(json_object_get(vector, "valid"));
	json_t *data = json_object_get(vector, "data");

	if (!schema) {
		settle(file, group, name, false, "refused", refusal);
		return;
	}
	CLEANUP(problem_finish) struct problem problem = {0};
	bool holds = schema_check(schema, data, "", &problem);
	bool told = json_array_size(problem.errors) > 0;
	bool quiet = schema_check(schema, data, "", NULL);
	if (holds == told || holds != quiet)
		settle(file, group, name, false, "", "the faults do not fit the verdict");
	else
		settle(
		    file, group, name, holds == valid, "decided", holds ? "it holds" : "it does not hold");
}

static void run_group(const json_t *vectors, const char *file)
{
	const char *group = json_string_value(json_object_get(vectors, "description"));
	json_t *declared = json_object_get(vectors, "schema");
	CLEANUP(json_decref)
	json_t *document = run.translate ? draft7_translate(declared) : json_incref(declared);
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(schema_destroy) struct schema *schema = NULL;
	size_t index;
	json_t *vector;

	if (!schema_compile(document, "", &schema, &problem))
		schema = NULL;
	json_array_foreach (json_object_get(vectors, "tests"), index, vector)
		run_case(schema, problem.detail, vector, file, group);
}

static int run_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
	size_t length = strlen(path);
	size_t index;
	json_t *vectors;
	json_error_t error;

	if (type != FTW_F || length < 5 || strcmp(path + length - 5, ".json") != 0)
		return 0;
	/* The vectors have integers that only fit a double; bodies of requests may not. */
	CLEANUP(json_decref) json_t *groups = json_load_file(path, 0, &error);
	if (!groups)
		groups = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
	if (!json_is_array(groups)) {
		printf("FAIL %s: %s\n", path, error.text);
		run.failed++;
		return 0;
	}
	json_array_foreach (groups, index, vectors)
		run_group(vectors, path + run.root_length + 1);
	return 0;
}

static void find_vain_differences(void)
{
	size_t index;
	json_t *row;

	json_array_foreach (run.differences, index, row) {
		if (json_object_get(row, "met") && json_object_get(row, "reason"))
			continue;
		CLEANUP(free) char *text = json_dumps(row, JSON_COMPACT);
		printf("FAIL the difference is not met, or has no reason: %s\n", text ? text : "");
		run.failed++;
	}
}

int main(int argument_count, char **arguments)
{
	json_error_t error;
	char *end = "";
	size_t minimum = argument_count > 3 ? strtoul(arguments[3], &end, 10) : 0;

	if (argument_count < 4 || argument_count > 5 || *end || !minimum) {
		fprintf(stderr, "usage: schema_suite draft7|2020-12 DIRECTORY MINIMUM [DIFFERENCES]\n");
		return 2;
	}
	CLEANUP(json_decref)
	json_t *differences = argument_count == 5
	                          ? json_load_file(arguments[4], JSON_REJECT_DUPLICATES, &error)
	                          : json_array();
	if (!json_is_array(differences)) {
		fprintf(stderr, "%s: %s\n", arguments[4], error.text);
		return 2;
	}
	run.translate = strcmp(arguments[1], "draft7") == 0;
	run.root_length = strlen(arguments[2]);
	run.differences = differences;
	if (nftw(arguments[2], run_file, 8, FTW_PHYS) != 0) {
		fprintf(stderr, "%s: %s\n", arguments[2], strerror(errno));
		return 1;
	}
	find_vain_differences();
	printf(
	    "%zu cases agree, %zu differ as listed, %zu fail\n", run.agreed, run.differed, run.failed);
	if (run.agreed < minimum) {
		printf("FAIL at least %zu cases have to agree\n", minimum);
		return 1;
	}
	return run.failed ? 1 : 0;
}
