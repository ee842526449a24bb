/* Owns the steps from the plan of a publication to the day itself, as the stories take them. */
#include "publication.h"

const struct answer *step(const char *id, json_t *body)
{
	return move(body, etag_of(get("/v1/reviews/%s", id)), "/v1/reviews/%s/transitions", id);
}

const struct answer *plan(const char *id, json_t *body)
{
	return change(body, etag_of(get("/v1/reviews/%s", id)), "/v1/reviews/%s/publication", id);
}

const char *recorded_at(const char *id, const char *part, json_t *body)
{
	const struct answer *made = post(body, "/v1/reviews/%s/%s", id, part);

	expect_status(made, 201);
	return answer_text(made, "/id");
}

const struct answer *changed_at(const char *id, const char *part, const char *record, json_t *body)
{
	const char *etag = etag_of(get("/v1/reviews/%s/%s/%s", id, part, record));

	return patch(body, etag, "/v1/reviews/%s/%s/%s", id, part, record);
}

const char *announced(void)
{
	const char *id = review_in("lcspr", "signed_off");

	expect_moved(plan(id, json_of("{'form': 'full', 'planned_on': '2024-08-21'}")));
	expect_moved(
	    step(id, json_of("{'to': 'notice_given', " REPORT ", " TOLD_ON("2024-08-12") "}")));
	return id;
}

const char *published(void)
{
	const char *id = announced();

	expect_moved(step(id, json_of("{'to': 'published', 'published_on': '2024-08-21'}")));
	return id;
}

int64_t clocks_of(const char *id, const char *kind, const char *condition)
{
	return count_rows(text_of("SELECT count(*) FROM clock WHERE subject_id = $1::uuid AND"
	                          " kind = '%s' AND %s",
	                      kind, condition),
	    id);
}

bool has_deadline(const char *id, const char *query)
{
	const struct answer *list = get("/v1/deadlines?limit=200&subject=review&%s", query);

	expect_status(list, 200);
	return count_of(answer_at(list, "/data"), "subject_id", id) > 0;
}
