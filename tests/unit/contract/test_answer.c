/* Answers against the document. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

Test(answers, are_those_that_the_document_foresees)
{
	static const struct {
		const char *id;
		int status;
		const char *type, *body, *words; /* words: of the refusal, NULL: it is right */
	} rows[] = {
	    {"listThings", 200, "application/json", "[]", NULL},
	    {"listThings", 200, "application/json; charset=utf-8", "[{'name': 'a'}]", NULL},
	    {"listThings", 200, "Application/JSON", "[]", NULL},
	    {"listThings", 200, "application/json", "[{'name': ''}]", "/0/name\" (min_length)"},
	    {"listThings", 200, "application/json", "{}", "(type)"},
	    {"listThings", 200, "application/json", NULL, "lacks its JSON body"},
	    {"listThings", 200, "text/csv", NULL, NULL},
	    {"listThings", 200, "text/calendar", NULL, "media type text/calendar"},
	    {"listThings", 200, NULL, NULL, "lacks its content"},
	    {"listThings", 304, NULL, NULL, NULL},
	    {"listThings", 304, "application/json", "[]", "media type"},
	    {"listThings", 404, "application/problem+json", "{'code': 'not-found'}", NULL},
	    {"listThings", 404, "application/problem+json", "{}", "\"/code\" (required)"},
	    {"listThings", 404, "application/json", "{'code': 'not-found'}", "media type"},
	    {"createThing", 201, "application/json", "{'name': 'a', 'b': 1}", "(unknown_field)"},
	    {"createThing", 404, "application/problem+json", "{'code': 'x'}", "the status 404"},
	    {"createBatch", 204, NULL, NULL, NULL},
	    {"createBatch", 204, NULL, "{}", "a body without a type"},
	    {"createBatch", 204, "application/json", "{}", "media type"},
	    {"createBatch", 200, NULL, NULL, "the status 200 of createBatch"},
	};
	CLEANUP(contract_destroy) struct contract *contract = small_contract();

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(json_decref) json_t *body = rows[i].body ? json_of(rows[i].body) : NULL;
		CLEANUP(problem_finish) struct problem problem = {0};
		const struct operation *operation = contract_find(contract, rows[i].id);
		bool right =
		    operation_check_answer(operation, rows[i].status, rows[i].type, body, &problem);
		cr_expect_eq(right, !rows[i].words, "row %zu: %s", i, problem.detail);
		cr_expect_eq(problem.kind, right ? PROBLEM_NONE : PROBLEM_INTERNAL);
		if (rows[i].words)
			cr_expect(strstr(problem.detail, rows[i].words), "row %zu: \"%s\" lacks \"%s\"", i,
			    problem.detail, rows[i].words);
	}
}
