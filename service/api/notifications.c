/* Owns the step from a notifiable incident to its notification, and the acknowledgements of it. */
#include "api/notifications.h"

#include <stdio.h>
#include <string.h>

#include "api/duties.h"
#include "api/incident_write.h"
#include "base/ids.h"
#include "domain/notification_rules.h"
#include "store/statements.h"

#define INCIDENT_BYTES ((size_t)4 * 1024 * 1024)

struct notice {
	json_t *incident;
	struct duty_decision decision;
	const struct notification_kind *kind;
	json_t *earlier;     /* what it may follow */
	struct text follows; /* whom that reached, as an array */
	bool is_sent;        /* else it was made elsewhere and is only recorded */
	struct date notified_on;
	const char *note;
	struct uuid rapid_review_id; /* of the one that it opens, where the duty has one */
	const char *changes;
};

static void notice_finish(struct notice *notice)
{
	json_decref(notice->incident);
	json_decref(notice->earlier);
	text_finish(&notice->follows);
}
DEFINE_VALUE_CLEANUP(struct notice, notice_finish)

/* The incident, and the notifications that it had. */
static bool read_notified(struct call *call, struct notice *notice, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(text_finish) struct text text = TEXT_INIT(INCIDENT_BYTES);

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t incident = batch_add(&batch, &SQL_INCIDENT_GET, &arguments.bindings);
	size_t earlier = batch_add(&batch, &SQL_NOTIFICATION_EARLIER, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	if (rows_count(batch_rows(&batch, incident)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such incident.");
	rows_put_object(batch_rows(&batch, incident), 0, &text);
	notice->incident = json_loads(text_string(&text), 0, NULL);
	const struct rows *rows = batch_rows(&batch, earlier);
	notice->earlier = json_loads(rows_text(rows, 0, "earlier"), 0, NULL);
	notice->follows = TEXT_INIT(200);
	if (rows_text(rows, 0, "recipients"))
		text_puts(&notice->follows, rows_text(rows, 0, "recipients"));
	return (notice->incident && notice->earlier) ||
	       problem_fail(problem, PROBLEM_INTERNAL, "an incident was not JSON");
}

/* Nothing is notified before its reason: what a duty asks for, or what it follows. */
static struct date earliest_day(const struct notice *notice)
{
	const json_t *first = json_array_get(notice->earlier, 0);
	const json_t *source = notification_follows(notice->kind) && first ? first : notice->incident;
	const char *name = source == first ? "notified_on" : "aware_on";
	struct date day;

	return date_parse(json_string_value(json_object_get(source, name)), &day) ? day : DATE_NONE;
}

/* A record of an earlier notification names its day, which lies between awareness and today. */
static bool check_day(const struct call *call, struct notice *notice, struct problem *problem)
{
	const json_t *body = call->request->json;
	const char *text = json_string_value(json_object_get(body, "notified_on"));
	struct date earliest = earliest_day(notice);

	notice->notified_on = call->today;
	if (notice->is_sent && text)
		problem_add(problem, PROBLEM_INVALID, "/notified_on", "notified_on_not_allowed",
		    "A notification that is sent now is dated today; only a recorded one names its day.");
	if (notice->is_sent)
		return problem->kind == PROBLEM_NONE;
	if (!text || !date_parse(text, &notice->notified_on))
		return problem_add(problem, PROBLEM_INVALID, "/notified_on", "required",
		    "A recorded notification needs the day on which it was made.");
	if (notice->notified_on.days > call->today.days)
		problem_add(problem, PROBLEM_INVALID, "/notified_on", "date_in_future",
		    "A notification that was made cannot lie in the future.");
	if (date_is_set(earliest) && notice->notified_on.days < earliest.days &&
	    notification_follows(notice->kind))
		problem_add(problem, PROBLEM_INVALID, "/notified_on", "notified_before_first",
		    "Nobody can update or withdraw before the notification that it follows.");
	else if (date_is_set(earliest) && notice->notified_on.days < earliest.days)
		problem_add(problem, PROBLEM_INVALID, "/notified_on", "notified_before_aware",
		    "Nobody can notify before the local authority became aware.");
	return problem->kind == PROBLEM_NONE;
}

static void put_recipients(const struct notice *notice, struct text *ret_array)
{
	if (notification_follows(notice->kind)) {
		text_puts(ret_array, text_string(&notice->follows));
		return;
	}
	text_putc(ret_array, '{');
	for (const char *const *name = duty_recipients(notice->kind->duty); *name; name++)
		text_printf(ret_array, "%s%s", ret_array->length > 1 ? "," : "", *name);
	text_putc(ret_array, '}');
}

/* The clocks that the notification starts. */
static bool start_clocks(const struct rulebook *rulebook, const struct notice *notice,
    json_t **ret_started, struct problem *problem)
{
	json_t *review = NULL;

	*ret_started = json_array();
	if (!duty_needs_rapid_review(notice->kind->duty))
		return true;
	if (!duties_count_from(
	        rulebook, "rapid_review", notice->incident, notice->notified_on, &review, problem))
		return false;
	json_object_set_new(review, "subject", json_string("rapid_review"));
	json_object_set_new(review, "subject_id", json_string(notice->rapid_review_id.text));
	json_object_set_new(review, "duty", json_string(notice->kind->name));
	json_object_set_new(review, "rule", json_string(notice->decision.rule));
	json_array_append_new(*ret_started, review);
	return true;
}

/* Told to the recipients in law when it is sent; a record is told to nobody of them. */
static void add_event(struct call *call, struct batch *batch, const struct notice *notice,
    const char *id, const char *event_id, const char *recipients)
{
	const char *incident_id = json_string_value(json_object_get(notice->incident, "id"));
	CLEANUP(json_decref) json_t *data = duties_event(call, incident_id);
	struct event event = {
	    .type = notice->kind->event,
	    .incident_id = incident_id,
	    .recipients = notice->is_sent ? recipients : "{}",
	    .data = data,
	};

	json_object_set_new(data, "notification_id", json_string(id));
	json_object_set_new(data, "kind", json_string(notice->kind->name));
	json_object_set_new(data, "notified_on", json_string(date_format(notice->notified_on).text));
	duties_add_event(&event, event_id, batch);
}

/* The first of its kind: the incident has been notified, its clock is met, a review may open. */
static void add_met_duty(
    struct batch *batch, const struct notice *notice, const json_t *started, const char *id)
{
	struct bindings bindings = {0};
	struct date_text notified_on = date_format(notice->notified_on);

	bind_text(&bindings, "incident_id", json_string_value(json_object_get(notice->incident, "id")));
	bind_text(&bindings, "notification_id", id);
	bind_text(&bindings, "notified_on", notified_on.text);
	bind_text(&bindings, "kind", "sin");
	bind_text(&bindings, "completed_on", notified_on.text);
	batch_add(batch, &SQL_CLOCK_COMPLETE, &bindings);
	if (duty_needs_rapid_review(notice->kind->duty)) {
		bind_text(&bindings, "rapid_review_id", notice->rapid_review_id.text);
		batch_add(batch, &SQL_RAPID_REVIEW_OPEN, &bindings);
	}
	if (json_array_size(started))
		duties_add_json(batch, &SQL_CLOCKS_INSERT, &bindings, "clocks", started);
}

static void add_notice(struct call *call, struct batch *batch, const struct notice *notice,
    const json_t *started, const char *id)
{
	struct bindings bindings = {0};
	struct uuid event_id = uuid_new();
	struct date_text notified_on = date_format(notice->notified_on);
	const char *incident_id = json_string_value(json_object_get(notice->incident, "id"));
	bool follows = notification_follows(notice->kind);
	CLEANUP(text_finish) struct text recipients = TEXT_INIT(200);
	char version[24];

	put_recipients(notice, &recipients);
	snprintf(version, sizeof(version), "%lld",
	    (long long)json_integer_value(json_object_get(notice->incident, "version")));
	bind_text(&bindings, "notification_id", id);
	bind_text(&bindings, "incident_id", incident_id);
	bind_text(&bindings, "version", version);
	bind_text(&bindings, "to", NULL);
	bind_text(&bindings, "kind", notice->kind->name);
	bind_text(&bindings, "transmission", notice->is_sent ? "send" : "record");
	bind_text(&bindings, "notified_on", notified_on.text);
	bind_text(&bindings, "rule", notice->decision.rule);
	bind_text(&bindings, "note", notice->note);
	bind_text(&bindings, "changes", notice->changes);
	bind_text(&bindings, "event_id", event_id.text);
	bind_text(&bindings, "recipients", text_string(&recipients));
	batch_add(batch, follows ? &SQL_INCIDENT_ADVANCE : &SQL_INCIDENT_NOTIFIED, &bindings);
	batch_add(batch, &SQL_NOTIFICATION_INSERT, &bindings);
	batch_add(batch, &SQL_NOTIFICATION_RECIPIENTS_INSERT, &bindings);
	if (!follows)
		add_met_duty(batch, notice, started, id);
	add_event(call, batch, notice, id, event_id.text, text_string(&recipients));
}

static bool notify_once(struct call *call, const struct rulebook *rulebook,
    const struct notice *notice, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(json_decref) json_t *started = NULL;
	struct uuid id = uuid_new();
	struct bindings bindings = {0};
	char location[80];

	if (!start_clocks(rulebook, notice, &started, problem) ||
	    !call_begin(call, call_end(call), rulebook, &batch, problem))
		return false;
	snprintf(location, sizeof(location), "/v1/notifications/%s", id.text);
	call_claim(call, &batch);
	add_notice(call, &batch, notice, started, id.text);
	call_audit(call, &batch, id.text);
	bind_text(&bindings, "notification_id", id.text);
	size_t answer = call_keep(call, &batch, &SQL_NOTIFICATION_GET, &SQL_NOTIFICATION_GET_STORED,
	    &bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, 1);
	return true;
}

static bool try_notify(struct call *call, struct problem *problem)
{
	CLEANUP(rulebook_release) struct rulebook *rulebook = NULL;
	const json_t *body = call->request->json;
	const char *transmission = json_string_value(json_object_get(body, "transmission"));
	CLEANUP(notice_finish)
	struct notice notice = {
	    .kind = notification_kind(json_string_value(json_object_get(body, "kind"))),
	    .is_sent = !transmission || strcmp(transmission, "send") == 0,
	    .note = json_string_value(json_object_get(body, "note")),
	    .rapid_review_id = uuid_new(),
	    .changes = json_string_value(json_object_get(body, "changes")),
	};

	if (!notice.kind)
		return problem_fail(problem, PROBLEM_INTERNAL, "a kind of notification has no rules");
	if (!read_notified(call, &notice, problem) || !call_rulebook(call, &rulebook, problem))
		return false;
	notice.decision = notifiability_decide(notice.incident);
	return check_day(call, &notice, problem) &&
	       notification_check(
	           notice.kind, notice.incident, &notice.decision, notice.earlier, problem) &&
	       notify_once(call, rulebook, &notice, problem);
}

bool notifications_create(struct call *call, struct problem *problem)
{
	return call_judged(call, try_notify, problem);
}

/* The incident of the notification, so that its reference and its events have their place. */
static bool read_notification(struct call *call, json_t **ret_notification, struct problem *problem)
{
	CLEANUP(arguments_finish) struct arguments arguments = {0};

	call_bind(call, &arguments);
	if (incident_read(call, &SQL_NOTIFICATION_GET, &arguments.bindings, ret_notification, problem))
		return true;
	if (problem->kind == PROBLEM_NOT_FOUND)
		problem_set(problem, PROBLEM_NOT_FOUND, "There is no such notification.");
	return false;
}

static bool check_acknowledgement(
    const struct call *call, const json_t *notification, struct problem *problem)
{
	const json_t *body = call->request->json;
	const char *recipient = json_string_value(json_object_get(body, "recipient"));
	struct date day;
	struct date notified_on;
	bool known = false;
	size_t index;
	json_t *item;

	json_array_foreach (json_object_get(notification, "recipients"), index, item) {
		const char *name = json_string_value(json_object_get(item, "recipient"));
		known = known || (name && recipient && strcmp(name, recipient) == 0);
	}
	if (!known)
		problem_add(problem, PROBLEM_INVALID, "/recipient", "recipient_not_notified",
		    "The notification did not go to this recipient.");
	if (!date_parse(json_string_value(json_object_get(notification, "notified_on")), &notified_on))
		return problem_fail(problem, PROBLEM_INTERNAL, "a notification has no day");
	if (!date_parse(json_string_value(json_object_get(body, "acknowledged_on")), &day))
		return problem_add(problem, PROBLEM_INVALID, "/acknowledged_on", "date_out_of_range",
		    "Dates are of the years 1900 to 2199.");
	if (day.days > call->today.days)
		problem_add(problem, PROBLEM_INVALID, "/acknowledged_on", "date_in_future",
		    "An acknowledgement that was given cannot lie in the future.");
	if (day.days < notified_on.days)
		problem_add(problem, PROBLEM_INVALID, "/acknowledged_on", "acknowledged_before_notified",
		    "Nobody can acknowledge what has not been notified yet.");
	return problem->kind == PROBLEM_NONE;
}

static void add_acknowledgement(
    struct call *call, struct batch *batch, const json_t *notification, const char *notification_id)
{
	const json_t *body = call->request->json;
	const char *incident_id = json_string_value(json_object_get(notification, "incident_id"));
	const char *recipient = json_string_value(json_object_get(body, "recipient"));
	const char *reference = json_string_value(json_object_get(body, "reference"));
	struct uuid id = uuid_new();
	struct bindings bindings = {0};
	CLEANUP(json_decref) json_t *data = duties_event(call, incident_id);
	struct event event = {.type = "notification.acknowledged",
	    .incident_id = incident_id,
	    .recipients = "{}",
	    .data = data};

	json_object_set_new(data, "notification_id", json_string(notification_id));
	json_object_set(data, "kind", json_object_get(notification, "kind"));
	json_object_set(data, "recipient", json_object_get(body, "recipient"));
	bind_text(&bindings, "acknowledgement_id", id.text);
	bind_text(&bindings, "notification_id", notification_id);
	bind_text(&bindings, "incident_id", incident_id);
	bind_text(&bindings, "reference", reference);
	batch_add(batch, &SQL_INCIDENT_LOCK, &bindings);
	duties_add_json(batch, &SQL_ACKNOWLEDGEMENT_INSERT, &bindings, "acknowledgement", body);
	if (reference && strcmp(recipient, "dfe") == 0)
		batch_add(batch, &SQL_INCIDENT_SET_DFE_REFERENCE, &bindings);
	batch_add(batch, &SQL_NOTIFICATION_TOUCH, &bindings);
	duties_add_event(&event, uuid_new().text, batch);
}

static bool acknowledge(struct call *call, struct problem *problem)
{
	CLEANUP(json_decref) json_t *notification = NULL;
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	const char *id = request_argument(call->request, "notification_id");
	char location[80];

	if (!read_notification(call, &notification, problem) ||
	    !check_acknowledgement(call, notification, problem) ||
	    !call_begin(call, call_end(call), NULL, &batch, problem))
		return false;
	snprintf(location, sizeof(location), "/v1/notifications/%s", id);
	call_claim(call, &batch);
	add_acknowledgement(call, &batch, notification, id);
	call_audit(call, &batch, id);
	bind_text(&bindings, "notification_id", id);
	size_t answer = call_keep(call, &batch, &SQL_NOTIFICATION_GET, &SQL_NOTIFICATION_GET_STORED,
	    &bindings, 201, location);
	if (!call_run(call, &batch, problem))
		return false;
	call_answer(call, &batch, answer, 201, location, VERSION_OF_ANSWER);
	return true;
}

bool acknowledgements_create(struct call *call, struct problem *problem)
{
	bool replayed;

	if (!call_replay_first(call, &replayed, problem))
		return false;
	if (replayed)
		return true;
	return acknowledge(call, problem) || call_replay(call, problem);
}
