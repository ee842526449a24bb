/* Owns the public form of reports. Which cells are hidden is decided in domain/disclosure.c. */
#include "api/report_public.h"

#include <stdlib.h>
#include <string.h>

#include "api/report.h"
#include "domain/disclosure.h"

#define MARCH 3
#define YEAR_END_DAY 31

/* ---- What may be asked ---- */

bool report_is_public(const struct call *call)
{
	const char *audience = request_argument(call->request, "audience");

	return audience && strcmp(audience, "public") == 0;
}

/* The last day of a reporting year that has ended by `day`. */
static struct date year_end(struct date day)
{
	int year;
	int month;
	int number;

	date_to_civil(day, &year, &month, &number);
	struct date end = date_from_civil(year, MARCH, YEAR_END_DAY);
	return end.days <= day.days ? end : date_from_civil(year - 1, MARCH, YEAR_END_DAY);
}

static const json_t *public_form(const struct request *request)
{
	return json_object_get(report_of(request->operation), "public");
}

/* The end of the year that a breakdown is of; none for what is of all years, or names no year. */
static struct date end_of_the_year_asked(const struct request *request)
{
	const char *year = request_argument(request, "year");

	return year && json_object_get(public_form(request), "needs")
	           ? date_from_civil((int)strtol(year, NULL, 10) + 1, MARCH, YEAR_END_DAY)
	           : DATE_NONE;
}

struct date report_public_day(const struct call *call)
{
	const char *as_of = request_argument(call->request, "as_of");
	struct date own = end_of_the_year_asked(call->request);
	struct date day = call->today;

	if (as_of && date_parse(as_of, &day))
		return day;
	return date_is_set(own) ? own : year_end(call->today);
}

static void refuse(struct problem *problem, const char *name, const char *code, const char *why)
{
	problem_add(problem, PROBLEM_INVALID, name, code, "%s", why);
}

/* Whether the parameter chooses another form of the table, and not what it is of. */
static bool is_choice(const struct parameter *parameter)
{
	static const char *const others[] = {"year", "from", "to", "as_of", "audience"};

	for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
		if (strcmp(parameter->name, others[i]) == 0)
			return false;
	return parameter->place == IN_QUERY;
}

/* Two tables of the same with other bands or filters could be taken from one another. */
static void refuse_choices(const struct request *request, struct problem *problem)
{
	for (size_t i = 0; i < request->operation->parameter_count; i++) {
		const struct parameter *parameter = &request->operation->parameters[i];
		const char *value = request_argument(request, parameter->name);
		if (is_choice(parameter) && value &&
		    (!parameter->fallback || strcmp(value, parameter->fallback) != 0))
			refuse(problem, parameter->name, "one_form",
			    "The public is told of each table in one form.");
	}
}

/*
 * What came to be known of a year after it moves a shield from one cell to another, and the two
 * tables would tell both: a breakdown is published once, as the year stood at its end.
 */
static void check_year_told_once(const struct call *call, struct date day, struct problem *problem)
{
	struct date own = end_of_the_year_asked(call->request);

	if (date_is_set(own) && day.days != own.days)
		refuse(problem, "as_of", "told_once",
		    "The public is told of a year as it stood at its end, on its 31 March.");
	if (date_is_set(own) && own.days > call->today.days)
		refuse(problem, "year", "not_over", "The year is not over.");
}

/*
 * Tables of any days could be taken from one another, and what is left is a count that neither
 * shows: so the public gets whole reporting years as they stood at the end of one.
 */
bool report_public_check(const struct call *call, struct problem *problem)
{
	const struct request *request = call->request;
	const json_t *said = public_form(request);
	const char *year = request_argument(request, "year");
	const char *needs = json_string_value(json_object_get(said, "needs"));

	if (!report_is_public(call))
		return true;
	struct date day = report_public_day(call);
	if (!said)
		refuse(problem, "audience", "no_public_form",
		    "The report tells of single cases: it has no form for the public.");
	if (request_argument(request, "from") || request_argument(request, "to"))
		refuse(problem, "from", "whole_years", "The public is told of whole reporting years.");
	if (year_end(day).days != day.days)
		refuse(problem, "as_of", "year_end",
		    "The public is told how things stood on a 31 March, the end of a reporting year.");
	if (needs && !request_argument(request, needs))
		refuse(problem, needs, "needed_for_public",
		    "A breakdown for the public is of one reporting year.");
	check_year_told_once(call, day, problem);
	if (said)
		refuse_choices(request, problem);
	if (said && !needs && year)
		refuse(problem, "year", "all_years", "For the public this report is of all years.");
	return problem->kind == PROBLEM_NONE;
}

/* ---- Cells ---- */

#define CELLS_MAX 4000
#define SUMS_MAX 4000

/* Where a cell stands: a member of a row, or of the totals. */
struct place_of_cell {
	json_t *row;
	const char *key;
};

struct publication {
	const json_t *members; /* schemas of a row's members */
	struct disclosure_cell cells[CELLS_MAX];
	struct place_of_cell places[CELLS_MAX];
	size_t cell_count;
	struct disclosure_sum sums[SUMS_MAX];
	size_t sum_count;
	size_t parts[2 * CELLS_MAX];
	size_t part_count;
	bool is_full;
};

static const char *kind_of(const json_t *members, const char *key)
{
	const json_t *disclosure = json_object_get(json_object_get(members, key), "x-disclosure");

	return json_string_value(json_object_get(disclosure, "kind"));
}

static bool is_kind(const json_t *members, const char *key, const char *kind)
{
	const char *known = kind_of(members, key);

	return known && strcmp(known, kind) == 0;
}

/* The number of the new cell; CELLS_MAX when there is no room. */
static size_t add_cell(
    struct publication *all, struct disclosure_cell cell, json_t *row, const char *key)
{
	if (all->cell_count == CELLS_MAX) {
		all->is_full = true;
		return CELLS_MAX;
	}
	all->cells[all->cell_count] = cell;
	all->places[all->cell_count] = (struct place_of_cell){row, key};
	return all->cell_count++;
}

static size_t find_cell(const struct publication *all, const json_t *row, const char *key)
{
	for (size_t i = 0; key && i < all->cell_count; i++)
		if (all->places[i].row == row && strcmp(all->places[i].key, key) == 0)
			return i;
	return CELLS_MAX;
}

static void add_sum(struct publication *all, const size_t *parts, size_t count, size_t whole)
{
	if (all->sum_count == SUMS_MAX || all->part_count + count > ARRAY_LENGTH(all->parts)) {
		all->is_full = true;
		return;
	}
	size_t *kept = all->parts + all->part_count;
	memcpy(kept, parts, count * sizeof(*parts));
	all->part_count += count;
	all->sums[all->sum_count++] = (struct disclosure_sum){kept, count, whole};
}

static bool is_counted(const json_t *members, const char *key, const json_t *value)
{
	return json_is_integer(value) &&
	       (is_kind(members, key, "count") || is_kind(members, key, "base"));
}

static void add_row(struct publication *all, json_t *row)
{
	const char *key;
	json_t *value;

	json_object_foreach (row, key, value)
		if (is_counted(all->members, key, value))
			add_cell(all,
			    (struct disclosure_cell){.count = (long)json_integer_value(value),
			        .is_fixed = is_kind(all->members, key, "base")},
			    row, key);
}

/* Whether another report tells the total as well, so that hiding it here would help nobody. */
static bool is_told_elsewhere(const json_t *sums, const char *member)
{
	size_t index;
	json_t *said;

	json_array_foreach (sums, index, said)
		if (json_is_true(json_object_get(said, "fixed")) &&
		    strcmp(json_string_value(json_object_get(said, "member")), member) == 0)
			return true;
	return false;
}

static void add_totals(struct publication *all, json_t *totals, const json_t *sums)
{
	const char *key;
	json_t *value;

	json_object_foreach (totals, key, value)
		if (is_counted(all->members, key, value))
			add_cell(all,
			    (struct disclosure_cell){.count = (long)json_integer_value(value),
			        .is_fixed = is_told_elsewhere(sums, key)},
			    totals, key);
}

/* What a count leaves of its base is told by the two. */
static void add_rests(struct publication *all)
{
	size_t count = all->cell_count;

	for (size_t i = 0; i < count; i++) {
		const struct place_of_cell *place = &all->places[i];
		const json_t *disclosure =
		    json_object_get(json_object_get(all->members, place->key), "x-disclosure");
		size_t base =
		    find_cell(all, place->row, json_string_value(json_object_get(disclosure, "within")));
		if (base == CELLS_MAX)
			continue;
		long rest = all->cells[base].count - all->cells[i].count;
		/* A total of counts that overlap, as those of themes do, is no part of their base. */
		if (rest < 0)
			continue;
		size_t cell =
		    add_cell(all, (struct disclosure_cell){.count = rest, .is_implied = true}, NULL, "");
		add_sum(all, (const size_t[]){i, cell}, 2, base);
	}
}

/* ---- Sums over rows ---- */

static bool are_alike(const json_t *row, const json_t *other, const json_t *by)
{
	size_t index;
	json_t *key;

	json_array_foreach (by, index, key)
		if (!json_equal(json_object_get(row, json_string_value(key)),
		        json_object_get(other, json_string_value(key))))
			return false;
	return true;
}

/* The sum of the rows that are like this one, if it is the first of them. */
static void add_sum_of(struct publication *all, json_t *report, size_t first, const json_t *said)
{
	const json_t *by = json_object_get(said, "by");
	const char *member = json_string_value(json_object_get(said, "member"));
	const char *whole = json_string_value(json_object_get(said, "whole"));
	json_t *rows = json_object_get(report, "rows");
	json_t *of = json_array_get(rows, first);
	size_t count = 0;
	size_t index;
	json_t *row;

	CLEANUP(free) size_t *parts = calloc(json_array_size(rows) + 1, sizeof(*parts));
	if (!parts)
		abort();
	json_array_foreach (rows, index, row) {
		if (!are_alike(row, of, by))
			continue;
		if (index < first)
			return;
		size_t cell = find_cell(all, row, member);
		if (parts && cell != CELLS_MAX)
			parts[count++] = cell;
	}
	bool is_total = strcmp(whole, "totals") == 0;
	size_t cell = is_total ? find_cell(all, json_object_get(report, "totals"), member)
	                       : find_cell(all, of, whole);
	if (cell != CELLS_MAX && count > 0)
		add_sum(all, parts, count, cell);
}

static void add_sums(struct publication *all, json_t *report, const json_t *sums)
{
	size_t index;
	json_t *said;

	json_array_foreach (sums, index, said)
		for (size_t i = 0; i < json_array_size(json_object_get(report, "rows")); i++)
			add_sum_of(all, report, i, said);
}

/* ---- The result ---- */

static void suppress(json_t *row, const char *key)
{
	json_t *list = json_object_get(row, "suppressed");

	if (!list) {
		list = json_array();
		json_object_set_new(row, "suppressed", list);
	}
	json_array_append_new(list, json_string(key));
	json_object_set_new(row, key, json_null());
}

/* Hides a share when one of what it is worked out from is hidden; else works it out from what is
 * shown. */
static void finish_share(json_t *row, const char *key, const json_t *of)
{
	const json_t *count = json_object_get(row, json_string_value(json_array_get(of, 0)));
	const json_t *base = json_object_get(row, json_string_value(json_array_get(of, 1)));

	if (json_is_null(json_object_get(row, key)) || !count || !base)
		return;
	if (!json_is_integer(count) || !json_is_integer(base)) {
		suppress(row, key);
		return;
	}
	double part = (double)json_integer_value(count);
	double whole = (double)json_integer_value(base);
	if (whole <= 0) {
		json_object_set_new(row, key, json_null());
		return;
	}
	double tenths = (double)(long)(1000.0 * part / whole + 0.5);
	json_object_set_new(row, key, json_real(tenths / 10.0));
}

/* A number of which the document does not say what it tells is not told. */
static void hide_unsaid(const json_t *members, json_t *row)
{
	/* A copy, because what is suppressed is added to the row. */
	CLEANUP(json_decref) json_t *before = json_copy(row);
	const char *key;
	json_t *value;

	json_object_foreach (before, key, value)
		if (json_is_number(value) && !kind_of(members, key))
			suppress(row, key);
}

static void finish_row(const json_t *members, json_t *row)
{
	const char *key;
	json_t *member;

	hide_unsaid(members, row);

	json_object_foreach ((json_t *)members, key, member) {
		const json_t *disclosure = json_object_get(member, "x-disclosure");
		if (json_object_get(row, key) && is_kind(members, key, "share"))
			finish_share(row, key, json_object_get(disclosure, "of"));
	}
}

/* Whether a row that the sum is of is not told. */
static bool has_hidden_row(const struct publication *all, const struct disclosure_sum *sum)
{
	for (size_t i = 0; i < sum->count; i++)
		if (all->places[sum->parts[i]].row &&
		    all->cells[sum->parts[i]].disclosure != DISCLOSURE_SHOWN)
			return true;
	return false;
}

/*
 * The total of one publication less that of the year before would tell the year between them: so
 * a total is told where it tells no more than its rows do.
 */
static void hide_totals(struct publication *all, const json_t *totals)
{
	for (size_t i = 0; i < all->sum_count; i++) {
		const struct disclosure_sum *sum = &all->sums[i];
		struct disclosure_cell *whole = &all->cells[sum->whole];
		bool is_of_rows = all->places[sum->parts[0]].row != totals;
		if (all->places[sum->whole].row == totals && is_of_rows && has_hidden_row(all, sum) &&
		    whole->disclosure == DISCLOSURE_SHOWN)
			whole->disclosure = DISCLOSURE_SHIELD;
	}
}

static void apply(struct publication *all, const struct disclosure_policy *policy, json_t *report)
{
	size_t index;
	json_t *row;

	for (size_t i = 0; i < all->cell_count; i++) {
		const struct place_of_cell *place = &all->places[i];
		if (!place->row)
			continue;
		if (all->cells[i].disclosure != DISCLOSURE_SHOWN)
			suppress(place->row, place->key);
		else
			json_object_set_new(place->row, place->key,
			    json_integer(disclosure_round(all->cells[i].count, policy->rounding)));
	}
	json_array_foreach (json_object_get(report, "rows"), index, row)
		finish_row(all->members, row);
	finish_row(all->members, json_object_get(report, "totals"));
}

static void add_notes(const struct disclosure_policy *policy, json_t *report)
{
	json_t *notes = json_object_get(report, "notes");

	if (policy->threshold > 1)
		json_array_append_new(notes,
		    json_sprintf("c: suppressed, because it is a count below %ld or would tell of one.",
		        policy->threshold));
	if (policy->rounding > 1)
		json_array_append_new(notes,
		    json_sprintf("Counts are rounded to the nearest %ld and may not sum to their totals.",
		        policy->rounding));
	json_array_append_new(
	    notes, json_string("Reviews whose publication is embargoed are left out."));
}

bool report_publish(const struct call *call, const struct disclosure_policy *policy, json_t *report,
    struct problem *problem)
{
	CLEANUP(free) struct publication *all = calloc(1, sizeof(*all));
	const json_t *said = json_object_get(report_of(call->request->operation), "public");
	size_t index;
	json_t *row;

	if (!all)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for a public report");
	all->members = contract_row_members(call->api->contract, call->request->operation, "rows");
	json_array_foreach (json_object_get(report, "rows"), index, row)
		add_row(all, row);
	add_totals(all, json_object_get(report, "totals"), json_object_get(said, "sums"));
	add_rests(all);
	add_sums(all, report, json_object_get(said, "sums"));
	if (all->is_full || !disclosure_protect(all->cells, all->cell_count, all->sums, all->sum_count,
	                        policy->threshold))
		return problem_set(
		    problem, PROBLEM_CONFLICT, "What the report tells cannot be made safe for the public.");
	hide_totals(all, json_object_get(report, "totals"));
	apply(all, policy, report);
	add_notes(policy, report);
	json_object_set_new(json_object_get(report, "links"), "records", json_null());
	return true;
}

/* ---- Formats without null ---- */

static void mark(json_t *row)
{
	size_t index;
	json_t *key;

	json_array_foreach (json_object_get(row, "suppressed"), index, key)
		json_object_set_new(row, json_string_value(key), json_string("c"));
}

void report_mark_suppressed(json_t *report)
{
	size_t index;
	json_t *row;

	json_array_foreach (json_object_get(report, "rows"), index, row)
		mark(row);
	mark(json_object_get(report, "totals"));
}
