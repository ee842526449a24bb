/* Owns what a report to a scrutiny board is made of: its sections, and which report each is told
 * from. */
#include "api/scrutiny.h"

#include <stdlib.h>
#include <string.h>

#include "api/page.h"
#include "api/report_public.h"
#include "api/reports.h"
#include "store/statements.h"

#define NAME "scrutiny"
#define TITLE "Our response to serious child safeguarding incidents"

/* A section, or one more source of the section before it, which has no heading. */
struct section {
	const char *heading;
	const char *report; /* the name of the report that it is told from, or NULL */
	json_t *(*tell)(const json_t *report);
	bool has_table;
};

static const struct section plan[] = {
    {"Recommendations", NULL, scrutiny_recommendations, false},
    {"Compliance", "timeliness", scrutiny_timeliness, false},
    {NULL, "panel-concurrence", scrutiny_concurrence, false},
    {"How the partnership responds", NULL, scrutiny_process, false},
    {"Rapid reviews and what they led to", "rapid-reviews-by-year", scrutiny_table_1, true},
    {"How far the reviews have come", "review-status", scrutiny_outcomes, true},
    {"Themes", "themes", scrutiny_themes, true},
    {"Actions and their evidence", "action-tracker", scrutiny_actions, true},
};
#define SOURCES ARRAY_LENGTH(plan)

struct parts {
	struct report_part of[SOURCES];
};

static void parts_destroy(struct parts *parts)
{
	for (size_t i = 0; parts && i < SOURCES; i++)
		report_part_finish(&parts->of[i]);
	free(parts);
}
DEFINE_CLEANUP(struct parts *, parts_destroy)

/* ---- The day ---- */

/* The last day of the year that is asked for, if that has come, else today. */
static struct date_text day_of(const struct call *call)
{
	const char *as_of = request_argument(call->request, "as_of");
	const char *year = request_argument(call->request, "year");
	struct date day = call->today;

	if (as_of && date_parse(as_of, &day))
		return date_format(day);
	if (report_is_public(call) && !year)
		return date_format(report_public_day(call));
	if (year)
		day = date_from_civil((int)strtol(year, NULL, 10) + 1, 3, 31);
	return date_format(day.days < call->today.days ? day : call->today);
}

static bool check_asked(const struct call *call, const char *day, struct problem *problem)
{
	const char *year = request_argument(call->request, "year");

	bool is_period = report_check_period(call, problem);
	if (report_is_public(call) && strcmp(day + strlen("2024"), "-03-31") != 0)
		problem_add(problem, PROBLEM_INVALID, year ? "year" : "as_of", "year_end",
		    "The public is told how things stood on a 31 March, the end of a reporting year.");
	return is_period && problem->kind == PROBLEM_NONE;
}

/* ---- The sections ---- */

static json_t *links_of(const json_t *report)
{
	json_t *links = json_array();

	if (report)
		json_array_append(links, json_object_get(json_object_get(report, "links"), "self"));
	return links;
}

static json_t *new_section(const struct section *section, size_t number)
{
	return json_pack("{s:i, s:s, s:[], s:n, s:[], s:[]}", "number", (int)number, "heading",
	    section->heading, "paragraphs", "report", "sources", "examples");
}

static void put_source(
    const struct call *call, const struct section *source, json_t *report, json_t *section)
{
	CLEANUP(json_decref) json_t *said = source->tell(report);
	CLEANUP(json_decref) json_t *links = links_of(report);

	json_array_extend(json_object_get(section, "paragraphs"), said);
	json_array_extend(json_object_get(section, "sources"), links);
	if (source->has_table && report)
		json_object_set(section, "report", report);
	else if (source->report && !report && report_is_public(call))
		json_array_append_new(json_object_get(section, "paragraphs"),
		    json_string("This is told of single cases, and not to the public."));
}

static void put_examples(const struct rows *rows, json_t *section)
{
	json_t *examples = json_object_get(section, "examples");

	for (size_t i = 0; i < rows_count(rows); i++)
		json_array_append_new(
		    examples, json_pack("{s:s, s:s, s:s, s:s}", "action", rows_text(rows, i, "action"),
		                  "evidence", rows_text(rows, i, "evidence"), "shows",
		                  rows_text(rows, i, "shows"), "link", rows_text(rows, i, "link")));
}

static bool make(const struct call *call, struct parts *parts, const struct batch *batch,
    const struct rows *partnership, const struct rows *examples, const char *day,
    json_t **ret_scrutiny, struct problem *problem)
{
	CLEANUP(json_decref) json_t *sections = json_array();
	json_t *section = NULL;

	for (size_t i = 0; i < SOURCES; i++) {
		CLEANUP(json_decref) json_t *report = NULL;
		if (plan[i].report &&
		    !report_part_take(&parts->of[i], batch, day, partnership, &report, problem))
			return false;
		if (plan[i].heading) {
			section = new_section(&plan[i], json_array_size(sections) + 1);
			json_array_append_new(sections, section);
		}
		put_source(call, &plan[i], report, section);
	}
	if (examples)
		put_examples(examples, section);
	*ret_scrutiny = json_pack("{s:s, s:s, s:s, s:s, s:{s:s?, s:s?}, s:O, s:[s, s]}", "name", NAME,
	    "title", TITLE, "as_of", day, "audience", request_argument(call->request, "audience"),
	    "parameters", "year", request_argument(call->request, "year"), "as_of",
	    request_argument(call->request, "as_of"), "sections", sections, "notes",
	    "Each figure is that of the report of its section, as of the same day.",
	    "What happened after that day is left out.");
	return *ret_scrutiny ||
	       problem_fail(problem, PROBLEM_INTERNAL, "the report %s could not be made", NAME);
}

/* ---- The answer ---- */

static void mark_suppressed(const json_t *scrutiny)
{
	size_t index;
	json_t *section;

	json_array_foreach (json_object_get(scrutiny, "sections"), index, section) {
		json_t *report = json_object_get(section, "report");
		if (json_is_object(report))
			report_mark_suppressed(report);
	}
}

static bool put(struct call *call, const json_t *scrutiny, const char *by, struct problem *problem)
{
	struct reply *reply = call->reply;

	reply->status = 200;
	if (strcmp(reply->media_type, "application/json") != 0)
		mark_suppressed(scrutiny);
	if (strcmp(reply->media_type, "text/html") == 0) {
		page_guard(reply);
		scrutiny_page_put(scrutiny, by, &reply->body);
	} else if (strcmp(reply->media_type, "text/markdown") == 0) {
		scrutiny_markdown_put(scrutiny, by, &reply->body);
	} else {
		CLEANUP(free) char *written = json_dumps(scrutiny, JSON_COMPACT);
		text_puts(&reply->body, written ? written : "{}");
	}
	if (reply->body.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a report outgrew its limit");
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}

bool scrutiny_show(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(parts_destroy) struct parts *parts = calloc(1, sizeof(*parts));
	CLEANUP(json_decref) json_t *scrutiny = NULL;
	struct bindings bindings = {0};
	struct date_text day = day_of(call);

	if (!parts)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for a report");
	if (!check_asked(call, day.text, problem))
		return call_refuse(call, NULL, problem);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	for (size_t i = 0; i < SOURCES; i++)
		if (plan[i].report &&
		    !report_part_add(call, plan[i].report, day.text, &batch, &parts->of[i], problem))
			return false;
	bind_text(&bindings, "as_of", day.text);
	/* What an agency wrote of its own work was not written for the public. */
	size_t examples =
	    report_is_public(call) ? 0 : batch_add(&batch, &SQL_SCRUTINY_EXAMPLES, &bindings);
	size_t whose = batch_add(&batch, &SQL_PARTNERSHIP_GET, &bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *partnership = batch_rows(&batch, whose);
	return make(call, parts, &batch, partnership,
	           report_is_public(call) ? NULL : batch_rows(&batch, examples), day.text, &scrutiny,
	           problem) &&
	       put(call, scrutiny, rows_text(partnership, 0, "name"), problem);
}
