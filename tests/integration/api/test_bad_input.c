/* Owns the tests of what a bad incident is told, and that nothing of it is kept. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(fault, .timeout = 60);
TestSuite(rule, .timeout = 60);
TestSuite(body, .timeout = 60);
TestSuite(parameter, .timeout = 60);

/* Refused with this problem, and nothing has changed. */
#define expect_refusal(made, status, code)                                                         \
	do {                                                                                           \
		const char *kept_ = everything_kept();                                                     \
		const struct answer *answer_ = (made);                                                     \
		expect_problem(answer_, (status), (code));                                                 \
		cr_assert_str_eq(everything_kept(), kept_);                                                \
	} while (0)

Test(fault, is_told_of_every_field_at_once_with_its_pointer)
{
	const char *kept = everything_kept();
	const struct answer *refused = post(
	    json_of("{'incident_date': '2024-02-30', 'incident_time': '9pm', 'aware_on': 'Monday',"
	            " 'nature': 'bad', 'narrative': 7, 'la_of_incident': 'Sandwell',"
	            " 'harm_types': ['neglect', 'neglect', 'unkindness'], 'media_interest': 'yes',"
	            " 'surprise': 1, 'suspected_perpetrators': [{'sex': 'M'}],"
	            " 'children': [{'age_years': -1, 'sex': 'X'}, {'ethnicity': 'WBRI', 'dob': 'x'}]}"),
	    "/v1/incidents");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/incident_date", "format");
	expect_fault(refused, "/incident_time", "pattern");
	expect_fault(refused, "/aware_on", "format");
	expect_fault(refused, "/nature", "enum");
	expect_fault(refused, "/narrative", "type");
	expect_fault(refused, "/la_of_incident", "pattern");
	expect_fault(refused, "/harm_types", "unique_items");
	expect_fault(refused, "/harm_types/2", "enum");
	expect_fault(refused, "/media_interest", "type");
	expect_fault(refused, "/surprise", "unknown_field");
	expect_fault(refused, "/suspected_perpetrators/0/relationship", "required");
	expect_fault(refused, "/children/0/age_years", "minimum");
	expect_fault(refused, "/children/0/sex", "enum");
	expect_fault(refused, "/children/1/dob", "unknown_field");
	cr_assert_eq(json_array_size(answer_at(refused, "/errors")), 14, "%s", told(refused));
	cr_assert_str_eq(everything_kept(), kept);
}

Test(fault, of_several_rules_is_told_at_once)
{
	const char *kept = everything_kept();
	const struct answer *refused =
	    post(incident_with("{'aware_on': '2024-01-05', 'nature': 'child_death',"
	                       " 'death_date': '2024-01-05', 'incident_date_to': '2024-01-02',"
	                       " 'children': [{'index_child': true, 'unborn': true, 'age_years': 2},"
	                       " {'index_child': true, 'cp_started_on': '2024-01-05',"
	                       " 'cp_ended_on': '2024-01-04'}]}"),
	        "/v1/incidents");

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/aware_on", "aware_before_incident");
	expect_fault(refused, "/death_date", "death_before_incident");
	expect_fault(refused, "/incident_date_to", "incident_date_to_before_start");
	expect_fault(refused, "/children/0/age_years", "unborn_age");
	expect_fault(refused, "/children/0/expected_on", "expected_on_required");
	expect_fault(refused, "/children/1/index_child", "index_child");
	expect_fault(refused, "/children/1/cp_ended_on", "cp_ended_before_start");
	cr_assert_str_eq(everything_kept(), kept);
}

Test(rule, of_incident_names_the_field_and_itself)
{
	static const struct {
		const char *members;
		const char *pointer;
		const char *code;
	} rules[] = {
	    {"{'aware_on': '2024-01-05'}", "/aware_on", "aware_before_incident"},
	    {"{'partnership_aware_on': '2024-01-05'}", "/partnership_aware_on",
	        "aware_before_incident"},
	    {"{'referral_received_on': '2023-12-31'}", "/referral_received_on",
	        "aware_before_incident"},
	    {"{'aware_on': null, 'aware_at': '2024-01-05T23:59:59Z'}", "/aware_at",
	        "aware_before_incident"},
	    {"{'aware_at': '2024-01-09T08:00:00Z'}", "/aware_on", "aware_at_disagrees"},
	    {"{'nature': 'child_death', 'death_date': '2024-01-05'}", "/death_date",
	        "death_before_incident"},
	    {"{'death_date': '2024-01-07'}", "/death_date", "death_facts_without_death"},
	    {"{'children': [{'index_child': true}, {'index_child': true}]}", "/children/1/index_child",
	        "index_child"},
	    {"{'children': [{'role': 'victim'}, {'role': 'victim'}]}", "/children", "index_child"},
	    {"{'incident_date': null}", "/incident_date", "incident_date_required"},
	    {"{'date_precision': 'range'}", "/incident_date_to", "incident_date_to_required"},
	    {"{'date_precision': 'month', 'incident_time': '10:00'}", "/incident_time",
	        "incident_time_without_date"},
	    {"{'nature': 'other'}", "/nature", "nature_not_most_serious"},
	    {"{'abuse_neglect_status': 'not_known_or_suspected'}", "/abuse_neglect_status",
	        "abuse_status_not_allowed"},
	    {"{'notifying_basis': 'lac_death'}", "/notifying_basis", "lac_death_basis_contradicts"},
	    {"{'aware_on': '1750-01-01'}", "/aware_on", "date_out_of_range"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		const struct answer *refused = post(incident_with("%s", rules[i].members), "/v1/incidents");
		expect_problem(refused, 422, "invalid");
		expect_fault(refused, rules[i].pointer, rules[i].code);
	}
	cr_assert_eq(
	    count_rows("SELECT count(*) FROM incident WHERE aware_on < '2024-01-06'", NULL), 0);
}

Test(rule, refuses_what_lies_in_the_future)
{
	static const char *const fields[] = {
	    "incident_date", "aware_on", "partnership_aware_on", "referral_received_on"};

	for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
		const struct answer *refused =
		    post(incident_with("{'%s': '%s'}", fields[i], day(2)), "/v1/incidents");
		expect_problem(refused, 422, "invalid");
		expect_fault(refused, text_of("/%s", fields[i]), "date_in_future");
	}
	expect_status(post(incident_with("{'aware_on': '%s'}", day(0)), "/v1/incidents"), 201);
}

Test(rule, refuses_an_instant_in_the_future)
{
	const struct answer *refused = post(
	    incident_with("{'aware_on': null, 'aware_at': '%sT12:00:00Z'}", day(2)), "/v1/incidents");

	expect_fault(refused, "/aware_at", "date_in_future");
	cr_assert_eq(json_array_size(answer_at(refused, "/errors")), 1, "%s", told(refused));
}

Test(rule, wants_an_awareness_and_children)
{
	expect_refusal(post(incident_with("{'aware_on': null}"), "/v1/incidents"), 422, "invalid");
	expect_refusal(post(incident_with("{'children': []}"), "/v1/incidents"), 422, "invalid");
	expect_refusal(post(json_of("{}"), "/v1/incidents"), 422, "invalid");
	expect_refusal(post(json_of("[]"), "/v1/incidents"), 422, "invalid");
}

Test(rule, keeps_from_the_client_what_the_service_alone_writes)
{
	static const char *const members[] = {"id", "version", "state", "duty", "sin_due_on",
	    "dfe_sin_ref", "case_system", "external_id", "created_by_agency_id", "partnership_id"};

	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		const struct answer *refused =
		    post(incident_with("{'%s': 'x'}", members[i]), "/v1/incidents");
		expect_fault(refused, text_of("/%s", members[i]), "unknown_field");
	}
}

static const struct answer *post_bytes(const char *bytes, size_t length)
{
	return make(&(struct call){.method = "POST",
	    .path = "/v1/incidents",
	    .idempotency_key = new_id(),
	    .body = bytes,
	    .body_length = length});
}

static const struct answer *post_text(const char *text)
{
	return post_bytes(text, strlen(text));
}

/* A sound incident whose members end in these, so that nothing else is wrong with it. */
static const char *sound_with(const char *members)
{
	return text_of("{\"incident_date\":\"2024-01-06\",\"aware_on\":\"2024-01-08\","
	               "\"nature\":\"serious_harm\",\"children\":[{\"sex\":\"F\"}]%s}",
	    members);
}

Test(body, is_refused_when_it_is_not_json)
{
	static const char *const bodies[] = {"{", "{'a': 1}", "nature=serious_harm", "{} {}",
	    "{\"a\": 01}", "{\"a\": NaN}", "// x\n{}", "{\"a\": \"\\ud800\"}"};

	expect_status(post_text(sound_with("")), 201);
	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++)
		expect_refusal(post_text(bodies[i]), 400, "malformed-body");
}

Test(body, is_refused_with_a_key_twice)
{
	expect_refusal(post_text(sound_with(",\"nature\":\"other\"")), 400, "malformed-body");
	expect_refusal(post_text(sound_with(",\"media_interest\":true,\"media_interest\":true")), 400,
	    "malformed-body");
}

Test(body, is_refused_with_bytes_that_are_not_utf_8)
{
	static const char *const texts[] = {
	    "\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80"};

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		const char *members = text_of(",\"narrative\":\"%s\"", texts[i]);
		expect_refusal(post_text(sound_with(members)), 400, "malformed-body");
	}
	expect_refusal(post_bytes("{\"narrative\":\"\0\"}", 17), 400, "malformed-body");
	expect_refusal(post_text(sound_with(",\"narrative\":\"a\\u0000b\"")), 400, "malformed-body");
}

Test(body, is_refused_with_characters_that_hide_or_turn_text)
{
	const struct answer *refused =
	    post_text(sound_with(",\"narrative\":\"\\u202Etxet\",\"aware_by\":\"\\u0007\""));

	expect_problem(refused, 422, "invalid");
	expect_fault(refused, "/narrative", "forbidden_character");
	expect_fault(refused, "/aware_by", "forbidden_character");
}

static const char *nested(size_t depth)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(100000);

	for (size_t i = 0; i < depth; i++)
		text_putc(&text, '[');
	for (size_t i = 0; i < depth; i++)
		text_putc(&text, ']');
	return text_of("%s", text_string(&text));
}

Test(body, is_refused_when_it_is_too_deep)
{
	const struct answer *allowed = post_text(sound_with(text_of(",\"x\":%s", nested(31))));

	expect_problem(allowed, 422, "invalid");
	expect_refusal(post_text(sound_with(text_of(",\"x\":%s", nested(32)))), 400, "malformed-body");
	expect_refusal(post_text(nested(40000)), 400, "malformed-body");
}

static const char *numbers(size_t count)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1 << 20);

	for (size_t i = 0; i < count; i++)
		text_puts(&text, i ? ",1" : "1");
	return text_of("%s", text_string(&text));
}

Test(body, is_refused_with_too_many_nodes)
{
	expect_problem(post_text(sound_with(text_of(",\"x\":[%s]", numbers(9900)))), 422, "invalid");
	expect_refusal(
	    post_text(sound_with(text_of(",\"x\":[%s]", numbers(10001)))), 400, "malformed-body");
}

static const char *sound_of_size(size_t size)
{
	size_t rest = size - strlen(sound_with(""));
	CLEANUP(free) char *spaces = malloc(rest + 1);

	memset(spaces, ' ', rest);
	spaces[rest] = '\0';
	return sound_with(spaces);
}

Test(body, may_have_a_megabyte_and_not_a_byte_more)
{
	expect_status(post_text(sound_of_size(1 << 20)), 201);
	expect_refusal(post_text(sound_of_size((1 << 20) + 1)), 413, "body-too-large");
	expect_refusal(post_text(sound_of_size(4 << 20)), 413, "body-too-large");
}

Test(body, in_chunks_has_the_same_limit)
{
	static const char *const headers[] = {"Transfer-Encoding: chunked", NULL};
	struct call call = {.method = "POST",
	    .path = "/v1/incidents",
	    .headers = headers,
	    .idempotency_key = new_id(),
	    .body = sound_of_size((1 << 20) + 1)};

	expect_refusal(make(&call), 413, "body-too-large");
	call.body = sound_with("");
	expect_status(make(&call), 201);
}

Test(body, of_another_type_is_refused)
{
	static const char *const types[] = {
	    "text/plain", "application/merge-patch+json", "application/json; charset=latin1"};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		expect_refusal(make(&(struct call){.method = "POST",
		                   .path = "/v1/incidents",
		                   .idempotency_key = new_id(),
		                   .content_type = types[i],
		                   .body = sound_with("")}),
		    415, "unsupported-media-type");
}

Test(body, that_is_missing_is_missed)
{
	expect_refusal(make(&(struct call){
	                   .method = "POST", .path = "/v1/incidents", .idempotency_key = new_id()}),
	    400, "malformed-body");
}

Test(parameter, that_is_unknown_is_refused)
{
	const struct answer *refused = get("/v1/incidents?natrue=other&limit=5&page=2");

	expect_problem(refused, 400, "bad-parameter");
	expect_fault(refused, "natrue", "unknown_parameter");
	expect_fault(refused, "page", "unknown_parameter");
	expect_refusal(post(incident_with("{}"), "/v1/incidents?dryrun=true"), 400, "bad-parameter");
}

Test(parameter, that_stands_twice_is_refused)
{
	expect_fault(get("/v1/incidents?limit=5&limit=6"), "limit", "duplicate");
}

Test(parameter, that_is_malformed_is_refused)
{
	static const char *const paths[] = {"/v1/incidents?nature=bad", "/v1/incidents?sort=name",
	    "/v1/incidents?aware_on[gte]=soon", "/v1/incidents?updated_at[gte]=2024-01-01",
	    "/v1/incidents/not-a-uuid", "/v1/incidents?nature=", "/v1/deliveries?incident_id=1",
	    "/v1/calendar/working-day?from=2024-01-08", "/v1/calendar/working-day?from=x&add=1",
	    "/v1/calendar/working-day?from=2024-01-08&add=1.5"};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		const struct answer *refused = get("%s", paths[i]);
		cr_assert(is_problem(refused, 400, "bad-parameter"), "%s: %s", paths[i], told(refused));
	}
	expect_refusal(post(incident_with("{}"), "/v1/incidents?dry_run=maybe"), 400, "bad-parameter");
}
