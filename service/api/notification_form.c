/* Owns how the form is shown. */
#include "api/notification_form.h"

#include <string.h>

#include "api/incident_write.h"
#include "api/sheet.h"
#include "domain/notification_form.h"

/* The answers of every section, each with the section's name. */
static json_t *flat(const json_t *form)
{
	json_t *lines = json_array();
	size_t index;
	json_t *section;

	json_array_foreach (json_object_get(form, "sections"), index, section) {
		size_t number;
		json_t *answer;
		json_array_foreach (json_object_get(section, "answers"), number, answer) {
			json_object_set(answer, "section", json_object_get(section, "section"));
			json_array_append(lines, answer);
		}
	}
	return lines;
}

static void put_csv(const json_t *form, struct text *ret_text)
{
	static const char *const columns[] = {
	    "section", "question", "value", "state", "field", "note", NULL};
	CLEANUP(json_decref) json_t *lines = flat(form);

	sheet_put(lines, columns, ret_text);
}

static void put_json(const json_t *incident, json_t *form, struct text *ret_text)
{
	CLEANUP(json_decref)
	json_t *answer = json_pack("{s:O, s:O, s:O, s:O, s:O, s:i, s:i, s:b}", "incident_id",
	    json_object_get(incident, "id"), "local_ref", json_object_get(incident, "local_ref"),
	    "version", json_object_get(incident, "version"), "duty", json_object_get(incident, "duty"),
	    "due_on", json_object_get(incident, "sin_due_on"), "time_limit_minutes", FORM_MINUTES,
	    "children_at_most", FORM_CHILDREN_MAX, "saves_drafts", 0);

	json_object_update(answer, form);
	CLEANUP(free) char *written = json_dumps(answer, JSON_COMPACT);
	text_puts(ret_text, written ? written : "{}");
}

bool notification_form_show(struct call *call, struct problem *problem)
{
	CLEANUP(json_decref) json_t *incident = NULL;

	if (!incident_read_by_path(call, &incident, problem))
		return false;
	CLEANUP(json_decref) json_t *form = notification_form(incident);
	call->reply->status = 200;
	if (strcmp(call->reply->media_type, "text/csv") == 0)
		put_csv(form, &call->reply->body);
	else
		put_json(incident, form, &call->reply->body);
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}
