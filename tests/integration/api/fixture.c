/* Owns the calls of the API's tests, and what is expected of their answers. */
#include "fixture.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ids.h"

#define TEXT_BYTES (4U << 20)
#define CALLS_MAX 64

/* Reachable to the end, so that tests need not say who releases what. */
struct kept {
	struct kept *next;
	struct answer answer;
	char *text;
};
static struct kept *everything;

static const char *caller;
static bool caller_is_set;
static const struct service *service;

static struct kept *keep(void)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		give_up("no memory");
	kept->next = everything;
	everything = kept;
	return kept;
}

static const char *keep_text(char *text)
{
	if (!text)
		give_up("no text");
	return keep()->text = text;
}

static char *print(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		give_up("no memory");
	return text;
}

const char *text_of(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = print(format, arguments);
	va_end(arguments);
	return keep_text(text);
}

/* ' stands for ", because C would need two signs for that. */
static json_t *parse(char *text)
{
	json_error_t error;

	for (char *sign = text; *sign; sign++)
		if (*sign == '\'')
			*sign = '"';
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (!json)
		give_up("no JSON: %s: %s", error.text, text);
	return json;
}

json_t *json_of(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	CLEANUP(free) char *text = print(format, arguments);
	va_end(arguments);
	return parse(text);
}

json_t *incident_with(const char *format, ...)
{
	json_t *incident = json_of("{'incident_date': '2024-01-06', 'aware_on': '2024-01-08',"
	                           " 'nature': 'serious_harm', 'abuse_neglect_status': 'suspected',"
	                           " 'notifying_basis': 'in_area', 'children': [{'role': 'victim',"
	                           " 'nature': 'serious_harm', 'age_years': 4, 'sex': 'F'}]}");
	const char *key;
	json_t *value;
	va_list arguments;
	va_start(arguments, format);
	CLEANUP(free) char *text = print(format, arguments);
	va_end(arguments);

	CLEANUP(json_decref) json_t *changes = parse(text);
	json_object_foreach (changes, key, value) {
		if (json_is_null(value))
			json_object_del(incident, key);
		else
			json_object_set(incident, key, value);
	}
	return incident;
}

const char *day(int offset)
{
	return keep_text(sql_text(&stage()->database,
	    "SELECT (now() AT TIME ZONE 'Europe/London')::date + $1::integer", text_of("%d", offset),
	    NULL));
}

const char *new_id(void)
{
	return text_of("%s", uuid_new().text);
}

void as(const char *token)
{
	caller = token;
	caller_is_set = true;
}

void at(const struct service *other)
{
	service = other;
}

static struct call completed(const struct call *call)
{
	struct call complete = *call;

	if (!complete.token)
		complete.token = caller_is_set ? caller : stage()->council;
	return complete;
}

const struct answer *make(const struct call *call)
{
	struct call complete = completed(call);
	struct answer *answer = &keep()->answer;

	http_call(service ? service : &stage()->service, &complete, answer);
	return answer;
}

/* The call with its formatted path and its body, which is released after it. */
static const struct answer *send_to(
    struct call call, json_t *body, const char *path, va_list arguments)
{
	CLEANUP(json_decref) json_t *owned = body;
	CLEANUP(free) char *formatted = print(path, arguments);

	call.path = formatted;
	call.json = owned;
	return make(&call);
}

const struct answer *get(const char *path, ...)
{
	va_list arguments;
	va_start(arguments, path);
	const struct answer *answer = send_to((struct call){.method = "GET"}, NULL, path, arguments);
	va_end(arguments);
	return answer;
}

const struct answer *post(json_t *body, const char *path, ...)
{
	struct uuid key = uuid_new();
	struct call call = {.method = "POST", .idempotency_key = key.text};
	va_list arguments;
	va_start(arguments, path);
	const struct answer *answer = send_to(call, body, path, arguments);
	va_end(arguments);
	return answer;
}

const struct answer *patch(json_t *body, const char *if_match, const char *path, ...)
{
	struct call call = {.method = "PATCH", .if_match = if_match};
	va_list arguments;
	va_start(arguments, path);
	const struct answer *answer = send_to(call, body, path, arguments);
	va_end(arguments);
	return answer;
}

const struct answer *put(json_t *body, const char *path, ...)
{
	va_list arguments;
	va_start(arguments, path);
	const struct answer *answer = send_to((struct call){.method = "PUT"}, body, path, arguments);
	va_end(arguments);
	return answer;
}

const struct answer *move(json_t *body, const char *if_match, const char *path, ...)
{
	struct call call = {.method = "POST", .if_match = if_match};
	va_list arguments;
	va_start(arguments, path);
	const struct answer *answer = send_to(call, body, path, arguments);
	va_end(arguments);
	return answer;
}

const struct answer *change(json_t *body, const char *if_match, const char *path, ...)
{
	struct call call = {.method = "PUT", .if_match = if_match};
	va_list arguments;
	va_start(arguments, path);
	const struct answer *answer = send_to(call, body, path, arguments);
	va_end(arguments);
	return answer;
}

const char *step_to(const struct answer *answer, const char *to, const char *member)
{
	size_t index;
	json_t *step;

	json_array_foreach (json_object_get(answer->json, "next_steps"), index, step)
		if (strcmp(json_string_value(json_object_get(step, "to")), to) == 0)
			return text_of("/next_steps/%zu/%s", index, member);
	give_up("no step leads to %s: %s", to, told(answer));
}

struct participant {
	pthread_t thread;
	pthread_barrier_t *start;
	struct call call;
	const struct service *service;
	struct answer *answer;
	bool answered;
};

static void *take_part(void *context)
{
	struct participant *participant = context;

	pthread_barrier_wait(participant->start);
	/* Whoever gives up does so in the test's own thread: Criterion knows of no other. */
	participant->answered = http_try(participant->service, &participant->call, participant->answer);
	return NULL;
}

void make_at_once(const struct call calls[], size_t count, const struct answer *ret_answers[])
{
	struct participant participants[CALLS_MAX] = {0};
	pthread_barrier_t start;

	cr_assert_leq(count, CALLS_MAX);
	pthread_barrier_init(&start, NULL, (unsigned)count);
	for (size_t i = 0; i < count; i++) {
		participants[i].start = &start;
		participants[i].call = completed(&calls[i]);
		participants[i].service = service ? service : &stage()->service;
		participants[i].answer = &keep()->answer;
		ret_answers[i] = participants[i].answer;
		if (pthread_create(&participants[i].thread, NULL, take_part, &participants[i]) != 0)
			give_up("no thread");
	}
	for (size_t i = 0; i < count; i++)
		pthread_join(participants[i].thread, NULL);
	pthread_barrier_destroy(&start);
	for (size_t i = 0; i < count; i++)
		if (!participants[i].answered)
			give_up("no answer to one of %zu calls at once (%s)", count,
			    participants[i].service->log_path);
}

const struct answer *record(json_t *incident)
{
	const struct answer *answer = post(incident, "/v1/incidents");

	expect_status(answer, 201);
	return answer;
}

const char *recorded(json_t *incident)
{
	return answer_text(record(incident), "/id");
}

const char *etag_of(const struct answer *answer)
{
	const char *etag = answer_header(answer, "ETag");

	if (!etag)
		give_up("no ETag: %s", told(answer));
	return etag;
}

const char *told(const struct answer *answer)
{
	return text_of("%d %s", answer->status, text_string(&answer->body));
}

bool is_problem(const struct answer *answer, int status, const char *code)
{
	const char *content_type = answer_header(answer, "Content-Type");
	const char *request_id = answer_header(answer, "X-Request-ID");
	const char *type = text_of("'/problems/%s'", code);
	const char *title = json_string_value(answer_at(answer, "/title"));
	const char *detail = json_string_value(answer_at(answer, "/detail"));
	const char *instance = json_string_value(answer_at(answer, "/instance"));

	return answer->status == status && content_type &&
	       strcmp(content_type, "application/problem+json") == 0 && request_id &&
	       has_value(answer, "/type", type) && has_value(answer, "/code", text_of("'%s'", code)) &&
	       has_value(answer, "/status", text_of("%d", status)) &&
	       has_value(answer, "/request_id", text_of("'%s'", request_id)) && title && *title &&
	       detail && *detail && instance;
}

bool has_fault(const struct answer *answer, const char *pointer, const char *code)
{
	size_t index;
	json_t *fault;

	json_array_foreach (answer_at(answer, "/errors"), index, fault) {
		const char *where = json_string_value(json_object_get(fault, "pointer"));
		const char *what = json_string_value(json_object_get(fault, "code"));
		const char *detail = json_string_value(json_object_get(fault, "detail"));
		if (where && what && detail && strcmp(where, pointer) == 0 && strcmp(what, code) == 0)
			return true;
	}
	return false;
}

bool has_value(const struct answer *answer, const char *pointer, const char *value)
{
	CLEANUP(json_decref) json_t *wanted = json_of("%s", value);
	json_t *found = answer_at(answer, pointer);

	return found && json_equal(found, wanted);
}

size_t count_of(const json_t *array, const char *member, const char *text)
{
	size_t count = 0;
	size_t index;
	json_t *item;

	json_array_foreach (array, index, item) {
		const char *value = json_string_value(json_object_get(item, member));
		count += value && strcmp(value, text) == 0;
	}
	return count;
}

void get_metrics(struct answer *ret_answer)
{
	struct service metrics = stage()->service;

	snprintf(metrics.url, sizeof(metrics.url), "%s", metrics.metrics_url);
	http_call(&metrics, &(struct call){.path = "/metrics"}, ret_answer);
}

long measured(const char *name)
{
	struct answer answer;

	get_metrics(&answer);
	const char *line = strstr(text_string(&answer.body), text_of("\n%s ", name));
	long value = line ? strtol(line + strlen(name) + 2, NULL, 10) : -1;
	answer_finish(&answer);
	return value;
}
