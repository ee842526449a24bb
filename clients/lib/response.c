/* Owns one answer: its headers, its body, and the problem that it may be. */
#include "lib/internal.h"

#include <strings.h>

struct cspr_response *cspr_response_create(size_t most_bytes)
{
	struct cspr_response *response = calloc(1, sizeof(*response));

	if (!response)
		return NULL;
	response->body = TEXT_INIT(most_bytes);
	response->headers = TEXT_INIT(CSPR_HEADER_BYTES);
	return response;
}

void cspr_response_destroy(struct cspr_response *response)
{
	if (!response)
		return;
	free(response->key);
	free(response->content_type);
	text_finish(&response->body);
	text_finish(&response->headers);
	json_decref(response->problem_json);
	free(response->faults);
	free(response);
}

static bool is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

bool cspr_response_take_line(struct cspr_response *response, const char *line, size_t length)
{
	response->header_bytes += length;
	if (response->header_bytes > CSPR_HEADER_BYTES)
		return false;
	/* A status line begins an answer; what an interim answer (1xx) said before is dropped. */
	if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		text_finish(&response->headers);
		return true;
	}
	const char *colon = memchr(line, ':', length);
	if (!colon || memchr(line, '\0', length))
		return true;

	const char *value = colon + 1;
	const char *end = line + length;
	while (value < end && is_space(*value))
		value++;
	while (end > value && is_space(end[-1]))
		end--;
	text_append(&response->headers, line, (size_t)(colon - line));
	text_append(&response->headers, "", 1);
	text_append(&response->headers, value, (size_t)(end - value));
	text_append(&response->headers, "", 1);
	return !response->headers.failed;
}

const char *cspr_header(const struct cspr_response *response, const char *name)
{
	const char *at = response->headers.data;
	const char *end = at ? at + response->headers.length : NULL;

	while (at < end) {
		const char *value = at + strlen(at) + 1;
		if (strcasecmp(at, name) == 0)
			return value;
		at = value + strlen(value) + 1;
	}
	return NULL;
}

static const char *member(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "";
}

static bool read_faults(struct cspr_response *response)
{
	const char *const lists[] = {"errors", "missing"};
	size_t most = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++)
		most += json_array_size(json_object_get(response->problem_json, lists[i]));
	if (most == 0)
		return true;
	response->faults = calloc(most, sizeof(*response->faults));
	if (!response->faults)
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
		json_t *list = json_object_get(response->problem_json, lists[i]);
		for (size_t j = 0; j < json_array_size(list); j++) {
			const json_t *fault = json_array_get(list, j);
			response->faults[response->problem.fault_count++] = (struct cspr_fault){
			    .pointer = member(fault, "pointer"),
			    .code = member(fault, "code"),
			    .detail = member(fault, "detail"),
			};
		}
	}
	response->problem.faults = response->faults;
	return true;
}

static bool read_problem(struct cspr_response *response)
{
	if (strcasecmp(response->content_type, "application/problem+json") != 0 ||
	    response->body.length > CSPR_JSON_BYTES)
		return true;
	response->problem_json =
	    json_loadb(text_string(&response->body), response->body.length, 0, NULL);
	if (!json_is_object(response->problem_json))
		return true;

	const json_t *object = response->problem_json;
	response->problem = (struct cspr_problem){
	    .type = member(object, "type"),
	    .title = member(object, "title"),
	    .detail = member(object, "detail"),
	    .instance = member(object, "instance"),
	    .code = member(object, "code"),
	    .request_id = member(object, "request_id"),
	    .status = response->status,
	};
	return read_faults(response);
}

bool cspr_response_complete(struct cspr_response *response)
{
	const char *type = cspr_header(response, "Content-Type");
	size_t length = type ? strcspn(type, "; \t") : 0;

	response->content_type = strndup(type ? type : "", length);
	return response->content_type && read_problem(response);
}

int cspr_status(const struct cspr_response *response)
{
	return response->status;
}

const char *cspr_content_type(const struct cspr_response *response)
{
	return response->content_type;
}

const char *cspr_body(const struct cspr_response *response, size_t *ret_length)
{
	if (ret_length)
		*ret_length = response->body.length;
	return text_string(&response->body);
}

const char *cspr_response_key(const struct cspr_response *response)
{
	return response->key ? response->key : "";
}

bool cspr_replayed(const struct cspr_response *response)
{
	const char *value = cspr_header(response, "Idempotency-Replayed");

	return value && strcasecmp(value, "true") == 0;
}

int cspr_attempts(const struct cspr_response *response)
{
	return response->attempts;
}

const struct cspr_problem *cspr_problem(const struct cspr_response *response)
{
	return json_is_object(response->problem_json) ? &response->problem : NULL;
}
