/* Owns the table of a webhook endpoint's steps, and the rules of its headers. */
#include "domain/webhook_endpoint_process.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define POINTER_BYTES 80

const char webhook_statutory_events[] =
    "{incident.notified,incident.notification_updated,incident.notification_withdrawn,"
    "rapid_review.submitted,review.publication_notice}";

/* ---- Headers ---- */

/* A token of RFC 9110, so that nothing but a name can stand there. */
static bool is_token(const char *name)
{
	return *name && strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
	                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(name);
}

static bool is_printable(const char *value)
{
	for (; *value; value++)
		if ((unsigned char)*value < ' ' || (unsigned char)*value > '~')
			return false;
	return true;
}

/* What the message consists of, what says where it ends, and what belongs to one connection. */
static bool is_reserved(const char *name)
{
	static const char *const names[] = {"host", "connection", "transfer-encoding", "expect", "te",
	    "trailer", "upgrade", "keep-alive", "date", "user-agent"};
	static const char *const beginnings[] = {"webhook-", "content-", "proxy-"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LENGTH(beginnings); i++)
		if (strncasecmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static bool stood_before(const json_t *headers, size_t index, const char *name)
{
	for (size_t i = 0; i < index; i++) {
		const char *other = json_string_value(json_object_get(json_array_get(headers, i), "name"));
		if (other && strcasecmp(other, name) == 0)
			return true;
	}
	return false;
}

static void check_header(
    const json_t *headers, size_t index, const char *pointer, struct problem *problem)
{
	const json_t *header = json_array_get(headers, index);
	const char *name = json_string_value(json_object_get(header, "name"));
	const char *value = json_string_value(json_object_get(header, "value"));
	char at_name[POINTER_BYTES];
	char at_value[POINTER_BYTES];

	snprintf(at_name, sizeof(at_name), "%s/%zu/name", pointer, index);
	snprintf(at_value, sizeof(at_value), "%s/%zu/value", pointer, index);
	if (!name || !is_token(name))
		problem_add(problem, PROBLEM_INVALID, at_name, "header_name",
		    "A header's name has letters, digits and hyphens.");
	else if (is_reserved(name))
		problem_add(problem, PROBLEM_INVALID, at_name, "header_reserved",
		    "The service sets this header itself.");
	else if (stood_before(headers, index, name))
		problem_add(problem, PROBLEM_INVALID, at_name, "header_twice",
		    "A header stands once in the list, in whatever case.");
	if (!value || !is_printable(value))
		problem_add(problem, PROBLEM_INVALID, at_value, "header_value",
		    "A header's value is printable ASCII on one line.");
}

bool webhook_headers_check(const json_t *headers, const char *pointer, struct problem *problem)
{
	for (size_t i = 0; i < json_array_size(headers); i++)
		check_header(headers, i, pointer, problem);
	return problem->kind == PROBLEM_NONE;
}

/* ---- Steps ---- */

static bool is_given(const struct act *act, const char *name)
{
	const json_t *value = json_object_get(act->body, name);

	return value && !json_is_null(value);
}

static bool has_type(const json_t *types, const char *type, size_t length)
{
	size_t index;
	json_t *item;

	json_array_foreach (types, index, item)
		if (json_string_length(item) == length &&
		    strncmp(json_string_value(item), type, length) == 0)
			return true;
	return false;
}

/* An endpoint of a recipient in law gets everything that the law has it told. */
static bool check_subscription(const struct act *act, struct problem *problem)
{
	const json_t *types = json_object_get(act->body, "event_types");
	const char *type = webhook_statutory_events + 1;

	if (!is_given(act, "recipient") || !types)
		return true;
	for (size_t length; (length = strcspn(type, ",}")); type += length + 1) {
		if (!has_type(types, type, length))
			return problem_add(problem, PROBLEM_INVALID, "/event_types", "statutory_events",
			    "An endpoint of a recipient in law is told of %.*s (Working Together 2023, "
			    "chapter 5).",
			    (int)length, type);
		if (type[length] == '}')
			break;
	}
	return true;
}

/* Whoever refuses may have proposed it: then it is taken back. */
static bool may_decide(const struct act *act)
{
	return act_fact(act, "change_is_anothers") || strcmp(act_text(act, "decision"), "refuse") == 0;
}

/* A grace of nothing ends the earlier one on purpose, as when a secret has leaked. */
static bool may_rotate(const struct act *act)
{
	const json_t *grace = json_object_get(act->body, "grace_hours");

	return act_fact(act, "no_grace_lasts") || (grace && json_integer_value(grace) == 0);
}

static const struct need reason = {
    .code = "reason",
    .sentence = "Say why, for whoever asks later.",
    .is_evidence = true,
};
static const struct need is_anothers = {
    .code = "is_anothers",
    .sentence = "Another API key than the one that proposed it approves it: two people answer for "
                "where notifications go.",
};
static const struct need is_approved = {
    .code = "is_approved",
    .sentence = "It was approved by a second API key.",
};
static const struct need change_is_open = {
    .code = "change_is_open",
    .sentence = "A change is proposed and not decided yet.",
};
static const struct need change_is_anothers = {
    .code = "change_is_anothers",
    .sentence = "Another API key than the one that proposed the change approves it: two people "
                "answer for where notifications go.",
    .is_there = may_decide,
};
/* Else one key could add something to what another proposed, and that one approve it all. */
static const struct need proposal_is_own = {
    .code = "proposal_is_own",
    .sentence = "What another API key has proposed is approved or refused before anything else is "
                "proposed: two people answer for all of it.",
};
static const struct need recipient_has_another = {
    .code = "recipient_has_another",
    .sentence = "A recipient in law keeps an active endpoint (Children Act 2004 s16C; Working "
                "Together 2023, chapter 5): let another one be approved first.",
};

static const struct need no_grace_lasts = {
    .code = "no_grace_lasts",
    .sentence =
        "The grace of the rotation before is over (previous_secret_until): calls would else not "
        "be signed any more with the secret that the receiver may still have. grace_hours 0 ends "
        "it at once.",
    .is_there = may_rotate,
};

/* Each costs every look at the queue, and one key proposes as many as it likes. */
static const struct need has_room = {
    .code = "has_room",
    .sentence =
        "The partnership has as many endpoints that are proposed, active or paused as it "
        "may have (x-most of this operation in the OpenAPI document): retire or refuse one first.",
};

#define TRANSITION "createWebhookEndpointTransition"
#define DECISION "createWebhookEndpointDecision"
#define WRITE "webhooks:write"
#define APPROVE "webhooks:approve"

static const struct step steps[] = {
    {.operation = "createWebhookEndpoint",
        .from = "",
        .to = "proposed",
        .needs = {&has_room},
        .check = check_subscription},
    {.operation = "patchWebhookEndpoint",
        .from = "proposed active paused",
        .needs = {&proposal_is_own},
        .check = check_subscription},
    {.operation = TRANSITION,
        .from = "proposed",
        .to = "active",
        .role = APPROVE,
        .needs = {&is_anothers}},
    {.operation = TRANSITION,
        .from = "proposed",
        .to = "refused",
        .role = APPROVE,
        .needs = {&reason}},
    {.operation = TRANSITION,
        .from = "active",
        .to = "paused",
        .role = WRITE,
        .needs = {&recipient_has_another, &reason}},
    {.operation = TRANSITION,
        .from = "paused",
        .to = "active",
        .role = WRITE,
        .needs = {&is_approved}},
    {.operation = TRANSITION,
        .from = "proposed active paused",
        .to = "retired",
        .role = WRITE,
        .needs = {&recipient_has_another, &reason}},
    {.operation = "deleteWebhookEndpoint",
        .from = "proposed active paused",
        .to = "retired",
        .needs = {&recipient_has_another}},
    {.operation = DECISION,
        .from = "active",
        .to = "active",
        .needs = {&change_is_open, &change_is_anothers}},
    {.operation = DECISION,
        .from = "paused",
        .to = "paused",
        .needs = {&change_is_open, &change_is_anothers}},
    {.operation = "createWebhookEndpointRotation",
        .from = "proposed active paused",
        .needs = {&no_grace_lasts}},
    {.operation = "createWebhookEndpointPing", .from = "proposed active"},
};

const struct process webhook_endpoint_process = {
    .resource = "webhook_endpoint",
    .noun = "webhook endpoint",
    .states = "proposed active paused refused retired",
    .steps = steps,
    .step_count = ARRAY_LENGTH(steps),
};
