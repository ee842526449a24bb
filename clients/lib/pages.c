/* Owns the walk through a list by its cursors. */
#include "lib/internal.h"

struct cspr_pages {
	struct cspr *cspr;
	char *path;
	char *cursor;          /* of the next page; NULL is the first */
	const char *parameter; /* that takes it */
	bool done;
	struct cspr_pair *query; /* owned copies; one place more than it has, for the cursor */
	size_t query_count;
	struct cspr_pair *headers;
	size_t header_count;
};

static void free_pairs(struct cspr_pair *pairs, size_t count)
{
	for (size_t i = 0; pairs && i < count; i++) {
		free((char *)pairs[i].name);
		free((char *)pairs[i].value);
	}
	free(pairs);
}

static struct cspr_pair *copy_pairs(const struct cspr_pair *pairs, size_t count)
{
	struct cspr_pair *copies = calloc(count + 1, sizeof(*copies));

	for (size_t i = 0; copies && i < count; i++) {
		copies[i].name = strdup(pairs[i].name);
		copies[i].value = strdup(pairs[i].value);
		if (!copies[i].name || !copies[i].value) {
			free_pairs(copies, count);
			return NULL;
		}
	}
	return copies;
}

enum cspr_error cspr_pages_create(
    struct cspr *cspr, const struct cspr_request *request, struct cspr_pages **ret_pages)
{
	cspr->detail[0] = '\0';
	if (!request->path || !request->method || strcmp(request->method, "GET") != 0)
		return cspr_fail(cspr, CSPR_USAGE, "A list is read with GET");
	struct cspr_pages *pages = calloc(1, sizeof(*pages));
	if (!pages)
		return cspr_fail(cspr, CSPR_MEMORY, "Memory ended");
	pages->cspr = cspr;
	pages->parameter = "cursor";
	pages->path = strdup(request->path);
	pages->query = copy_pairs(request->query, request->query_count);
	pages->headers = copy_pairs(request->headers, request->header_count);
	pages->query_count = pages->query ? request->query_count : 0;
	pages->header_count = pages->headers ? request->header_count : 0;
	if (!pages->path || !pages->query || !pages->headers) {
		cspr_pages_destroy(pages);
		return cspr_fail(cspr, CSPR_MEMORY, "Memory ended");
	}
	*ret_pages = pages;
	return CSPR_OK;
}

void cspr_pages_destroy(struct cspr_pages *pages)
{
	if (!pages)
		return;
	free_pairs(pages->query, pages->query_count);
	free_pairs(pages->headers, pages->header_count);
	free(pages->path);
	free(pages->cursor);
	free(pages);
}

/* A list that answers with the cursor it was asked with would never end. */
static enum cspr_error move_on(struct cspr_pages *pages, const struct cspr_response *response)
{
	size_t length = 0;
	const char *body = cspr_body(response, &length);
	json_t *page CLEANUP(json_decref) = json_loadb(body, length, 0, NULL);

	pages->done = true;
	if (!json_is_object(page) || !json_is_array(json_object_get(page, "data")))
		return cspr_fail(pages->cspr, CSPR_PROTOCOL, "The answer is not a page of a list");
	if (!json_is_true(json_object_get(page, "has_more")))
		return CSPR_OK;
	const char *next = json_string_value(json_object_get(page, "next_cursor"));
	/* A feed, which has no end to come to, says where it goes on under another name. */
	const char *next_of_feed = json_string_value(json_object_get(page, "next"));
	if (!next && next_of_feed) {
		next = next_of_feed;
		pages->parameter = "after";
	}
	if (!next || !next[0] || (pages->cursor && strcmp(next, pages->cursor) == 0))
		return cspr_fail(pages->cspr, CSPR_PROTOCOL, "The list says there is more, but not where");
	free(pages->cursor);
	pages->cursor = strdup(next);
	if (!pages->cursor)
		return cspr_fail(pages->cspr, CSPR_MEMORY, "Memory ended");
	pages->done = false;
	return CSPR_OK;
}

/* The caller's own first cursor is where the walk begins; later ones take its place. */
static size_t put_cursor(struct cspr_pages *pages, struct cspr_pair *query)
{
	size_t count = 0;

	for (size_t i = 0; i < pages->query_count; i++) {
		if (!pages->cursor || strcmp(pages->query[i].name, pages->parameter) != 0)
			query[count++] = pages->query[i];
	}
	if (pages->cursor)
		query[count++] = (struct cspr_pair){pages->parameter, pages->cursor};
	return count;
}

enum cspr_error cspr_pages_next(struct cspr_pages *pages, struct cspr_response **ret_response)
{
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;

	if (pages->done) {
		*ret_response = NULL;
		return CSPR_OK;
	}
	struct cspr_pair *query = calloc(pages->query_count + 1, sizeof(*query));
	if (!query)
		return cspr_fail(pages->cspr, CSPR_MEMORY, "Memory ended");
	const struct cspr_request request = {
	    .method = "GET",
	    .path = pages->path,
	    .query = query,
	    .query_count = put_cursor(pages, query),
	    .headers = pages->headers,
	    .header_count = pages->header_count,
	};
	enum cspr_error error = cspr_call(pages->cspr, &request, &response);
	free(query);
	if (error == CSPR_OK && cspr_status(response) == 200)
		error = move_on(pages, response);
	else
		pages->done = true;
	if (error == CSPR_OK)
		*ret_response = TAKE(response);
	return error;
}
