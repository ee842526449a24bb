/* Owns the walk over the operations of /openapi.json. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digest.h"
#include "fixture.h"

json_t *document(void)
{
	static const struct answer *answer;

	if (!answer)
		answer = get("/openapi.json");
	expect_status(answer, 200);
	return answer->json;
}

/* What a $ref of the document leads to, or the value itself. */
static const json_t *resolved(const json_t *value)
{
	const char *reference = json_string_value(json_object_get(value, "$ref"));

	if (!reference)
		return value;
	value = document();
	for (const char *from = strchr(reference, '/'); from; from = strchr(from + 1, '/'))
		value = json_object_get(value, text_of("%.*s", (int)strcspn(from + 1, "/"), from + 1));
	return value;
}

/* Whether a parameter of this name is required. */
static bool takes(const json_t *operation, const char *name)
{
	size_t index;
	json_t *item;

	json_array_foreach (json_object_get(operation, "parameters"), index, item) {
		const json_t *parameter = resolved(item);
		const char *known = json_string_value(json_object_get(parameter, "name"));
		if (known && strcmp(known, name) == 0)
			return json_is_true(json_object_get(parameter, "required"));
	}
	return false;
}

static void fill(
    const char *path, const char *method, json_t *operation, struct documented *ret_operation)
{
	json_t *contents = json_object_get(json_object_get(operation, "requestBody"), "content");
	const json_t *security = json_object_get(operation, "security");

	*ret_operation = (struct documented){
	    .path = path,
	    .id = json_string_value(json_object_get(operation, "operationId")),
	    .responses = json_object_get(operation, "responses"),
	    .content_type = json_object_iter_key(json_object_iter(contents)),
	    .is_open = security && json_array_size(security) == 0,
	    .takes_if_match = takes(operation, "If-Match"),
	};
	for (size_t i = 0; method[i] && i + 1 < sizeof(ret_operation->method); i++)
		ret_operation->method[i] = (char)toupper((unsigned char)method[i]);
	if (ret_operation->content_type)
		ret_operation->example =
		    json_object_get(json_object_get(contents, ret_operation->content_type), "example");
}

size_t operations_of_document(struct documented ret_operations[OPERATIONS_MAX])
{
	const char *path;
	const char *method;
	json_t *methods;
	json_t *operation;
	size_t count = 0;

	json_object_foreach (json_object_get(document(), "paths"), path, methods) {
		json_object_foreach (methods, method, operation) {
			if (!json_object_get(operation, "operationId"))
				continue;
			cr_assert_lt(count, OPERATIONS_MAX);
			fill(path, method, operation, &ret_operations[count++]);
		}
	}
	cr_assert_gt(count, 0);
	return count;
}

static const char *value_of(const struct place places[], const char *name, size_t length)
{
	for (; places->name; places++)
		if (strlen(places->name) == length && strncmp(places->name, name, length) == 0)
			return places->value;
	give_up("nothing stands for {%.*s}", (int)length, name);
}

const char *place_value(const struct place places[], const char *name)
{
	return value_of(places, name, strlen(name));
}

static const struct maker *find_maker(const char *place, const char *operation)
{
	const struct maker *general = NULL;

	for (const struct maker *const *table = maker_tables; *table; table++) {
		for (const struct maker *maker = *table; maker->place; maker++) {
			if (strcmp(maker->place, place) != 0)
				continue;
			if (maker->operation && strcmp(maker->operation, operation) == 0)
				return maker;
			if (!maker->operation)
				general = maker;
		}
	}
	if (!general)
		give_up("nothing makes a {%s}", place);
	return general;
}

void make_places(const struct documented *documented, struct place ret_places[PLACES_MAX])
{
	size_t count = 0;

	ret_places[0] = (struct place){NULL, NULL};
	for (const char *from = strchr(documented->path, '{'); from; from = strchr(from, '{')) {
		const char *name = text_of("%.*s", (int)strcspn(from + 1, "}"), from + 1);
		cr_assert_lt(count + 1, PLACES_MAX);
		const char *value = find_maker(name, documented->id)->make(ret_places);
		ret_places[count++] = (struct place){name, value};
		ret_places[count] = (struct place){NULL, NULL};
		from++;
	}
}

/* The secret that opens a calendar, of a feed that is made for it. */
static const char *query_with_secret(void)
{
	const struct answer *made = post(json_of("{'label': 'of the document'}"), "/v1/calendar-feeds");

	return text_of("%s", strchr(answer_text(made, "/url"), '?'));
}

/* The parameters without which these operations answer 400, or 404. */
static const char *query_of(const char *id)
{
	if (strcmp(id, "getWorkingDay") == 0)
		return "?from=2024-01-08&add=5";
	if (strcmp(id, "getCalendar") == 0)
		return query_with_secret();
	if (strcmp(id, "simulateClocks") == 0)
		return "?aware_on=2024-01-08";
	return "";
}

static const char *path_of(const struct documented *documented, const struct place places[])
{
	CLEANUP(text_finish) struct text path = TEXT_INIT(2000);

	for (const char *from = documented->path; *from; from++) {
		size_t length = strcspn(from, "}");
		if (*from != '{') {
			text_putc(&path, *from);
			continue;
		}
		text_puts(&path, value_of(places, from + 1, length - 1));
		from += length;
	}
	text_puts(&path, query_of(documented->id));
	return text_of("%s", text_string(&path));
}

/* The ETag of what the path names, or of what it belongs to. */
static const char *version_at(const char *path)
{
	const struct answer *answer = get("%s", path);

	/* A list of steps stands where they are taken; what they move is above it. */
	if (answer->status != 200 || answer_at(answer, "/data"))
		answer = get("%.*s", (int)(strrchr(path, '/') - path), path);
	expect_status(answer, 200);
	return etag_of(answer);
}

/* Of a delivery that was sent before the example's day, signed with the secret of its endpoint. */
static struct call receipt_of(const struct documented *documented)
{
	static const char key[] = "a key of four and twenty bytes";
	static const char *headers[4];
	unsigned char secrets_key[64];
	unsigned char digest[DIGEST_BYTES];
	CLEANUP(text_finish) struct text plain = TEXT_INIT(200);
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(400);
	CLEANUP(text_finish) struct text opened = TEXT_INIT(100);
	CLEANUP(text_finish) struct text signature = TEXT_INIT(200);
	CLEANUP(free) char *dumped = json_dumps(documented->example, JSON_COMPACT);
	const char *body = text_of("%s", dumped);
	char hex[800];

	if (!base64_decode(test_secrets_key, strlen(test_secrets_key), &opened) || opened.length != 32)
		give_up("the tests' key of secrets is none");
	memcpy(secrets_key, text_string(&opened), 32);
	text_puts(&plain, "whsec_");
	base64_encode(key, sizeof(key) - 1, &plain);
	if (!seal(secrets_key, text_string(&plain), plain.length, &sealed))
		give_up("a secret cannot be sealed");
	hex_encode(text_string(&sealed), sealed.length, hex);
	const char *incident = recorded(incident_with("{}"));
	CLEANUP(free)
	char *id = sql_text(&stage()->database,
	    "WITH receiver AS (INSERT INTO webhook_endpoint (partnership_id, id, name, url,"
	    " event_types, secret_sealed) SELECT i.partnership_id, gen_random_uuid(), 'signs',"
	    " 'http://127.0.0.1:9/', '{ping}', decode($1, 'hex') FROM incident AS i"
	    " WHERE i.id = $2::uuid RETURNING partnership_id, id)"
	    " INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence,"
	    " created_at, fence) SELECT r.partnership_id, gen_random_uuid(), v.id, r.id, v.incident_id,"
	    " v.sequence, '2024-01-10', 1 FROM receiver AS r JOIN event AS v"
	    " ON v.incident_id = $2::uuid LIMIT 1 RETURNING id",
	    hex, incident, NULL);
	const char *timestamp = text_of("%lld", (long long)time(NULL));
	const char *material = text_of("%s.%s.%s", id, timestamp, body);
	digest_hmac_sha256(key, sizeof(key) - 1, material, strlen(material), digest);
	base64_encode(digest, sizeof(digest), &signature);
	headers[0] = text_of("webhook-id: %s", id);
	headers[1] = text_of("webhook-timestamp: %s", timestamp);
	headers[2] = text_of("webhook-signature: v1,%s", text_string(&signature));
	return (struct call){
	    .method = "POST", .path = documented->path, .headers = headers, .body = body};
}

struct call call_of(const struct documented *documented, const struct place places[])
{
	const char *path = path_of(documented, places);

	if (strcmp(documented->id, "createReceipt") == 0)
		return receipt_of(documented);
	return (struct call){
	    .method = documented->method,
	    .path = path,
	    .idempotency_key = strcmp(documented->method, "POST") == 0 ? new_id() : NULL,
	    .if_match = documented->takes_if_match ? version_at(path) : NULL,
	    .content_type = documented->content_type,
	    .json = documented->example,
	};
}

struct call call_elsewhere(
    struct call call, const struct documented *documented, const struct place places[])
{
	call.path = path_of(documented, places);
	return call;
}
