/* Owns the tests of a webhook endpoint's steps and of the rules of its headers. */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "domain/webhook_endpoint_process.h"

#define BOTH "{webhooks:write,webhooks:approve}"
#define ROOM "{\"has_room\": true}"

struct asked {
	const char *operation;
	const char *to;
	const char *state;
	const char *scopes;
	const char *facts;
	const char *body;
};

/* What the step is answered with; PROBLEM_NONE where it is taken. */
static enum problem_kind kind_of(const struct asked *asked)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *facts = json_loads(asked->facts, 0, NULL);
	CLEANUP(json_decref) json_t *body = json_loads(asked->body, 0, NULL);
	const struct act act = {.facts = facts, .body = body};
	const struct step *step = NULL;

	cr_assert(facts && body);
	if (process_find(&webhook_endpoint_process, asked->operation, asked->to, asked->state, &step,
	        &problem) &&
	    process_judge(&webhook_endpoint_process, step, &act, asked->scopes, &problem))
		return PROBLEM_NONE;
	return problem.kind;
}

#define MOVE "createWebhookEndpointTransition"
#define DECIDE "createWebhookEndpointDecision"

Test(webhook_endpoint_process, takes_two_keys_to_put_anything_in_force)
{
	static const struct {
		struct asked asked;
		enum problem_kind kind;
	} rows[] = {
	    {{MOVE, "active", "proposed", BOTH, "{\"is_anothers\": true}", "{}"}, PROBLEM_NONE},
	    {{MOVE, "active", "proposed", BOTH, "{\"is_anothers\": false}", "{}"}, PROBLEM_CONFLICT},
	    {{MOVE, "active", "proposed", "{webhooks:write}", "{\"is_anothers\": true}", "{}"},
	        PROBLEM_FORBIDDEN},
	    {{MOVE, "active", "refused", BOTH, "{\"is_anothers\": true}", "{}"}, PROBLEM_CONFLICT},
	    {{MOVE, "active", "retired", BOTH, "{\"is_anothers\": true}", "{}"}, PROBLEM_CONFLICT},
	    {{MOVE, "paused", "proposed", BOTH, "{}", "{\"reason\": \"a\"}"}, PROBLEM_CONFLICT},
	    {{MOVE, "active", "paused", BOTH, "{\"is_approved\": true}", "{}"}, PROBLEM_NONE},
	    {{MOVE, "active", "paused", BOTH, "{\"is_approved\": false}", "{}"}, PROBLEM_CONFLICT},
	    {{DECIDE, NULL, "active", BOTH, "{\"change_is_open\": true, \"change_is_anothers\": true}",
	         "{\"decision\": \"approve\"}"},
	        PROBLEM_NONE},
	    {{DECIDE, NULL, "active", BOTH, "{\"change_is_open\": true, \"change_is_anothers\": false}",
	         "{\"decision\": \"approve\"}"},
	        PROBLEM_CONFLICT},
	    {{DECIDE, NULL, "paused", BOTH, "{\"change_is_open\": true, \"change_is_anothers\": false}",
	         "{\"decision\": \"refuse\"}"},
	        PROBLEM_NONE},
	    {{DECIDE, NULL, "active", BOTH, "{\"change_is_anothers\": true}",
	         "{\"decision\": \"approve\"}"},
	        PROBLEM_CONFLICT},
	    {{DECIDE, NULL, "proposed", BOTH,
	         "{\"change_is_open\": true, \"change_is_anothers\": true}",
	         "{\"decision\": \"approve\"}"},
	        PROBLEM_CONFLICT},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(kind_of(&rows[i].asked), rows[i].kind, "row %zu", i);
}

Test(webhook_endpoint_process, leaves_a_recipient_in_law_an_endpoint)
{
	static const char *const states[] = {"active", "paused"};

	for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
		const struct asked last = {MOVE, "retired", states[i], BOTH,
		    "{\"recipient_has_another\": false}", "{\"reason\": \"a\"}"};
		const struct asked spare = {MOVE, "retired", states[i], BOTH,
		    "{\"recipient_has_another\": true}", "{\"reason\": \"a\"}"};
		const struct asked deleted = {"deleteWebhookEndpoint", NULL, states[i], BOTH, "{}", "{}"};
		cr_expect_eq(kind_of(&last), PROBLEM_CONFLICT);
		cr_expect_eq(kind_of(&spare), PROBLEM_NONE);
		cr_expect_eq(kind_of(&deleted), PROBLEM_CONFLICT);
	}
	/* Nor does one key silence it for a while. */
	const struct asked last = {MOVE, "paused", "active", BOTH, "{\"recipient_has_another\": false}",
	    "{\"reason\": \"a\"}"};
	const struct asked spare = {
	    MOVE, "paused", "active", BOTH, "{\"recipient_has_another\": true}", "{\"reason\": \"a\"}"};
	cr_expect_eq(kind_of(&last), PROBLEM_CONFLICT);
	cr_expect_eq(kind_of(&spare), PROBLEM_NONE);
}

Test(webhook_endpoint_process, has_a_recipient_in_law_told_all_that_it_has_to_be)
{
	static const char all[] =
	    "{\"recipient\": \"dfe\", \"event_types\": [\"incident.notified\","
	    "\"incident.notification_updated\", \"incident.notification_withdrawn\","
	    "\"rapid_review.submitted\", \"review.publication_notice\", \"incident.created\"]}";
	static const char less[] =
	    "{\"recipient\": \"dfe\", \"event_types\": [\"incident.notified\","
	    "\"incident.notification_updated\", \"rapid_review.submitted\","
	    "\"review.publication_notice\", \"incident.notification_withdrawn_\"]}";
	static const char ordinary[] = "{\"recipient\": null, \"event_types\": []}";
	const struct asked whole = {"createWebhookEndpoint", NULL, "", BOTH, ROOM, all};
	const struct asked part = {"patchWebhookEndpoint", NULL, "active", BOTH, "{}", less};
	const struct asked nothing = {"createWebhookEndpoint", NULL, "", BOTH, ROOM, ordinary};

	cr_expect_eq(kind_of(&whole), PROBLEM_NONE);
	cr_expect_eq(kind_of(&part), PROBLEM_INVALID);
	cr_expect_eq(kind_of(&nothing), PROBLEM_NONE);
}

static bool headers_are_sound(const char *text)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(json_decref) json_t *headers = json_loads(text, 0, NULL);

	cr_assert_not_null(headers);
	return webhook_headers_check(headers, "/headers", &problem);
}

Test(webhook_headers, are_names_and_values_of_one_line_that_the_message_has_not_itself)
{
	static const char *const refused[] = {"Webhook-Signature", "webhook-anything", "HOST",
	    "content-type", "Content-Length", "transfer-encoding", "Connection", "Keep-Alive", "Expect",
	    "Proxy-Authorization", "a b", "a:", "a\\r\\nb", "", "\\u00e9"};

	cr_expect(headers_are_sound("[]"));
	cr_expect(headers_are_sound("[{\"name\": \"Authorization\", \"value\": \"Bearer a b\"},"
	                            "{\"name\": \"X-Empty\", \"value\": \"\"}]"));
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		char text[200];
		snprintf(text, sizeof(text), "[{\"name\": \"%s\", \"value\": \"a\"}]", refused[i]);
		cr_expect_not(headers_are_sound(text), "%s", refused[i]);
	}
	cr_expect_not(headers_are_sound("[{\"name\": \"X-A\", \"value\": \"a\\r\\nHost: b\"}]"));
	cr_expect_not(headers_are_sound("[{\"name\": \"X-A\", \"value\": \"a\\nb\"}]"));
	cr_expect_not(headers_are_sound("[{\"name\": \"X-A\", \"value\": \"\\u00e9\"}]"));
	cr_expect_not(headers_are_sound(
	    "[{\"name\": \"X-A\", \"value\": \"1\"}, {\"name\": \"x-a\", \"value\": \"2\"}]"));
}
