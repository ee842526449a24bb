/* Owns the operations of reports: what may be asked, and the records behind a figure. */
#include "api/reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/list.h"
#include "api/report.h"
#include "api/report_public.h"
#include "store/statements.h"

/* The first month of a reporting year. */
#define APRIL 4

/* ---- What is asked ---- */

static bool refuse(struct problem *problem, const char *name, const char *code, const char *why)
{
	return problem_add(problem, PROBLEM_INVALID, name, code, "%s", why);
}

bool report_check_period(const struct call *call, struct problem *problem)
{
	const struct request *request = call->request;
	const char *year = request_argument(request, "year");
	const char *from = request_argument(request, "from");
	const char *to = request_argument(request, "to");
	const char *as_of = request_argument(request, "as_of");
	struct date day = call->today;

	if (year && (strtol(year + 2, NULL, 10) + 1) % 100 != strtol(year + 5, NULL, 10))
		refuse(problem, "year", "reporting_year",
		    "A reporting year is followed by the next one, such as 2023-24.");
	if (year && (from || to))
		refuse(problem, "year", "period", "Either a year is asked for, or from and to.");
	/* Days of the calendar sort as their texts do. */
	if (from && to && strcmp(from, to) > 0)
		refuse(problem, "to", "period_order", "The last day lies before the first.");
	if (as_of && (!date_parse(as_of, &day) || day.days > call->today.days))
		refuse(problem, "as_of", "in_future",
		    "What will be on a later day is not known: the day is today at the latest.");
	return problem->kind == PROBLEM_NONE;
}

/* Adds every fault of what is asked; true when there is none. */
static bool check_asked(const struct call *call, struct problem *problem)
{
	bool is_period = report_check_period(call, problem);

	return report_public_check(call, problem) && is_period;
}

/* ---- The report ---- */

/* The day that is shown. */
static struct date_text day_of(const struct call *call)
{
	struct date day = call->today;
	const char *as_of = request_argument(call->request, "as_of");

	if (report_is_public(call))
		day = report_public_day(call);
	else if (as_of && !date_parse(as_of, &day))
		day = call->today;
	return date_format(day);
}

/* A request as it would be with the year that nobody named, for as long as the report is made. */
struct asked_year {
	struct call *call; /* NULL when the request is as it came */
	const struct request *as_it_came;
	struct request request;
	struct argument arguments[PARAMETERS_MAX];
	char year[sizeof("2023-24")];
};

static void asked_year_finish(struct asked_year *asked)
{
	if (asked->call)
		asked->call->request = asked->as_it_came;
}
DEFINE_VALUE_CLEANUP(struct asked_year, asked_year_finish)

/*
 * A report that the document says is of a year is of that of the day where no period is asked for.
 * The public has to name its year: what the day's would be changes, and with it what was told.
 */
static void ask_for_year(
    struct call *call, const struct operation *report, struct asked_year *asked)
{
	const struct request *request = call->request;
	const struct parameter *parameter = operation_parameter(request->operation, IN_QUERY, "year");
	const char *period = json_string_value(json_object_get(report_of(report), "period"));
	struct date day = call->today;
	int year;
	int month;
	int number;

	if (!period || strcmp(period, "year") != 0 || !parameter || report_is_public(call) ||
	    request_argument(request, "year") || request_argument(request, "from") ||
	    request_argument(request, "to") || !date_parse(day_of(call).text, &day))
		return;
	date_to_civil(day, &year, &month, &number);
	year -= month < APRIL;
	snprintf(asked->year, sizeof(asked->year), "%04u-%02u", (unsigned)year % 10000,
	    (unsigned)(year + 1) % 100);
	asked->call = call;
	asked->as_it_came = request;
	asked->request = *request;
	memcpy(asked->arguments, request->arguments,
	    request->argument_count * sizeof(asked->arguments[0]));
	asked->arguments[asked->request.argument_count++] = (struct argument){parameter, asked->year};
	asked->request.arguments = asked->arguments;
	call->request = &asked->request;
}

/* Says that the public is told, so that the rows that it must not know of are not there. */
static void guard(const struct call *call, struct batch *batch)
{
	struct bindings bindings = {0};

	bind_text(&bindings, "audience", request_argument(call->request, "audience"));
	batch_add(batch, &SQL_REPORT_AUDIENCE, &bindings);
}

/* What a report's statement is asked with. */
static size_t ask(const struct call *call, struct arguments *arguments, struct batch *batch)
{
	guard(call, batch);
	if (call->endpoint->settings)
		batch_add(batch, call->endpoint->settings, &arguments->bindings);
	return batch_add(batch, call->endpoint->statement, &arguments->bindings);
}

static bool publish(const struct call *call, const struct rows *partnership, json_t *report,
    struct problem *problem)
{
	struct disclosure_policy policy = {
	    .threshold = (long)rows_number(partnership, 0, "disclosure_threshold"),
	    .rounding = (long)rows_number(partnership, 0, "disclosure_rounding"),
	};

	return !report_is_public(call) || report_publish(call, &policy, report, problem);
}

bool report_show(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(json_decref) json_t *report = NULL;
	struct date_text day = day_of(call);
	struct list_page page;
	CLEANUP(asked_year_finish) struct asked_year asked = {0};
	bool is_long = operation_parameter(call->request->operation, IN_QUERY, REPORT_AFTER);

	ask_for_year(call, call->request->operation, &asked);
	call_bind(call, &arguments);
	bind_text(&arguments.bindings, "as_of", day.text);
	if ((is_long && !list_open_at(call, REPORT_AFTER, &page, &arguments.bindings, problem)) ||
	    !check_asked(call, problem))
		return call_refuse(call, NULL, problem);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = ask(call, &arguments, &batch);
	size_t whose = batch_add(&batch, &SQL_PARTNERSHIP_GET, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *partnership = batch_rows(&batch, whose);
	return report_make(call, batch_rows(&batch, number), day.text, is_long ? &page : NULL, &report,
	           problem) &&
	       publish(call, partnership, report, problem) &&
	       report_put(call, report, rows_text(partnership, 0, "name"), problem);
}

/* The report of that name; NULL when there is none. */
static const struct operation *find_report(const struct call *call, const char *name)
{
	const struct contract *contract = call->api->contract;

	for (size_t i = 0; i < contract_operation_count(contract); i++) {
		const struct operation *operation = contract_operation(contract, i);
		const char *known = json_string_value(json_object_get(report_of(operation), "name"));
		if (known && strcmp(known, name) == 0)
			return operation;
	}
	return NULL;
}

/* ---- As a part of another answer ---- */

/* As if it had been asked for with these, and with the document's defaults. */
static void put_arguments(const struct call *call, const char *as_of, struct report_part *part)
{
	const struct operation *operation = part->request.operation;

	for (size_t i = 0; i < operation->parameter_count; i++) {
		const struct parameter *parameter = &operation->parameters[i];
		const char *value = parameter->fallback;
		if (parameter->place != IN_QUERY)
			continue;
		if (strcmp(parameter->name, "as_of") == 0)
			value = as_of;
		else if (strcmp(parameter->name, "audience") == 0)
			value = request_argument(call->request, "audience");
		if (value)
			part->arguments[part->request.argument_count++] = (struct argument){parameter, value};
	}
}

bool report_part_add(const struct call *call, const char *name, const char *as_of,
    struct batch *batch, struct report_part *ret_part, struct problem *problem)
{
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	const struct operation *operation = find_report(call, name);

	ret_part->is_there =
	    operation && (!report_is_public(call) || json_object_get(report_of(operation), "public"));
	if (!ret_part->is_there)
		return true;
	ret_part->call = *call;
	ret_part->call.endpoint = call->api->endpoints[operation->index];
	ret_part->call.request = &ret_part->request;
	ret_part->call.reply = &ret_part->reply;
	reply_init(&ret_part->reply);
	ret_part->request = *call->request;
	ret_part->request.operation = operation;
	ret_part->request.path = operation->path;
	ret_part->request.arguments = ret_part->arguments;
	ret_part->request.argument_count = 0;
	put_arguments(call, as_of, ret_part);
	call_bind(&ret_part->call, &arguments);
	bind_text(&arguments.bindings, "as_of", as_of);
	ret_part->is_long = operation_parameter(operation, IN_QUERY, REPORT_AFTER) != NULL;
	if (ret_part->is_long &&
	    !list_open_at(&ret_part->call, REPORT_AFTER, &ret_part->page, &arguments.bindings, problem))
		return false;
	batch_add(batch, &SQL_REPORT_SETTINGS_END, &arguments.bindings);
	ret_part->number = ask(&ret_part->call, &arguments, batch);
	return true;
}

bool report_part_take(struct report_part *part, const struct batch *batch, const char *as_of,
    const struct rows *partnership, json_t **ret_report, struct problem *problem)
{
	*ret_report = NULL;
	return !part->is_there || (report_make(&part->call, batch_rows(batch, part->number), as_of,
	                               part->is_long ? &part->page : NULL, ret_report, problem) &&
	                              publish(&part->call, partnership, *ret_report, problem));
}

void report_part_finish(struct report_part *part)
{
	if (part->is_there)
		reply_finish(&part->reply);
}

/* ---- The records behind a figure ---- */

bool report_records(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	struct list_page page;
	CLEANUP(asked_year_finish) struct asked_year asked = {0};
	struct date_text day = day_of(call);
	const struct operation *operation =
	    find_report(call, request_argument(call->request, "report_name"));
	const struct endpoint *report = operation ? call->api->endpoints[operation->index] : NULL;

	if (operation)
		ask_for_year(call, operation, &asked);
	call_bind(call, &arguments);
	bind_text(&arguments.bindings, "as_of", day.text);
	if (!report || !report->records) {
		problem_set(problem, PROBLEM_NOT_FOUND, "There is no such report that counts records.");
		return call_refuse(call, NULL, problem);
	}
	if (list_open(call, &page, &arguments.bindings, problem))
		check_asked(call, problem);
	if (problem->kind != PROBLEM_NONE)
		return call_refuse(call, NULL, problem);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	if (report->settings)
		batch_add(&batch, report->settings, &arguments.bindings);
	size_t number = batch_add(&batch, report->records, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	return list_close(call, &page, batch_rows(&batch, number), NULL, NULL, problem);
}
