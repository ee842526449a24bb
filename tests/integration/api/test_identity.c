/* Owns the tests of what never shows: who somebody is, and case facts where they do not belong. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(identity, .timeout = 60);
TestSuite(canary, .timeout = 60);

/* Words that a field for identifying somebody would have in its name. */
static const char *const identifying[] = {"name", "surname", "forename", "firstname", "lastname",
    "dob", "birth", "nhs", "upn", "address", "postcode", "phone", "email"};
/* Names of things and agencies, of an IP address, and a channel. */
static const char *const harmless[] = {
    "name", "endpoint_name", "agency_name", "current_agency_name", "address"};

static bool is_word_of(const char *field, const char *word)
{
	size_t length = strlen(word);

	for (const char *found = strcasestr(field, word); found; found = strcasestr(found + 1, word)) {
		bool begins = found == field || found[-1] == '_';
		bool ends = found[length] == '\0' || found[length] == '_';
		if (begins && ends)
			return true;
	}
	return false;
}

static bool identifies(const char *field)
{
	for (size_t i = 0; i < ARRAY_LENGTH(identifying); i++)
		if (is_word_of(field, identifying[i]))
			return true;
	return false;
}

static bool is_harmless(const char *field)
{
	for (size_t i = 0; i < ARRAY_LENGTH(harmless); i++)
		if (strcmp(field, harmless[i]) == 0)
			return true;
	return false;
}

/* Calls for the name of every property that stands anywhere in the document's schemas. */
static size_t each_property(
    json_t *schema, const char *of, void (*check)(const char *, const char *))
{
	const char *key;
	json_t *value;
	size_t index;
	size_t count = 0;

	if (json_is_array(schema)) {
		json_array_foreach (schema, index, value)
			count += each_property(value, of, check);
		return count;
	}
	json_object_foreach (json_object_get(schema, "properties"), key, value) {
		check(of, key);
		count++;
	}
	json_object_foreach (schema, key, value)
		count += each_property(value, strcmp(of, "") == 0 ? key : of, check);
	return count;
}

static void check_property(const char *of, const char *name)
{
	cr_assert(!identifies(name) || is_harmless(name), "%s has the field %s", of, name);
}

Test(identity, has_no_field_in_any_schema)
{
	json_t *schemas = json_object_get(json_object_get(document(), "components"), "schemas");
	size_t count = each_property(schemas, "", check_property);

	count += each_property(json_object_get(document(), "paths"), "", check_property);
	cr_assert_gt(count, 150);
}

static void check_no_name(const char *of, const char *name)
{
	cr_assert(!identifies(name), "%s has the field %s", of, name);
}

Test(identity, has_not_even_a_harmless_field_in_what_concerns_a_child)
{
	static const char *const schemas[] = {"Incident", "IncidentCreate", "IncidentPatch", "Child",
	    "ChildCreate", "ChildPatch", "CaseSystemIncident", "CaseSystemChild",
	    "SuspectedPerpetrator"};
	json_t *all = json_object_get(json_object_get(document(), "components"), "schemas");

	for (size_t i = 0; i < ARRAY_LENGTH(schemas); i++)
		cr_assert_gt(each_property(json_object_get(all, schemas[i]), schemas[i], check_no_name), 0,
		    "%s", schemas[i]);
}

Test(identity, has_no_column_in_the_database)
{
	cr_assert_eq(count_rows("SELECT count(*) FROM information_schema.columns"
	                        " WHERE table_schema = 'public' AND table_name IN ('incident', 'child',"
	                        " 'clock', 'notification', 'change', 'event')"
	                        " AND column_name ~ '(^|_)(name|surname|forename|dob|birth|nhs|upn|"
	                        "address|postcode|phone|email)(_|$)'",
	                 NULL),
	    0);
}

Test(identity, that_is_sent_is_refused)
{
	static const char *const members[] = {
	    "surname", "forename", "date_of_birth", "nhs_number", "upn", "postcode", "address", "name"};

	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		const struct answer *refused =
		    post(incident_with("{'children': [{'%s': 'x'}]}", members[i]), "/v1/incidents");
		expect_fault(refused, text_of("/children/0/%s", members[i]), "unknown_field");
	}
}

/* Case facts in every free text, in what is kept, changed, refused and notified. */
static const char canary[] = "CANARY-7f3a";

static void sing(void)
{
	const struct answer *made = record(incident_with(
	    "{'narrative': '%s', 'immediate_actions': '%s', 'aware_by': '%s', 'aware_how': '%s',"
	    " 'children': [{'court_order_history': '%s'}]}",
	    canary, canary, canary, canary, canary));
	const char *id = answer_text(made, "/id");
	const char *taken = answer_text(made, "/local_ref");

	patch(json_of("{'narrative': '%s again'}", canary), "\"1\"", "/v1/incidents/%s", id);
	/* Refused by the schema, by a rule and by a constraint of the database, whose DETAIL has it. */
	post(incident_with("{'narrative': '%s', 'nature': '%s'}", canary, canary), "/v1/incidents");
	post(incident_with("{'narrative': '%s', 'aware_on': '2024-01-01'}", canary), "/v1/incidents");
	expect_problem(post(incident_with("{'narrative': '%s', 'local_ref': '%s'}", canary, taken),
	                   "/v1/incidents"),
	    409, "duplicate");
	make(&(struct call){.method = "POST",
	    .path = text_of("/v1/incidents?x=%s", canary),
	    .body = text_of("{\"%s\": ", canary)});
	get("/v1/%s?%s=%s", canary, canary, canary);
	expect_status(post(json_of("{'kind': 'serious_incident', 'note': '%s'}", canary),
	                  "/v1/incidents/%s/notifications", id),
	    201);
	expect_value(get("/v1/incidents/%s", id), "/aware_by", text_of("'%s'", canary));
}

Test(canary, is_not_heard_in_the_service_s_log)
{
	sing();
	CLEANUP(free) char *log = service_log(&stage()->service);
	cr_assert_not_null(strstr(log, "createIncident"));
	cr_assert_null(strstr(log, canary));
}

Test(canary, is_not_heard_in_what_webhooks_carry)
{
	sing();
	cr_assert_gt(count_rows("SELECT count(*) FROM event", NULL), 0);
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM event WHERE position($1 IN body) > 0", canary), 0);
}

Test(canary, is_not_heard_in_the_audit_trail_nor_in_metrics)
{
	CLEANUP(answer_finish) struct answer metrics = {0};

	sing();
	cr_assert_eq(count_rows("SELECT count(*) FROM audit_entry AS e"
	                        " WHERE position($1 IN to_jsonb(e)::text) > 0",
	                 canary),
	    0);
	get_metrics(&metrics);
	expect_status(&metrics, 200);
	cr_assert_null(strstr(text_string(&metrics.body), canary));
}

/* Where the postmaster's stderr goes, when that is a file that we may read; else NULL. */
static const char *server_log_path(void)
{
	CLEANUP(free)
	char *id = sql_text(
	    &stage()->database, "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)", NULL);
	char path[4096];
	ssize_t length = readlink(text_of("/proc/%s/fd/2", id), path, sizeof(path) - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	return path[0] == '/' && access(path, R_OK) == 0 ? text_of("%s", path) : NULL;
}

Test(canary, is_not_heard_in_the_log_of_postgresql)
{
	const char *path = server_log_path();
	struct service server = {0};

	sing();
	if (!path)
		cr_skip_test("PostgreSQL's log cannot be read from here");
	snprintf(server.log_path, sizeof(server.log_path), "%s", path);
	CLEANUP(free) char *log = service_log(&server);
	/* The very refusal that would tell the row. */
	cr_assert_not_null(strstr(log, "incident_local_ref_key"));
	cr_assert_null(strstr(log, canary));
}
