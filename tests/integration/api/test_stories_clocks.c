/* Owns the stories of deadlines: what stands on which day, and what is agreed. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(deadlines, .timeout = 60);
TestSuite(deadline, .timeout = 60);
TestSuite(extension, .timeout = 60);
TestSuite(state, .timeout = 120);

/* The incident's clocks among the deadlines, as the query finds them. */
static const struct answer *deadlines_of(const char *id, const char *query)
{
	const struct answer *answer = get("/v1/deadlines?incident_id=%s%s", id, query);

	expect_status(answer, 200);
	return answer;
}

static size_t count_found(const char *id, const char *query)
{
	return json_array_size(answer_at(deadlines_of(id, query), "/data"));
}

/* The same by the list of the whole partnership, which goes another way. */
static bool is_listed(const char *id, const char *query)
{
	return count_of(
	           answer_at(get("/v1/deadlines?limit=200%s", query), "/data"), "incident_id", id) > 0;
}

static const char *clock_of(const char *id)
{
	return answer_text(get("/v1/incidents/%s/clocks", id), "/clocks/0/id");
}

/* As if everything of the incident's clocks had happened so many days before it did. */
static void long_ago(const char *id, const char *days)
{
	sql_run(&stage()->database,
	    "UPDATE clock SET created_at = created_at - $2::integer * interval '1 day',"
	    " superseded_at = superseded_at - $2::integer * interval '1 day',"
	    " first_recorded_on = first_recorded_on - $2::integer"
	    " WHERE incident_id = $1::uuid",
	    id, days, NULL);
}

static const struct answer *extend(const char *clock, const char *until)
{
	return post(json_of("{'until': '%s', 'reason': 'A criminal trial is listed.',"
	                    " 'by': 'lead safeguarding partners'}",
	                until),
	    "/v1/deadlines/%s/extensions", clock);
}

Test(deadline, names_what_it_belongs_to_and_who_owes_it)
{
	const struct answer *made = record(incident_with("{}"));
	const char *id = answer_text(made, "/id");
	const struct answer *list = deadlines_of(id, "");

	expect_value(list, "/data/0/subject", "'incident'");
	cr_assert_str_eq(answer_text(list, "/data/0/subject_id"), id);
	cr_assert_str_eq(answer_text(list, "/data/0/reference"), answer_text(made, "/local_ref"));
	expect_value(list, "/data/0/agency", "null");
	sql_run(&stage()->database,
	    "UPDATE clock SET owner = 'named nurse', agency_id = (SELECT id FROM agency AS a"
	    " WHERE a.partnership_id = clock.partnership_id AND a.slug = 'trust')"
	    " WHERE incident_id = $1::uuid",
	    id, NULL);
	list = deadlines_of(id, "&owner=named%20nurse");
	cr_assert_eq(json_array_size(answer_at(list, "/data")), 1, "%s", told(list));
	const char *agency = answer_text(list, "/data/0/agency_id");
	cr_assert_not_null(answer_text(list, "/data/0/agency"));
	cr_assert(is_listed(id, text_of("&agency_id=%s", agency)));
	cr_assert(is_listed(id, "&owner=named%20nurse&subject=incident,review"));
	cr_assert_not(is_listed(id, "&subject=review"));
	cr_assert_not(is_listed(id, text_of("&agency_id=%s", new_id())));
}

/* Of a referral, and so of no incident. */
Test(deadline, needs_no_incident)
{
	const struct answer *referral =
	    post(json_of("{'summary': 'An infant was brought to hospital.', 'nature': 'serious_harm',"
	                 " 'children': [{'sex': 'F'}]}"),
	        "/v1/referrals");
	const char *id = answer_text(referral, "/id");

	sql_run(&stage()->database,
	    "INSERT INTO clock (partnership_id, id, created_by_agency_id, kind, basis, starts_on,"
	    " start_event, unit, length, due_on, calendar_version, subject, subject_id)"
	    " SELECT r.partnership_id, gen_random_uuid(), r.agency_id, 'action', 'agreed',"
	    " '2024-01-08', 'agreed', 'calendar_day', 1, '2024-01-09', 1, 'referral', r.id"
	    " FROM referral AS r WHERE r.id = $1::uuid",
	    id, NULL);
	const struct answer *list = get("/v1/deadlines?subject=referral");
	cr_assert_str_eq(answer_text(list, "/data/0/subject_id"), id, "%s", told(list));
	expect_value(list, "/data/0/incident_id", "null");
	cr_assert_str_eq(answer_text(list, "/data/0/reference"), answer_text(referral, "/reference"));
	expect_status(get("/v1/deadlines/%s", answer_text(list, "/data/0/id")), 200);
}

Test(deadline, is_at_risk_from_the_working_day_before_it_is_due)
{
	const char *id = recorded(incident_with("{}"));
	static const struct {
		const char *day;
		const char *at_risk;
	} days[] = {{"2024-01-11", "false"}, {"2024-01-12", "true"}, {"2024-01-14", "true"},
	    {"2024-01-15", "true"}, {"2024-01-16", "false"}};

	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		bool wanted = strcmp(days[i].at_risk, "true") == 0;
		const struct answer *list = deadlines_of(id, text_of("&as_of=%s", days[i].day));
		expect_value(list, "/data/0/at_risk", days[i].at_risk);
		cr_assert_eq(count_found(id, text_of("&as_of=%s&state=at_risk", days[i].day)), wanted);
		cr_assert_eq(is_listed(id, text_of("&as_of=%s&state=at_risk", days[i].day)), wanted);
	}
	const char *soon =
	    recorded(incident_with("{'incident_date': '%s', 'aware_on': '%s'}", day(-20), day(-20)));
	sql_run(&stage()->database,
	    "UPDATE clock SET due_on = (now() AT TIME ZONE 'Europe/London')::date + 1,"
	    " at_risk_on = (now() AT TIME ZONE 'Europe/London')::date WHERE incident_id = $1::uuid",
	    soon, NULL);
	cr_assert(is_listed(soon, "&state=at_risk"));
	cr_assert(is_listed(soon, "&state=running,met"));
	cr_assert(is_listed(soon, "&state=at_risk,breached"));
	cr_assert_not(is_listed(soon, "&state=breached,met"));
	cr_assert(is_listed(id, "&state=breached"));
	cr_assert_not(is_listed(id, "&state=running,at_risk"));
}

Test(deadlines, come_from_either_end_and_page_by_page)
{
	for (int i = 0; i < 3; i++)
		recorded(incident_with("{'aware_on': '2024-0%d-08'}", i + 2));
	for (int way = 0; way < 2; way++) {
		const char *sort = way ? "-due_on" : "due_on";
		const char *past = way ? "&as_of=2026-01-01" : "";
		const char *last = NULL;
		const char *cursor = "";
		do {
			const struct answer *page =
			    get("/v1/deadlines?limit=2&sort=%s%s%s", sort, past, cursor);
			size_t index;
			json_t *item;
			json_array_foreach (answer_at(page, "/data"), index, item) {
				const char *due = json_string_value(json_object_get(item, "due_on"));
				cr_assert(!last || (way ? strcmp(last, due) >= 0 : strcmp(last, due) <= 0));
				last = due;
			}
			cursor = json_is_true(answer_at(page, "/has_more"))
			             ? text_of("&cursor=%s", answer_text(page, "/next_cursor"))
			             : NULL;
		} while (cursor);
		cr_assert_not_null(last);
	}
}

/* Edge case 15: the wrong day of awareness is corrected later; both are shown. */
Test(deadline, is_shown_for_each_day_as_it_stood_on_that_day)
{
	const char *id = recorded(incident_with("{}"));
	const char *first = clock_of(id);

	long_ago(id, "30");
	patch(json_of("{'aware_on': '2024-01-10'}"), "\"1\"", "/v1/incidents/%s", id);
	long_ago(id, "10");
	const struct answer *then = deadlines_of(id, text_of("&as_of=%s", day(-11)));
	expect_value(then, "/data/0/due_on", "'2024-01-15'");
	cr_assert_str_eq(answer_text(then, "/data/0/id"), first);
	expect_value(
	    deadlines_of(id, text_of("&as_of=%s", day(-10))), "/data/0/due_on", "'2024-01-17'");
	expect_value(deadlines_of(id, ""), "/data/0/due_on", "'2024-01-17'");
	cr_assert_eq(count_found(id, ""), 1);
	cr_assert_eq(count_found(id, text_of("&as_of=%s", day(-11))), 1);
	/* Of a day before anything was recorded we know what we know now. */
	expect_value(deadlines_of(id, "&as_of=2024-01-16"), "/data/0/due_on", "'2024-01-17'");

	const struct answer *now =
	    get("/v1/deadlines/%s", answer_text(deadlines_of(id, ""), "/data/0/id"));
	expect_value(now, "/due_on", "'2024-01-17'");
	cr_assert_str_eq(answer_text(now, "/earlier/0/id"), first);
	expect_value(now, "/earlier/0/due_on", "'2024-01-15'");
	cr_assert_eq(json_array_size(answer_at(now, "/earlier")), 1);
	cr_assert_not_null(answer_text(get("/v1/deadlines/%s", first), "/superseded_at"));
}

/* Edge case 13: half past midnight in London is the evening before in UTC. */
Test(deadline, counts_from_the_day_in_london_after_hours_and_in_summer)
{
	const char *id = recorded(incident_with(
	    "{'incident_date': '2024-06-28', 'aware_on': null, 'aware_at': '2024-06-30T23:30:00Z'}"));

	expect_value(get("/v1/incidents/%s", id), "/aware_on", "'2024-07-01'");
	expect_value(deadlines_of(id, "&kind=sin"), "/data/0/starts_on", "'2024-07-01'");
	/* Five working days from the Monday; from the Sunday they would end on Friday the 5th. */
	expect_value(deadlines_of(id, "&kind=sin"), "/data/0/due_on", "'2024-07-08'");
	/* The same hour of a winter's evening is still of its own day. */
	id = recorded(incident_with(
	    "{'incident_date': '2024-01-05', 'aware_on': null, 'aware_at': '2024-01-07T23:30:00Z'}"));
	expect_value(deadlines_of(id, "&kind=sin"), "/data/0/starts_on", "'2024-01-07'");
	expect_value(deadlines_of(id, "&kind=sin"), "/data/0/due_on", "'2024-01-12'");
}

Test(deadline, that_was_met_later_was_open_before)
{
	const char *id = recorded(incident_with("{}"));

	post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	             " 'notified_on': '2024-01-12'}"),
	    "/v1/incidents/%s/notifications", id);
	expect_value(deadlines_of(id, "&as_of=2024-01-11"), "/data/0/state", "'running'");
	expect_value(deadlines_of(id, "&as_of=2024-01-11"), "/data/0/completed_on", "null");
	expect_value(deadlines_of(id, "&as_of=2024-01-12"), "/data/0/state", "'met'");
	cr_assert(is_listed(id, "&as_of=2024-01-11&state=running&kind=sin"));
	cr_assert(is_listed(id, "&state=met&kind=sin"));
	cr_assert_not(is_listed(id, "&state=running,breached&kind=sin"));
}

Test(deadline, that_was_cancelled_later_stood_before)
{
	const char *id = recorded(incident_with("{'notifying_basis': null}"));

	long_ago(id, "5");
	patch(json_of("{'abuse_neglect_status': 'not_known_or_suspected'}"), "\"1\"",
	    "/v1/incidents/%s", id);
	expect_value(deadlines_of(id, text_of("&as_of=%s", day(-1))), "/data/0/state", "'breached'");
	expect_value(deadlines_of(id, ""), "/data/0/state", "'cancelled'");
	cr_assert(is_listed(id, "&state=cancelled"));
}

Test(extension, leaves_the_day_in_law_and_tells_what_was_agreed)
{
	const char *id = recorded(incident_with("{}"));
	const char *clock = clock_of(id);
	const struct answer *made = extend(clock, day(30));

	expect_status(made, 201);
	expect_value(made, "/due_on", "'2024-01-15'");
	expect_status(extend(clock, day(10)), 201);
	const struct answer *now = get("/v1/deadlines/%s", clock);
	expect_value(now, "/state", "'breached'");
	expect_value(now, "/within_extension", "true");
	cr_assert_str_eq(answer_text(now, "/extended_until"), day(30));
	cr_assert_eq(json_array_size(answer_at(now, "/extensions")), 2);
	expect_value(now, "/extensions/0/by", "'lead safeguarding partners'");
	expect_value(deadlines_of(id, ""), "/data/0/within_extension", "true");
	/* Nobody had agreed to it then. */
	const struct answer *then = deadlines_of(id, text_of("&as_of=%s", day(-1)));
	expect_value(then, "/data/0/within_extension", "false");
	expect_value(then, "/data/0/extensions", "[]");
	expect_value(
	    deadlines_of(id, text_of("&as_of=%s", day(31))), "/data/0/within_extension", "false");
}

/* As of a day since the agreement it was within it, although nobody could have said so then. */
Test(extension, of_a_day_long_past_shows_when_it_was_recorded_too)
{
	const struct answer *made = record(incident_with("{}"));
	const char *id = answer_text(made, "/id");
	const char *clock = clock_of(id);
	const char *then = text_of("&as_of=%s", day(-5));

	long_ago(id, "20");
	expect_value(deadlines_of(id, then), "/data/0/within_extension", "false");
	expect_status(post(json_of("{'until': '%s', 'reason': 'x', 'by': 'y', 'agreed_on': '%s'}",
	                       day(30), day(-10)),
	                  "/v1/deadlines/%s/extensions", clock),
	    201);
	const struct answer *entry = get("/v1/audit?limit=1");
	const struct answer *looked_back = deadlines_of(id, then);
	expect_value(looked_back, "/data/0/within_extension", "true");
	cr_assert_str_eq(answer_text(looked_back, "/data/0/extensions/0/agreed_on"), day(-10));
	const char *recorded_at = answer_text(looked_back, "/data/0/extensions/0/recorded_at");
	cr_assert_geq(strcmp(recorded_at, answer_text(made, "/created_at")), 0);
	expect_value(entry, "/data/0/action", "'createDeadlineExtension'");
	cr_assert_str_eq(answer_text(entry, "/data/0/resource_id"), clock);
	cr_assert_leq(strcmp(recorded_at, answer_text(entry, "/data/0/at")), 0);
	expect_value(deadlines_of(id, text_of("&as_of=%s", day(-11))), "/data/0/extensions", "[]");
	expect_fault(post(json_of("{'until': '%s', 'reason': 'x', 'by': 'y', 'recorded_at': '%s'}",
	                      day(40), recorded_at),
	                 "/v1/deadlines/%s/extensions", clock),
	    "/recorded_at", "unknown_field");
}

Test(extension, stays_with_a_clock_that_is_corrected)
{
	const char *id = recorded(incident_with("{}"));

	extend(clock_of(id), day(30));
	patch(json_of("{'aware_on': '2024-01-10'}"), "\"1\"", "/v1/incidents/%s", id);
	cr_assert_str_eq(answer_text(deadlines_of(id, ""), "/data/0/extended_until"), day(30));
}

Test(extension, is_refused_where_there_is_nothing_to_extend)
{
	const char *id = recorded(incident_with("{}"));
	const char *clock = clock_of(id);

	expect_fault(extend(clock, "2024-01-15"), "/until", "until_before_due");
	expect_fault(post(json_of("{'until': '%s', 'reason': 'x', 'by': 'y', 'agreed_on': '%s'}",
	                      day(3), day(1)),
	                 "/v1/deadlines/%s/extensions", clock),
	    "/agreed_on", "date_in_future");
	expect_problem(extend(new_id(), day(9)), 404, "not-found");
	patch(json_of("{'aware_on': '2024-01-10'}"), "\"1\"", "/v1/incidents/%s", id);
	expect_problem(extend(clock, day(9)), 409, "conflict");
	post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
	             " 'notified_on': '2024-01-12'}"),
	    "/v1/incidents/%s/notifications", id);
	const char *met = answer_text(deadlines_of(id, "&kind=sin"), "/data/0/id");
	expect_problem(extend(met, day(9)), 409, "conflict");
}

Test(extension, is_agreed_once_however_often_it_is_sent)
{
	const char *clock = clock_of(recorded(incident_with("{}")));
	CLEANUP(json_decref)
	json_t *body = json_of("{'until': '%s', 'reason': 'x', 'by': 'y'}", day(3));
	const struct call call = {.method = "POST",
	    .path = text_of("/v1/deadlines/%s/extensions", clock),
	    .idempotency_key = new_id(),
	    .json = body};

	expect_status(make(&call), 201);
	const struct answer *again = make(&call);
	expect_status(again, 201);
	cr_assert_not_null(answer_header(again, "Idempotency-Replayed"));
	cr_assert_eq(json_array_size(answer_at(get("/v1/deadlines/%s", clock), "/extensions")), 1);
}

/* ---- The database and domain/clock.c say the same ---- */

/* Clocks around these days with everything that a state depends on, by chance. */
static void scatter(const char *id, const char *count)
{
	sql_run(&stage()->database,
	    "INSERT INTO clock (partnership_id, id, incident_id, created_by_agency_id, kind, basis,"
	    " starts_on, start_event, unit, length, due_on, completed_on, paused, cancelled_at,"
	    " created_at, calendar_version, subject, subject_id)"
	    " SELECT i.partnership_id, gen_random_uuid(), i.id, i.created_by_agency_id, 'scoping',"
	    " 'chance', '2024-01-01', 'chance', (ARRAY['working_day','calendar_day','month'])[1 + n % "
	    "3],"
	    " 1, date '2024-01-01' + (random() * 20)::integer,"
	    " CASE WHEN random() < 0.5 THEN date '2024-01-01' + (random() * 20)::integer END,"
	    " random() < 0.2,"
	    " CASE WHEN random() < 0.2 THEN timestamptz '2024-01-01' + random() * interval '20 days' "
	    "END,"
	    " '2023-12-01', 1, 'review', gen_random_uuid()"
	    " FROM incident AS i, generate_series(1, $2::integer) AS n WHERE i.id = $1::uuid",
	    id, count, NULL);
}

Test(state, is_the_same_in_the_database_and_in_the_program)
{
	const char *id = recorded(incident_with("{}"));
	size_t seen = 0;

	scatter(id, "180");
	for (int day_of_month = 1; day_of_month <= 22; day_of_month++) {
		const char *on = text_of("2024-01-%02d", day_of_month);
		CLEANUP(free)
		char *text = sql_text(&stage()->database,
		    "SELECT json_object_agg(c.id, clock_state(c.cancelled_at IS NOT NULL"
		    " AND london_day(c.cancelled_at) <= $2::date, c.completed_on, c.paused, c.due_on,"
		    " $2::date)) FROM clock AS c WHERE c.incident_id = $1::uuid AND c.kind = 'scoping'",
		    id, on, NULL);
		CLEANUP(json_decref) json_t *states = json_loads(text, 0, NULL);
		const struct answer *list =
		    deadlines_of(id, text_of("&kind=scoping&limit=200&as_of=%s", on));
		size_t index;
		json_t *item;
		cr_assert_eq(json_array_size(answer_at(list, "/data")), json_object_size(states));
		json_array_foreach (answer_at(list, "/data"), index, item) {
			const char *clock = json_string_value(json_object_get(item, "id"));
			cr_assert_str_eq(json_string_value(json_object_get(item, "state")),
			    json_string_value(json_object_get(states, clock)), "%s on %s", clock, on);
			seen++;
		}
	}
	cr_assert_eq(seen, (size_t)180 * 22);
}
