/*
 * Every page that the document has, as a browser shows and prints it. Without
 * CSPR_TEST_PAGE_PACKAGES, where ./dev test has installed axe-core, and so a browser, the
 * executable counts as skipped.
 */
#include <criterion/hooks.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#define SKIPPED 77

STAGE(ALL_SCOPES, NULL)
TestSuite(pages, .timeout = 240);
TestSuite(briefing_page, .timeout = 240);

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
	const char *packages = getenv("CSPR_TEST_PAGE_PACKAGES");

	(void)tests;
	if (packages && *packages)
		return;
	fputs("!!! pages: there is no browser or no axe-core, so nobody looks at the pages\n", stderr);
	exit(SKIPPED);
}

/* ---- What there is to look at ---- */

struct folder {
	char path[64];
};

static void folder_remove(struct folder *folder)
{
	const char *const arguments[] = {"/usr/bin/env", "rm", "-rf", folder->path, NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	program_run(arguments, NULL, NULL, &outcome);
}
DEFINE_VALUE_CLEANUP(struct folder, folder_remove)

static void folder_make(struct folder *ret_folder)
{
	snprintf(ret_folder->path, sizeof(ret_folder->path), "/tmp/cspr-pages-XXXXXX");
	cr_assert_not_null(mkdtemp(ret_folder->path));
}

static void keep(const struct folder *folder, const char *name, const char *path)
{
	static const char *const headers[] = {"Accept: text/html", NULL};
	const struct answer *answer = make(&(struct call){.path = path, .headers = headers});

	expect_status(answer, 200);
	FILE *file = fopen(text_of("%s/%s.html", folder->path, name), "w");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(answer->body.data, 1, answer->body.length, file), answer->body.length);
	fclose(file);
}

static const char *found(const char *review, const char *kind, int position, const char *text)
{
	const struct answer *made =
	    post(json_of("{'kind': '%s', 'position': %d, 'text': '%s'}", kind, position, text),
	        "/v1/reviews/%s/findings", review);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

static void recommended(const char *review, const char *text)
{
	expect_status(post(json_of("{'text': '%s', 'origin': 'lcspr', 'review_id': '%s',"
	                           " 'addressee': 'partnership'}",
	                       text, review),
	                  "/v1/recommendations"),
	    201);
	expect_status(post(json_of("{'text': '%s', 'review_id': '%s', 'due_on': '2027-06-01',"
	                           " 'responsibility': 'collective'}",
	                       text, review),
	                  "/v1/actions"),
	    201);
}

/* Rows of several years, one of them a review with all of its parts. */
static void have_cases(void)
{
	static const char *const days[] = {"2019-05-06", "2020-06-02", "2020-09-01", "2022-03-01"};
	static bool is_done;

	if (is_done)
		return;
	is_done = true;
	for (size_t i = 0; i < ARRAY_LENGTH(days); i++) {
		const char *id =
		    recorded(incident_with("{'incident_date': '2019-01-07', 'aware_on': '%s'}", days[i]));
		expect_status(post(json_of("{'kind': 'serious_incident', 'transmission': 'record',"
		                           " 'notified_on': '%s'}",
		                       days[i]),
		                  "/v1/incidents/%s/notifications", id),
		    201);
	}
	const char *review = review_in("lcspr", "in_progress");
	recommended(review, "Say who is told of a change in a household, and by whom.");
}

static bool has_page(const struct documented *documented)
{
	const json_t *answer = json_object_get(documented->responses, "200");

	return json_object_get(json_object_get(answer, "content"), "text/html") != NULL;
}

/* Every page that there is; how many. */
static size_t keep_all(const struct folder *folder)
{
	static struct documented operations[OPERATIONS_MAX];
	size_t count = operations_of_document(operations);
	size_t kept = 0;

	have_cases();
	for (size_t i = 0; i < count; i++) {
		struct place places[PLACES_MAX];
		if (!has_page(&operations[i]))
			continue;
		make_places(&operations[i], places);
		keep(folder, operations[i].id, call_of(&operations[i], places).path);
		kept++;
	}
	return kept;
}

/* What the browser says of the pages in the folder; nothing is as it should be. */
static void look(const char *at_what, const struct folder *folder, const char *further)
{
	const char *const arguments[] = {"/usr/bin/env", "python3", environment_value("CSPR_TEST_LOOK"),
	    at_what, folder->path, further, NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	program_run(arguments, NULL, NULL, &outcome);
	cr_assert_eq(
	    outcome.status, 0, "%s%s", text_string(&outcome.output), text_string(&outcome.errors));
}

/* ---- Tests ---- */

Test(pages, have_nothing_that_axe_objects_to)
{
	CLEANUP(folder_remove) struct folder folder = {0};

	folder_make(&folder);
	cr_assert_geq(keep_all(&folder), 2);
	look("axe", &folder,
	    text_of(
	        "%s/node_modules/axe-core/axe.min.js", environment_value("CSPR_TEST_PAGE_PACKAGES")));
}

Test(pages, print_with_every_word_of_theirs_on_paper)
{
	CLEANUP(folder_remove) struct folder folder = {0};

	folder_make(&folder);
	cr_assert_geq(keep_all(&folder), 2);
	look("print", &folder, NULL);
}

/* Prose of so many characters, of words of usual length. */
static const char *prose(size_t characters)
{
	static const char words[] = "Practitioners who visited the household wrote down what they saw "
	                            "but nobody put it together, and so the risk that had grown over "
	                            "some months was known to many and understood by none. ";
	CLEANUP(text_finish) struct text text = TEXT_INIT(1000);

	while (text.length < characters)
		text_putc(&text, words[text.length % strlen(words)]);
	return text_of("%s", text_string(&text));
}

/* A review in whose briefing each box has so many facts that share all of its room. */
static const char *full(size_t facts)
{
	static const char *const kinds[] = {"background", "what_happened", "learning", "key_theme",
	    "good_practice", "statistic", "question_for_practice", "local_action"};
	const char *review = reviewed("lcspr", "{'title': '%s'}", prose(119));

	for (size_t kind = 0; kind < ARRAY_LENGTH(kinds); kind++)
		for (size_t i = 0; i < facts; i++)
			found(review, kinds[kind], (int)i + 1, prose(facts == 1 ? 400 : 480 / facts));
	for (size_t i = 0; i < facts; i++)
		recommended(review, prose(480 / facts));
	return review;
}

Test(briefing_page, is_one_page_however_full_it_is)
{
	static const size_t facts[] = {1, 2, 3, 5};
	CLEANUP(folder_remove) struct folder folder = {0};

	folder_make(&folder);
	for (size_t i = 0; i < ARRAY_LENGTH(facts); i++)
		keep(&folder, text_of("of-%zu", facts[i]),
		    text_of("/v1/reviews/%s/briefing", full(facts[i])));
	look("print", &folder, "1");
}
