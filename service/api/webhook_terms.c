/* Owns the reading of what a request says of a webhook endpoint. */
#include "api/webhook_terms.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "base/certificate.h"
#include "domain/webhook_endpoint_process.h"
#include "outbox/sign.h"
#include "outbox/target.h"
#include "store/statements.h"

#define SEALED_BYTES ((size_t)256 * 1024)

/* What a second key approves; the materials have members of their own. */
static const char *const plain_members[] = {"url", "event_types", "payload", "signatures"};

void webhook_terms_finish(struct webhook_terms *terms)
{
	json_decref(terms->said);
	for (size_t i = 0; i < terms->material_count; i++) {
		free(terms->materials[i].sealed);
		json_decref(terms->materials[i].facts);
	}
}

bool webhook_seal(
    const struct call *call, const char *text, char **ret_hex, struct problem *problem)
{
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(SEALED_BYTES);

	if (!webhook_text_seal(text, call->api->settings->secrets_key, &sealed, problem))
		return false;
	*ret_hex = malloc(2 * sealed.length + 1);
	if (!*ret_hex)
		abort();
	hex_encode(sealed.data, sealed.length, *ret_hex);
	return true;
}

static void check_url(const struct call *call, const char *url, struct problem *problem)
{
	CLEANUP(problem_finish) struct problem of_target = {0};

	if (url && !webhook_target_check(url, call->api->settings->target_allow, &of_target))
		problem_add(problem, PROBLEM_INVALID, "/url", "target_not_allowed", "%s",
		    of_target.detail[0] ? of_target.detail : "The address cannot be checked.");
}

/* Takes `facts` over. `id_member` is what the record calls it, `member` what a change does. */
static bool add_material(const struct call *call, struct webhook_terms *terms, const char *kind,
    const char *id_member, const char *text, json_t *facts, struct problem *problem)
{
	struct material *material = &terms->materials[terms->material_count++];

	*material = (struct material){.kind = kind, .id = uuid_new(), .facts = facts};
	json_object_set_new(terms->said, id_member, json_string(material->id.text));
	return webhook_seal(call, text, &material->sealed, problem);
}

static bool is_changed(
    const json_t *body, const char *name, const char *member, struct webhook_terms *terms)
{
	const json_t *value = json_object_get(body, name);

	if (value)
		json_array_append_new(json_object_get(terms->said, "members"), json_string(member));
	return value && !json_is_null(value);
}

static json_t *names_of(const json_t *headers)
{
	json_t *names = json_array();
	size_t index;
	json_t *header;

	json_array_foreach (headers, index, header)
		json_array_append(names, json_object_get(header, "name"));
	return json_pack("{s:o}", "names", names);
}

static bool read_headers(const struct call *call, const json_t *body, struct webhook_terms *terms,
    struct problem *problem)
{
	const json_t *headers = json_object_get(body, "headers");

	if (!is_changed(body, "headers", "header_names", terms) || json_array_size(headers) == 0)
		return true;
	if (!webhook_headers_check(headers, "/headers", problem))
		return false;
	CLEANUP(free) char *text = json_dumps(headers, JSON_COMPACT);
	if (!text)
		abort();
	return add_material(call, terms, "headers", "headers_id", text, names_of(headers), problem);
}

static json_t *certificate_facts(const struct certificate_facts *facts)
{
	return json_pack("{s:s, s:s, s:i}", "sha256", facts->sha256, "expires_at",
	    instant_format(facts->expires_at).text, "count", (int)facts->count);
}

static bool read_certificate(const struct call *call, const json_t *body,
    struct webhook_terms *terms, struct problem *problem)
{
	const json_t *client = json_object_get(body, "client_certificate");
	const char *pem = json_string_value(json_object_get(client, "certificate"));
	const char *key = json_string_value(json_object_get(client, "key"));
	struct certificate_facts facts;

	if (!is_changed(body, "client_certificate", "client_certificate", terms) || !pem || !key)
		return true;
	const char *fault = certificate_fault(pem, clock_milliseconds(), &facts);
	if (fault)
		return problem_add(problem, PROBLEM_INVALID, "/client_certificate/certificate",
		    "certificate", "%s", fault);
	fault = certificate_key_fault(pem, key);
	if (fault)
		return problem_add(
		    problem, PROBLEM_INVALID, "/client_certificate/key", "private_key", "%s", fault);
	CLEANUP(free) char *text = json_dumps(client, JSON_COMPACT);
	if (!text)
		abort();
	return add_material(call, terms, "client_certificate", "client_certificate_id", text,
	    certificate_facts(&facts), problem);
}

static bool read_bundle(const struct call *call, const json_t *body, struct webhook_terms *terms,
    struct problem *problem)
{
	const char *pem = json_string_value(json_object_get(body, "ca_bundle"));
	struct certificate_facts facts;

	if (!is_changed(body, "ca_bundle", "ca_bundle", terms) || !pem)
		return true;
	const char *fault = certificate_fault(pem, clock_milliseconds(), &facts);
	if (fault)
		return problem_add(problem, PROBLEM_INVALID, "/ca_bundle", "certificate", "%s", fault);
	return add_material(
	    call, terms, "ca_bundle", "ca_bundle_id", pem, certificate_facts(&facts), problem);
}

bool webhook_terms_read(
    const struct call *call, struct webhook_terms *ret_terms, struct problem *problem)
{
	json_t *body = call->request->json;

	*ret_terms = (struct webhook_terms){.said = json_pack("{s:[]}", "members")};
	for (size_t i = 0; i < ARRAY_LENGTH(plain_members); i++)
		if (is_changed(body, plain_members[i], plain_members[i], ret_terms))
			json_object_set(
			    ret_terms->said, plain_members[i], json_object_get(body, plain_members[i]));
	for (size_t i = 0; i < 2; i++) {
		const char *name = i ? "recipient" : "name";
		if (json_object_get(body, name))
			json_object_set(ret_terms->said, name, json_object_get(body, name));
	}
	check_url(call, json_string_value(json_object_get(body, "url")), problem);
	bool sound = read_headers(call, body, ret_terms, problem);
	sound &= read_certificate(call, body, ret_terms, problem);
	sound &= read_bundle(call, body, ret_terms, problem);
	return sound && problem->kind == PROBLEM_NONE;
}

void webhook_terms_add(struct batch *batch, const struct webhook_terms *terms)
{
	for (size_t i = 0; i < terms->material_count; i++) {
		const struct material *material = &terms->materials[i];
		struct bindings bindings = {0};
		bind_text(&bindings, "material_id", material->id.text);
		bind_text(&bindings, "kind", material->kind);
		bind_text(&bindings, "sealed", material->sealed);
		duties_add_json(
		    batch, &SQL_WEBHOOK_MATERIAL_INSERT, &bindings, "material", material->facts);
	}
}
