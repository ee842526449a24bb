/* Owns the tests of lists: orders, pages, cursors, filters. */
#include <string.h>

#include "fixture.h"

STAGE(ALL_SCOPES, NULL)
static void fill(void);
TestSuite(page, .init = fill, .timeout = 60);
TestSuite(filter, .init = fill, .timeout = 60);
TestSuite(cursor, .init = fill, .timeout = 60);

#define INCIDENTS 120

/*
 * The first test makes 120 incidents, several to a day, and changes some afterwards, so that each
 * order is another and has ties.
 */
static void fill(void)
{
	static const char *const natures[] = {"serious_harm", "child_death", "other"};
	struct call calls[10];
	const struct answer *answers[10];

	if (count_rows("SELECT count(*) FROM incident", NULL) > 0)
		return;
	for (int i = 0; i < INCIDENTS; i++) {
		calls[i % 10] = (struct call){.method = "POST",
		    .path = "/v1/incidents",
		    .idempotency_key = new_id(),
		    .body = text_of("{\"local_ref\":\"N-%03d\",\"incident_date\":\"2023-12-01\","
		                    "\"aware_on\":\"2024-01-%02d\",\"nature\":\"%s\","
		                    "\"abuse_neglect_status\":\"%s\",\"children\":[{}]}",
		        i, 1 + (i * 7) % 20, natures[i % 3], i % 4 ? "known" : "not_known_or_suspected")};
		if (i % 10 == 9)
			make_at_once(calls, 10, answers);
	}
	for (int i = 0; i < INCIDENTS; i += 9) {
		const struct answer *found = get("/v1/incidents?local_ref=N-%03d", i);
		expect_status(patch(json_of("{'media_interest': true}"), "\"1\"", "/v1/incidents/%s",
		                  answer_text(found, "/data/0/id")),
		    200);
	}
	/* Ties of instants too, as one transaction would make them. */
	sql_run(&stage()->database,
	    "UPDATE incident SET created_at = date_trunc('second', created_at),"
	    " updated_at = date_trunc('milliseconds', updated_at)",
	    NULL);
	cr_assert_eq(count_rows("SELECT count(*) FROM incident", NULL), INCIDENTS);
}

/* Follows next_cursor to the end; every item, in the order in which it came. */
static json_t *walk(const char *path, int limit)
{
	CLEANUP(json_decref) json_t *items = json_array();
	const char *separator = strchr(path, '?') ? "&" : "?";
	const char *next = text_of("%s%slimit=%d", path, separator, limit);

	while (next) {
		const struct answer *page = get("%s", next);
		expect_status(page, 200);
		json_array_extend(items, answer_at(page, "/data"));
		bool has_more = json_is_true(answer_at(page, "/has_more"));
		cr_assert_eq(has_more, json_is_string(answer_at(page, "/next_cursor")));
		cr_assert_eq(has_more, answer_header(page, "Link") != NULL);
		cr_assert(!has_more || json_array_size(answer_at(page, "/data")) == (size_t)limit);
		cr_assert_leq(json_array_size(items), (size_t)10 * INCIDENTS, "the pages do not end");
		next = has_more ? text_of("%s%slimit=%d&cursor=%s", path, separator, limit,
		                      answer_text(page, "/next_cursor"))
		                : NULL;
	}
	return TAKE(items);
}

static const char *text_at(const json_t *items, size_t index, const char *member)
{
	return json_string_value(json_object_get(json_array_get(items, index), member));
}

static void expect_each_once_in_order(const json_t *items, const char *member, int direction)
{
	cr_assert_eq(json_array_size(items), INCIDENTS);
	for (size_t i = 0; i < INCIDENTS; i++) {
		cr_assert_eq(count_of(items, "id", text_at(items, i, "id")), 1);
		if (i == 0)
			continue;
		int order = strcmp(text_at(items, i - 1, member), text_at(items, i, member));
		if (order == 0)
			order = strcmp(text_at(items, i - 1, "id"), text_at(items, i, "id"));
		cr_assert_lt(order * direction, 0, "%s at %zu", member, i);
	}
}

Test(page, after_page_gives_each_incident_once_in_every_order)
{
	static const struct {
		const char *sort;
		const char *member;
		int direction;
	} orders[] = {{"created_at", "created_at", 1}, {"-created_at", "created_at", -1},
	    {"aware_on", "aware_on", 1}, {"-aware_on", "aware_on", -1}, {"updated_at", "updated_at", 1},
	    {"-updated_at", "updated_at", -1}};

	for (size_t i = 0; i < ARRAY_LENGTH(orders); i++) {
		const char *path = text_of("/v1/incidents?sort=%s", orders[i].sort);
		CLEANUP(json_decref) json_t *items = walk(path, 17);
		expect_each_once_in_order(items, orders[i].member, orders[i].direction);
	}
}

Test(page, of_no_order_named_has_the_newest_first)
{
	CLEANUP(json_decref) json_t *named = walk("/v1/incidents?sort=-created_at", 50);
	CLEANUP(json_decref) json_t *usual = walk("/v1/incidents", 50);

	cr_assert(json_equal(named, usual));
}

Test(page, may_be_as_long_as_the_list)
{
	const struct answer *exact = get("/v1/incidents?limit=120");
	const struct answer *short_by_one = get("/v1/incidents?limit=119");

	expect_value(exact, "/has_more", "false");
	expect_value(exact, "/next_cursor", "null");
	expect_value(short_by_one, "/has_more", "true");
	cr_assert_eq(json_array_size(answer_at(short_by_one, "/data")), 119);
}

Test(page, has_a_limit_from_1_to_200)
{
	static const char *const limits[] = {"0", "201", "-1", "1.5", "x", "", "99999999999999999999"};

	cr_assert_eq(json_array_size(answer_at(get("/v1/incidents"), "/data")), 50);
	cr_assert_eq(json_array_size(answer_at(get("/v1/incidents?limit=1"), "/data")), 1);
	cr_assert_eq(json_array_size(answer_at(get("/v1/incidents?limit=200"), "/data")), INCIDENTS);
	for (size_t i = 0; i < ARRAY_LENGTH(limits); i++)
		expect_problem(get("/v1/incidents?limit=%s", limits[i]), 400, "bad-parameter");
}

Test(page, is_followed_by_the_one_that_the_link_names)
{
	const char *next = "/v1/incidents?limit=50&sort=aware_on&nature=child_death,other"
	                   "&aware_on[gte]=2024-01-05&duty=serious_incident,none"
	                   "&state=recorded,notified,withdrawn&updated_at[gte]=2020-01-01T00:00:00Z";
	size_t count = 0;
	size_t pages = 0;

	for (; next; pages++) {
		const struct answer *page = get("%s", next);
		expect_status(page, 200);
		count += json_array_size(answer_at(page, "/data"));
		const char *link = answer_header(page, "Link");
		cr_assert_eq(link != NULL, json_is_true(answer_at(page, "/has_more")), "%s", told(page));
		cr_assert(!link || strstr(link, ">; rel=\"next\""));
		next = link ? text_of("%.*s", (int)strcspn(link + 1, ">"), link + 1) : NULL;
	}
	cr_assert_eq(pages, 2);
	cr_assert_eq(
	    (int64_t)count, count_rows("SELECT count(*) FROM incident WHERE nature <> 'serious_harm'"
	                               " AND aware_on >= '2024-01-05'",
	                        NULL));
}

Test(page, of_every_list_leads_to_the_next)
{
	static const char *const paths[] = {"/v1/deadlines", "/v1/agencies", "/v1/audit",
	    "/v1/calendar/bank-holidays", "/v1/incidents?sort=-aware_on"};

	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		CLEANUP(json_decref) json_t *long_pages = walk(paths[i], 200);
		CLEANUP(json_decref)
		json_t *short_pages = walk(paths[i], json_array_size(long_pages) > 20 ? 19 : 1);
		cr_assert_gt(json_array_size(long_pages), 1);
		cr_assert(json_equal(long_pages, short_pages), "%s", paths[i]);
	}
}

Test(page, of_history_and_children_leads_to_the_next)
{
	const char *id = answer_text(get("/v1/incidents?local_ref=N-000"), "/data/0/id");
	static const char *const lists[] = {"history", "children"};

	for (int i = 0; i < 5; i++)
		post(json_of("{'age_years': %d}", i), "/v1/incidents/%s/children", id);
	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
		const char *path = text_of("/v1/incidents/%s/%s", id, lists[i]);
		CLEANUP(json_decref) json_t *long_pages = walk(path, 200);
		CLEANUP(json_decref) json_t *short_pages = walk(path, 2);
		cr_assert_gt(json_array_size(long_pages), 5);
		cr_assert(json_equal(long_pages, short_pages), "%s", lists[i]);
	}
}

Test(filter, narrows_to_what_it_names)
{
	static const struct {
		const char *query;
		const char *condition;
	} filters[] = {
	    {"nature=child_death", "nature = 'child_death'"},
	    {"nature=child_death,other", "nature IN ('child_death', 'other')"},
	    {"duty=none", "duty = 'none'"},
	    {"duty=serious_incident,looked_after_child_death", "duty <> 'none'"},
	    {"state=notified", "state = 'notified'"},
	    {"local_ref=N-007", "local_ref = 'N-007'"},
	    {"local_ref=n-007", "false"},
	    {"aware_on[gte]=2024-01-11", "aware_on >= '2024-01-11'"},
	    {"aware_on[lte]=2024-01-11", "aware_on <= '2024-01-11'"},
	    {"aware_on%5Bgte%5D=2024-01-11&aware_on[lte]=2024-01-12",
	        "aware_on BETWEEN '2024-01-11' AND '2024-01-12'"},
	    {"aware_on[gte]=2024-01-11&sort=aware_on", "aware_on >= '2024-01-11'"},
	    {"aware_on[lte]=2024-01-11&sort=-aware_on", "aware_on <= '2024-01-11'"},
	    {"nature=other&duty=none&aware_on[gte]=2024-01-03",
	        "nature = 'other' AND duty = 'none' AND aware_on >= '2024-01-03'"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(filters); i++) {
		CLEANUP(json_decref)
		json_t *items = walk(text_of("/v1/incidents?%s", filters[i].query), 13);
		const char *sql = text_of("SELECT count(*) FROM incident WHERE %s", filters[i].condition);
		cr_assert_eq(
		    (int64_t)json_array_size(items), count_rows(sql, NULL), "%s", filters[i].query);
	}
}

Test(filter, by_the_last_change_is_for_whoever_polls)
{
	CLEANUP(json_decref) json_t *all = walk("/v1/incidents?sort=updated_at", 200);
	const char *since = text_at(all, INCIDENTS - 14, "updated_at");
	CLEANUP(json_decref)
	json_t *changed = walk(text_of("/v1/incidents?sort=updated_at&updated_at[gte]=%s", since), 5);

	cr_assert_geq(json_array_size(changed), 14);
	cr_assert_leq(json_array_size(changed), 16);
	cr_assert_str_eq(
	    text_at(changed, json_array_size(changed) - 1, "id"), text_at(all, INCIDENTS - 1, "id"));
}

Test(filter, that_meets_nothing_gives_an_empty_page)
{
	const struct answer *page = get("/v1/incidents?local_ref=nowhere");

	expect_value(page, "/data", "[]");
	expect_value(page, "/has_more", "false");
}

Test(cursor, belongs_to_its_filter_its_order_and_its_list)
{
	const char *cursor = answer_text(get("/v1/incidents?limit=5&nature=other"), "/next_cursor");
	static const char *const paths[] = {"/v1/incidents?limit=5", "/v1/incidents?nature=child_death",
	    "/v1/incidents?nature=other&sort=aware_on", "/v1/incidents?nature=other&duty=none",
	    "/v1/deadlines?limit=5", "/v1/notifications?limit=5"};

	expect_status(get("/v1/incidents?limit=9&nature=other&cursor=%s", cursor), 200);
	for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
		const struct answer *refused =
		    get("%s%scursor=%s", paths[i], strchr(paths[i], '?') ? "&" : "?", cursor);
		expect_problem(refused, 400, "bad-parameter");
		expect_fault(refused, "cursor", "cursor");
	}
}

Test(cursor, of_one_incident_is_refused_for_another)
{
	const char *first = answer_text(get("/v1/incidents?local_ref=N-000"), "/data/0/id");
	const char *second = answer_text(get("/v1/incidents?local_ref=N-001"), "/data/0/id");
	const char *cursor =
	    answer_text(get("/v1/incidents/%s/history?limit=1", first), "/next_cursor");

	expect_status(get("/v1/incidents/%s/history?cursor=%s", first, cursor), 200);
	expect_problem(get("/v1/incidents/%s/history?cursor=%s", second, cursor), 400, "bad-parameter");
}

Test(cursor, that_nobody_was_given_is_refused)
{
	static const char *const cursors[] = {"x", "AAAA", "!!!!", "W10", "WyJhIiwiYiIsImMiXQ", "e30"};

	for (size_t i = 0; i < ARRAY_LENGTH(cursors); i++)
		expect_problem(get("/v1/incidents?cursor=%s", cursors[i]), 400, "bad-parameter");
}
