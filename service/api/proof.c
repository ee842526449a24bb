/* Owns the ledger of proof. */
#include "api/proof.h"

#include <string.h>

#include "api/sheet.h"
#include "domain/notifiability.h"
#include "store/statements.h"

#define LEDGER_BYTES ((size_t)8 * 1024 * 1024)

static const char *const columns[] = {"kind", "recipient", "standing", "notification_id",
    "transmission", "notified_on", "due_on", "on_time", "working_days", "reference",
    "acknowledged_on", "acknowledged_by", "channel", "document_sha256", "acknowledgements",
    "delivery_id", "delivery_state", "delivered_at", "attempts", "last_status", NULL};

static struct date day_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	struct date day;

	return text && date_parse(text, &day) ? day : DATE_NONE;
}

static bool is_text(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value && strcmp(value, text) == 0;
}

/* What the calendar counts; null for what follows, and where the calendar does not reach. */
static void put_working_days(const struct calendar *calendar, json_t *line)
{
	CLEANUP(problem_finish) struct problem ignored = {0};
	struct date from = day_of(line, "starts_on");
	struct date to = day_of(line, "notified_on");
	int days = 0;
	bool counted = date_is_set(from) && date_is_set(to) &&
	               calendar_between(calendar, from, to, &days, &ignored);

	json_object_set_new(line, "working_days", counted ? json_integer(days) : json_null());
	json_object_del(line, "starts_on");
}

static bool was_told(const json_t *lines, const char *kind, const char *recipient)
{
	size_t index;
	json_t *line;

	json_array_foreach (lines, index, line) {
		if (is_text(line, "kind", kind) && is_text(line, "recipient", recipient))
			return true;
	}
	return false;
}

/* A line with every column, of which most say nothing yet. */
static void add_outstanding(const struct call *call, const json_t *incident, const char *kind,
    const char *recipient, json_t *lines)
{
	json_t *line = json_object();
	json_t *due_on = json_object_get(incident, "sin_due_on");
	struct date due = day_of(incident, "sin_due_on");

	for (size_t i = 0; columns[i]; i++)
		json_object_set_new(line, columns[i], json_null());
	json_object_set_new(line, "kind", json_string(kind));
	json_object_set_new(line, "recipient", json_string(recipient));
	json_object_set_new(line, "standing", json_string("outstanding"));
	json_object_set_new(line, "acknowledgements", json_integer(0));
	json_object_set(line, "due_on", due_on);
	if (date_is_set(due) && call->today.days > due.days)
		json_object_set_new(line, "on_time", json_false());
	json_array_append_new(lines, line);
}

/* Nobody has to be told any more once the incident is withdrawn or it was decided not to notify. */
static void add_all_outstanding(const struct call *call, const json_t *incident, json_t *lines)
{
	enum duty duty = notifiability_decide(incident).duty;

	if (is_text(incident, "state", "withdrawn") || is_text(incident, "state", "not_notified"))
		return;
	for (const char *const *name = duty_recipients(duty); *name; name++)
		if (!was_told(lines, duty_name(duty), *name))
			add_outstanding(call, incident, duty_name(duty), *name, lines);
}

static bool take_json(struct text *text, json_t **ret_json, struct problem *problem)
{
	*ret_json = text->failed ? NULL : json_loads(text_string(text), 0, NULL);
	return *ret_json || problem_fail(problem, PROBLEM_INTERNAL, "a ledger was not JSON");
}

static bool read_ledger(struct call *call, const struct rulebook *rulebook, json_t **ret_incident,
    json_t **ret_lines, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(text_finish) struct text incident = TEXT_INIT(LEDGER_BYTES);
	CLEANUP(text_finish) struct text lines = TEXT_INIT(LEDGER_BYTES);

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, rulebook, &batch, problem))
		return false;
	size_t incident_number = batch_add(&batch, &SQL_INCIDENT_GET, &arguments.bindings);
	size_t lines_number = batch_add(&batch, &SQL_PROOF_LIST, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	if (rows_count(batch_rows(&batch, incident_number)) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such incident.");
	rows_put_object(batch_rows(&batch, incident_number), 0, &incident);
	const struct rows *rows = batch_rows(&batch, lines_number);
	rows_put_array(rows, 0, rows_count(rows), &lines);
	return take_json(&incident, ret_incident, problem) && take_json(&lines, ret_lines, problem);
}

static void put_json(const json_t *incident, json_t *lines, struct text *ret_text)
{
	CLEANUP(json_decref)
	json_t *answer = json_pack("{s:O, s:O, s:O, s:O, s:O}", "incident_id",
	    json_object_get(incident, "id"), "local_ref", json_object_get(incident, "local_ref"),
	    "state", json_object_get(incident, "state"), "duty", json_object_get(incident, "duty"),
	    "data", lines);
	CLEANUP(free) char *written = json_dumps(answer, JSON_COMPACT);

	text_puts(ret_text, written ? written : "{}");
}

static bool show(
    struct call *call, const struct rulebook *rulebook, void *context, struct problem *problem)
{
	CLEANUP(json_decref) json_t *incident = NULL;
	CLEANUP(json_decref) json_t *lines = NULL;
	size_t index;
	json_t *line;

	if (!read_ledger(call, rulebook, &incident, &lines, problem))
		return false;
	json_array_foreach (lines, index, line)
		put_working_days(&rulebook->calendar, line);
	add_all_outstanding(call, incident, lines);
	call->reply->status = 200;
	if (strcmp(call->reply->media_type, "text/csv") == 0)
		sheet_put(lines, columns, &call->reply->body);
	else
		put_json(incident, lines, &call->reply->body);
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}

bool proof_show(struct call *call, struct problem *problem)
{
	return call_by_rules(call, show, NULL, problem);
}
