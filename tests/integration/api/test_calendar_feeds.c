/* Owns the stories of deadlines as a calendar, and of the secret address that Outlook is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
TestSuite(calendar, .timeout = 60);
TestSuite(calendar_feed, .timeout = 60);

/* ---- A strict reader of RFC 5545 ---- */

/* A calendar as JSON: {"lines": [...], "events": [{name: value}]}; parameters belong to the name.
 */
static json_t *unfolded(const char *text)
{
	json_t *lines = json_array();
	CLEANUP(text_finish) struct text line = TEXT_INIT(100000);

	while (*text) {
		const char *end = strstr(text, "\r\n");
		cr_assert_not_null(end, "a line does not end in CRLF");
		cr_assert_leq(end - text, 75, "%.*s", (int)(end - text), text);
		for (const char *at = text; at < end; at++)
			cr_assert((unsigned char)*at >= 0x20 || *at == '\t', "a control in a line");
		text_append(&line, text, (size_t)(end - text));
		text = end + 2;
		if (*text == ' ') {
			cr_assert_neq((unsigned char)text[1] & 0xc0, 0x80, "a character is split");
			text++;
			continue;
		}
		json_t *whole = json_stringn(text_string(&line), line.length);
		cr_assert_not_null(whole, "a line is not UTF-8");
		json_array_append_new(lines, whole);
		text_clear(&line);
	}
	return lines;
}

/* A TEXT value as it was before; gives up on what should have been escaped. */
static const char *unescaped(const char *value)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(100000);

	for (; *value; value++) {
		cr_assert(*value != ';' && *value != ',', "not escaped: %s", value);
		if (*value != '\\') {
			text_putc(&text, *value);
			continue;
		}
		value++;
		cr_assert(*value && strchr("\\;,nN", *value), "no escape: %s", value);
		text_putc(&text, *value == 'n' || *value == 'N' ? '\n' : *value);
	}
	return text_of("%s", text_string(&text));
}

static void check_event(const json_t *event)
{
	static const char *const needed[] = {"UID", "DTSTAMP", "SEQUENCE", "LAST-MODIFIED",
	    "DTSTART;VALUE=DATE", "DTEND;VALUE=DATE", "SUMMARY", "DESCRIPTION", "STATUS", "CATEGORIES",
	    "URL"};

	for (size_t i = 0; i < ARRAY_LENGTH(needed); i++)
		cr_assert_not_null(json_object_get(event, needed[i]), "no %s", needed[i]);
	unescaped(json_string_value(json_object_get(event, "SUMMARY")));
	unescaped(json_string_value(json_object_get(event, "DESCRIPTION")));
}

/* Reads one line into the event, or the alarm within it; the components must be nested rightly. */
static void read_line(const char *line, json_t *open, json_t *event, json_t *events)
{
	const char *colon = strchr(line, ':');
	cr_assert(colon && colon > line, "%s", line);
	const char *name = text_of("%.*s", (int)(colon - line), line);
	size_t depth = json_array_size(open);
	const char *inner = json_string_value(json_array_get(open, depth ? depth - 1 : 0));

	if (strcmp(name, "BEGIN") == 0) {
		json_array_append_new(open, json_string(colon + 1));
		if (strcmp(colon + 1, "VEVENT") == 0)
			json_object_clear(event);
	} else if (strcmp(name, "END") == 0) {
		cr_assert_str_eq(colon + 1, inner);
		json_array_remove(open, depth - 1);
		if (strcmp(colon + 1, "VEVENT") == 0) {
			check_event(event);
			json_array_append_new(events, json_copy(event));
		}
	} else {
		cr_assert_not_null(inner, "%s", line);
		if (strcmp(inner, "VALARM") == 0)
			name = text_of("VALARM.%s", name);
		cr_assert_null(json_object_get(event, name), "%s twice", name);
		if (strcmp(inner, "VEVENT") == 0 || strcmp(inner, "VALARM") == 0)
			json_object_set_new(event, name, json_string(colon + 1));
	}
}

/* The events of a calendar; borrowed until the test ends. */
static json_t *events_of(const struct answer *answer)
{
	const char *text = text_string(&answer->body);
	CLEANUP(json_decref) json_t *lines = unfolded(text);
	CLEANUP(json_decref) json_t *open = json_array();
	CLEANUP(json_decref) json_t *event = json_object();
	json_t *events = json_array();
	size_t index;
	json_t *line;

	expect_status(answer, 200);
	cr_assert(strncmp(answer_header(answer, "Content-Type"), "text/calendar", 13) == 0);
	cr_assert_str_eq(json_string_value(json_array_get(lines, 0)), "BEGIN:VCALENDAR");
	cr_assert(strstr(text, "\r\nVERSION:2.0\r\n") && strstr(text, "\r\nPRODID:-//cspr"));
	cr_assert_not_null(strstr(text, "\r\nMETHOD:PUBLISH\r\n"));
	json_array_foreach (lines, index, line)
		read_line(json_string_value(line), open, event, events);
	cr_assert_eq(json_array_size(open), 0);
	/* Kept until the test ends, as what answers hold. */
	static json_t *kept[64];
	static size_t count;
	kept[count++ % ARRAY_LENGTH(kept)] = events;
	return events;
}

static const char *of(const json_t *event, const char *name)
{
	const char *value = json_string_value(json_object_get(event, name));

	if (!value)
		give_up("the event has no %s", name);
	return value;
}

/* The event that leads to the clock, or NULL. */
static const json_t *event_of_clock(const json_t *events, const char *clock)
{
	size_t index;
	json_t *event;

	json_array_foreach (events, index, event)
		if (strstr(of(event, "URL"), clock))
			return event;
	return NULL;
}

/* ---- What is asked ---- */

static const struct answer *as_calendar(const char *query)
{
	static const char *const headers[] = {"Accept: text/calendar", NULL};
	const struct call call = {
	    .method = "GET", .path = text_of("/v1/deadlines?limit=200%s", query), .headers = headers};

	return make(&call);
}

static const char *clock_of(const char *incident)
{
	return answer_text(get("/v1/incidents/%s/clocks", incident), "/clocks/0/id");
}

static const struct answer *feed_with(const char *members)
{
	const struct answer *made =
	    post(json_of("{'label': 'business manager'%s}", members), "/v1/calendar-feeds");

	expect_status(made, 201);
	return made;
}

/* "/calendar.ics?secret=…" of a feed that was made just now. */
static const char *address_of(const struct answer *made)
{
	const char *address = strstr(answer_text(made, "/url"), "/calendar.ics?secret=");

	cr_assert_not_null(address, "%s", told(made));
	return text_of("%s", address);
}

/* As a calendar program does: without a key. */
static const struct answer *subscribe(const char *address)
{
	static const char *const headers[] = {"X-Request-ID: outlook", NULL};
	const struct call call = {.method = "GET", .path = address, .headers = headers};

	as(NULL);
	const struct answer *answer = make(&call);
	as(stage()->council);
	return answer;
}

/* What an address gives that never was one. */
static void expect_nothing(const char *address)
{
	const struct answer *nothing = subscribe("/calendar.ics");
	const struct answer *answer = subscribe(address);

	expect_problem(answer, 404, "not-found");
	cr_assert_str_eq(text_string(&answer->body), text_string(&nothing->body));
	cr_assert_eq(answer->header_count, nothing->header_count);
}

/* ---- Deadlines as a calendar ---- */

Test(calendar, has_an_event_of_the_day_for_each_deadline)
{
	const struct answer *made = record(incident_with("{}"));
	const char *id = answer_text(made, "/id");
	const char *clock = clock_of(id);
	json_t *events = events_of(as_calendar(text_of("&incident_id=%s", id)));

	cr_assert_eq(json_array_size(events), 1);
	const json_t *event = json_array_get(events, 0);
	cr_assert_str_eq(of(event, "UID"), clock);
	cr_assert_str_eq(of(event, "SEQUENCE"), "0");
	cr_assert_str_eq(of(event, "DTSTART;VALUE=DATE"), "20240115");
	cr_assert_str_eq(of(event, "DTEND;VALUE=DATE"), "20240116");
	cr_assert_str_eq(of(event, "STATUS"), "CONFIRMED");
	cr_assert_str_eq(of(event, "CATEGORIES"), "sin,breached");
	cr_assert_str_eq(unescaped(of(event, "SUMMARY")),
	    text_of("Serious incident notification, %s: breached", answer_text(made, "/local_ref")));
	cr_assert_not_null(strstr(unescaped(of(event, "DESCRIPTION")), "Subject: incident\n"));
	/* What is over reminds nobody. */
	cr_assert_null(json_object_get(event, "VALARM.TRIGGER"));
	cr_assert_null(strstr(text_string(&as_calendar("")->body), "infant"));
}

/* From the midnight that the day begins with, back to nine on the working day before. */
Test(calendar, reminds_on_the_working_day_before)
{
	static const struct {
		const char *day;
		const char *trigger;
	} cases[] = {{"2024-01-08", "-P2DT15H"}, {"2024-01-09", "-PT15H"}};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		const char *id = recorded(incident_with("{'aware_on': '%s'}", cases[i].day));
		json_t *events = events_of(as_calendar(text_of("&incident_id=%s&as_of=2024-01-10", id)));
		const json_t *event = json_array_get(events, 0);
		cr_assert_str_eq(of(event, "VALARM.TRIGGER"), cases[i].trigger);
		cr_assert_str_eq(of(event, "VALARM.ACTION"), "DISPLAY");
		cr_assert_str_eq(of(event, "VALARM.DESCRIPTION"), of(event, "SUMMARY"));
	}
}

Test(calendar, keeps_an_event_s_identity_when_the_day_is_corrected)
{
	const char *id = recorded(incident_with("{}"));
	const char *query = text_of("&incident_id=%s", id);
	const char *first = text_of("%s", of(json_array_get(events_of(as_calendar(query)), 0), "UID"));

	expect_status(
	    patch(json_of("{'aware_on': '2024-01-10'}"), "\"1\"", "/v1/incidents/%s", id), 200);
	json_t *events = events_of(as_calendar(query));
	cr_assert_eq(json_array_size(events), 1);
	const json_t *event = json_array_get(events, 0);
	cr_assert_str_eq(of(event, "UID"), first);
	cr_assert_str_eq(of(event, "SEQUENCE"), "1");
	cr_assert_str_eq(of(event, "DTSTART;VALUE=DATE"), "20240117");
	cr_assert_null(strstr(of(event, "URL"), first));
}

Test(calendar, says_what_was_cancelled_and_folds_what_is_long)
{
	const char *id = recorded(incident_with("{'notifying_basis': null}"));

	patch(json_of("{'abuse_neglect_status': 'not_known_or_suspected'}"), "\"1\"",
	    "/v1/incidents/%s", id);
	sql_run(&stage()->database,
	    "UPDATE clock SET owner = repeat('é–', 60) || E'\\n;,\\\\' WHERE incident_id = $1::uuid",
	    id, NULL);
	sql_run(&stage()->database,
	    "UPDATE incident SET local_ref = 'A,B;C-' || id WHERE id = $1::uuid", id, NULL);
	const json_t *event = json_array_get(events_of(as_calendar(text_of("&incident_id=%s", id))), 0);
	cr_assert_str_eq(of(event, "STATUS"), "CANCELLED");
	cr_assert_not_null(strstr(unescaped(of(event, "SUMMARY")), "A,B;C-"));
	cr_assert_not_null(strstr(unescaped(of(event, "DESCRIPTION")), "é–é–\n;,\\"));
}

Test(calendar, is_paged_as_the_list_is)
{
	for (int i = 0; i < 3; i++)
		recorded(incident_with("{}"));
	static const char *const headers[] = {"Accept: text/calendar", NULL};
	const struct call call = {
	    .method = "GET", .path = "/v1/deadlines?limit=2&kind=sin", .headers = headers};
	const struct answer *page = make(&call);

	cr_assert_eq(json_array_size(events_of(page)), 2);
	cr_assert_not_null(strstr(answer_header(page, "Link"), "rel=\"next\""));
}

/* ---- Feeds ---- */

Test(calendar_feed, is_read_by_whoever_has_its_address)
{
	const char *clock = clock_of(recorded(incident_with("{}")));
	const struct answer *made = feed_with("");
	const struct answer *calendar = subscribe(address_of(made));
	const json_t *event = event_of_clock(events_of(calendar), clock);

	cr_assert_not_null(event);
	cr_assert_str_eq(of(event, "UID"), clock);
	cr_assert_not_null(strstr(text_string(&calendar->body), "X-WR-CALNAME:business manager\r\n"));
	cr_assert(strncmp(answer_header(calendar, "Cache-Control"), "private", 7) == 0);
	/* Asked again with what it has, it is told that nothing has changed. */
	const struct call again = {.method = "GET",
	    .path = address_of(made),
	    .headers = (const char *const[]){
	        text_of("If-None-Match: %s", answer_header(calendar, "ETag")), NULL}};
	as(NULL);
	const struct answer *unchanged = make(&again);
	expect_status(unchanged, 304);
	cr_assert_eq(unchanged->body.length, 0);
}

Test(calendar_feed, shows_what_is_open_and_what_it_is_narrowed_to)
{
	const char *notified = notified_incident(incident_with("{}"));
	const char *late = recorded(incident_with("{}"));
	const char *sin = clock_of(late);
	const char *met =
	    answer_text(get("/v1/deadlines?incident_id=%s&kind=sin", notified), "/data/0/id");
	const char *far = clock_of(recorded(incident_with("{}")));

	sql_run(&stage()->database,
	    "UPDATE clock SET due_on = (now() AT TIME ZONE 'Europe/London')::date + 401"
	    " WHERE id = $1::uuid",
	    far, NULL);
	json_t *all = events_of(subscribe(address_of(feed_with(""))));
	cr_assert_not_null(event_of_clock(all, sin));
	cr_assert_null(event_of_clock(all, met));
	cr_assert_null(event_of_clock(all, far));
	sql_run(&stage()->database,
	    "UPDATE clock SET due_on = due_on - 1, owner = 'named nurse' WHERE id = $1::uuid", far,
	    NULL);
	json_t *reviews = events_of(subscribe(address_of(feed_with(", 'kinds': ['rapid_review']"))));
	cr_assert_gt(json_array_size(reviews), 0);
	cr_assert_null(event_of_clock(reviews, sin));
	json_t *nurse = events_of(subscribe(address_of(feed_with(", 'owner': 'named nurse'"))));
	cr_assert_eq(json_array_size(nurse), 1);
	cr_assert_not_null(event_of_clock(nurse, far));
	/* A calendar without an event is still one. */
	cr_assert_eq(
	    json_array_size(events_of(subscribe(address_of(feed_with(", 'owner': 'nobody'"))))), 0);
}

Test(calendar_feed, ends_at_once)
{
	const struct answer *made = feed_with("");
	const char *address = address_of(made);
	const char *id = answer_text(made, "/id");

	expect_status(subscribe(address), 200);
	const struct answer *ended = post(NULL, "/v1/calendar-feeds/%s/revocation", id);
	expect_status(ended, 201);
	expect_nothing(address);
	const struct answer *again = post(NULL, "/v1/calendar-feeds/%s/revocation", id);
	expect_status(again, 201);
	cr_assert_str_eq(answer_text(again, "/revoked_at"), answer_text(ended, "/revoked_at"));
	expect_problem(post(NULL, "/v1/calendar-feeds/%s/revocation", new_id()), 404, "not-found");
}

Test(calendar_feed, lives_as_long_as_the_key_that_made_it)
{
	static const char *const scopes = "deadlines:feed deadlines:read incidents:write";
	const char *expiring = key_with(scopes);
	const char *revoked = key_with(scopes);

	as(expiring);
	const char *of_expiring = address_of(feed_with(""));
	as(revoked);
	const char *of_revoked = address_of(feed_with(""));
	expect_status(subscribe(of_expiring), 200);
	expect_status(subscribe(of_revoked), 200);
	key_expire(expiring);
	key_revoke("north", revoked);
	expect_nothing(of_expiring);
	expect_nothing(of_revoked);
}

Test(calendar_feed, is_not_found_by_a_wrong_secret)
{
	const char *address = address_of(feed_with(""));
	const char *secret = strchr(address, '=') + 1;
	const char *other = text_of("/calendar.ics?secret=%.39sAAAA", secret);

	expect_nothing("/calendar.ics?secret=");
	expect_nothing("/calendar.ics?secret=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	expect_nothing(other);
	/* A key is no secret of a feed, and the other way round. */
	expect_nothing(text_of("/calendar.ics?secret=%s", stage()->council));
	as(secret);
	expect_problem(get("/v1/deadlines"), 401, "unauthenticated");
}

Test(calendar_feed, needs_a_key_that_reads_deadlines)
{
	as(key_with("deadlines:feed"));
	expect_problem(
	    post(json_of("{'label': 'nothing to see'}"), "/v1/calendar-feeds"), 403, "forbidden");
	as(key_with("deadlines:read"));
	expect_problem(post(json_of("{'label': 'x'}"), "/v1/calendar-feeds"), 403, "forbidden");
}

/* An agency's feed sees what that agency brought in or owes, as its key does. */
Test(calendar_feed, of_an_agency_s_own_key_sees_its_own)
{
	const char *foreign = clock_of(recorded(incident_with("{}")));
	const char *owed = clock_of(recorded(incident_with("{}")));

	sql_run(&stage()->database, "UPDATE clock SET agency_id = $2::uuid WHERE id = $1::uuid", owed,
	    agency_of("trust"), NULL);
	as(key_of("north", "trust", OWN_SCOPES));
	const char *own = clock_of(recorded(incident_with("{}")));
	json_t *events = events_of(subscribe(address_of(feed_with(""))));
	cr_assert_null(event_of_clock(events, foreign));
	cr_assert_not_null(event_of_clock(events, owed));
	cr_assert_not_null(event_of_clock(events, own));
}

Test(calendar_feed, shows_nothing_that_a_restriction_keeps_from_the_agency)
{
	const char *id = recorded(incident_with("{}"));
	const char *clock = clock_of(id);

	as(key_of("north", "trust", "deadlines:read deadlines:feed"));
	const char *address = address_of(feed_with(""));
	cr_assert_not_null(event_of_clock(events_of(subscribe(address)), clock));
	as(stage()->council);
	sql_run(&stage()->database,
	    "INSERT INTO restriction (partnership_id, id, incident_id, version, agency_id, reason,"
	    " active_from, created_at, updated_at) SELECT i.partnership_id, gen_random_uuid(), i.id, 1,"
	    " $2::uuid, 'a', '2024-01-01', now(), now() FROM incident AS i WHERE i.id = $1::uuid",
	    id, agency_of("trust"), NULL);
	cr_assert_null(event_of_clock(events_of(subscribe(address)), clock));
}

Test(calendar_feed, of_another_partnership_is_apart)
{
	const char *id = answer_text(feed_with(""), "/id");
	const char *clock = clock_of(recorded(incident_with("{}")));

	as(stage()->south);
	expect_problem(get("/v1/calendar-feeds/%s", id), 404, "not-found");
	expect_problem(post(NULL, "/v1/calendar-feeds/%s/revocation", id), 404, "not-found");
	cr_assert_null(strstr(text_string(&get("/v1/calendar-feeds")->body), id));
	const char *address = address_of(feed_with(""));
	cr_assert_null(event_of_clock(events_of(subscribe(address)), clock));
}

/* ---- Its secret ---- */

Test(calendar_feed, shows_its_address_once)
{
	CLEANUP(json_decref) json_t *body = json_of("{'label': 'practice lead'}");
	const struct call call = {
	    .method = "POST", .path = "/v1/calendar-feeds", .idempotency_key = new_id(), .json = body};
	const struct answer *first = make(&call);

	expect_status(first, 201);
	const char *secret = strchr(address_of(first), '=') + 1;
	/* 256 bits. */
	cr_assert_eq(strlen(secret), 43);
	const struct answer *again = make(&call);
	expect_status(again, 201);
	cr_assert_not_null(answer_header(again, "Idempotency-Replayed"));
	cr_assert_str_eq(answer_text(again, "/id"), answer_text(first, "/id"));
	expect_value(again, "/url", "null");
	cr_assert_not_null(strstr(answer_text(again, "/url_note"), "first answer"));
	const char *id = answer_text(first, "/id");
	cr_assert_null(strstr(text_string(&get("/v1/calendar-feeds/%s", id)->body), "secret"));
	const struct answer *list = get("/v1/calendar-feeds?limit=200");
	cr_assert_eq(count_of(answer_at(list, "/data"), "id", id), 1);
	cr_assert_null(strstr(text_string(&list->body), "secret"));
	expect_status(subscribe(text_of("/calendar.ics?secret=%s", secret)), 200);
}

Test(calendar_feed, that_was_only_tried_has_no_address)
{
	const struct answer *tried =
	    post(json_of("{'label': 'practice lead'}"), "/v1/calendar-feeds?dry_run=true");

	expect_status(tried, 200);
	expect_value(tried, "/url", "null");
	expect_problem(get("/v1/calendar-feeds/%s", answer_text(tried, "/id")), 404, "not-found");
}

/* Not in the database, the trail, the log or the metrics, nor in an error or its instance. */
Test(calendar_feed, s_secret_stands_nowhere)
{
	const struct answer *made = feed_with("");
	const char *address = address_of(made);
	const char *secret = strchr(address, '=') + 1;

	expect_status(subscribe(address), 200);
	post(NULL, "/v1/calendar-feeds/%s/revocation", answer_text(made, "/id"));
	const char *const refused[] = {address, text_of("%s&strange=1", address),
	    text_of("/calendar.ics?secret=%s%0200d", secret, 0),
	    text_of("/calendar.ics?secret=%s&secret=%s", secret, secret)};
	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		const struct answer *answer = subscribe(refused[i]);
		cr_assert_geq(answer->status, 400);
		cr_assert_null(strstr(text_string(&answer->body), secret), "%s", told(answer));
		for (size_t k = 0; k < answer->header_count; k++)
			cr_assert_null(strstr(answer->headers[k], secret), "%s", answer->headers[k]);
	}
	CLEANUP(free) char *log = service_log(&stage()->service);
	cr_assert_not_null(strstr(log, "getCalendar"));
	cr_assert_null(strstr(log, secret));
	CLEANUP(free)
	char *kept = sql_text(&stage()->database,
	    "SELECT string_agg(query_to_xml(format('SELECT * FROM %I AS t WHERE strpos(t::text, %L) > "
	    "0', c.relname, $1::text), false, true, '')::text, '')"
	    " FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace",
	    secret, NULL);
	cr_assert(!kept || !strstr(kept, secret));
	CLEANUP(answer_finish) struct answer metrics = {0};
	get_metrics(&metrics);
	expect_status(&metrics, 200);
	cr_assert_null(strstr(text_string(&metrics.body), secret));
}
