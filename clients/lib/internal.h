/* What the files of libcspr share with each other; hidden from programs and not installed. */
#pragma once

#include <jansson.h>

#include "lib/cspr.h"
#include "lib/text.h"

#include <curl/curl.h>

DEFINE_CLEANUP(json_t *, json_decref)
DEFINE_CLEANUP(struct cspr_response *, cspr_response_destroy)

#define CSPR_HEADER_BYTES 65536 /* all header lines of an answer, interim answers included */
#define CSPR_URL_BYTES 16384    /* a request's whole address */
#define CSPR_ATTEMPTS 5         /* attempts of one call */
#define CSPR_JSON_BYTES ((size_t)1024 * 1024) /* the largest problem to look into */

struct cspr {
	CURL *curl;
	char *url;           /* without a slash at its end */
	char *authorization; /* the whole header line, or NULL */
	char *user_agent;
	char *ca_file;
	long connect_timeout_ms;
	long timeout_ms;
	long retry_ms;
	size_t most_bytes;
	bool (*interrupted)(void *context); /* or NULL */
	void *context;
	char *key;
	char detail[320];
};

/* Leaves a sentence in the handle and returns the error, so that a caller can `return` it. */
enum cspr_error cspr_fail(struct cspr *cspr, enum cspr_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct cspr_response {
	int status;
	int attempts;
	char *key;
	char *content_type;
	struct text body;
	struct text headers; /* "name\0value\0" for each, so that one allocation holds them all */
	size_t header_bytes; /* seen so far, interim answers included */
	json_t *problem_json;
	struct cspr_problem problem;
	struct cspr_fault *faults;
};

struct cspr_response *cspr_response_create(size_t most_bytes);
/* Takes one header line as curl gives it; false when it does not fit. */
bool cspr_response_take_line(struct cspr_response *response, const char *line, size_t length);
/* Reads content type and problem once the answer is complete; false when memory ended. */
bool cspr_response_complete(struct cspr_response *response);
