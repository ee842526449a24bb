/* Owns what the tests of the document need of reviews, and what other tests start a review from. */
#include "makers.h"

const char *reviewed(const char *type, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	json_t *review = json_of("{'type': '%s', 'title': 'Baby A', 'decided_on': '2024-02-20',"
	                         " 'incident_ids': ['%s']}",
	    type, recorded(incident_with("{}")));
	char *text = NULL;
	if (vasprintf(&text, format, arguments) < 0)
		give_up("no memory");
	va_end(arguments);
	CLEANUP(free) char *members = text;
	json_object_update_new(review, json_of("%s", members));
	const struct answer *made = post(review, "/v1/reviews");
	expect_status(made, 201);
	return answer_text(made, "/id");
}

static const char *review(const struct place places[])
{
	return reviewed("lcspr", "{}");
}

static const char *national(const struct place places[])
{
	return reviewed("national", "{}");
}

const struct maker makers_reviews[] = {
    {"review_id", NULL, review},
    {"review_id", "putReviewIncidents", national},
    {NULL, NULL, NULL},
};
