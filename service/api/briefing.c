/* Owns what stands in a 7-minute briefing: its seven boxes, what fits, and what is left out by
 * which rule. */
#include "api/briefing.h"

#include <string.h>

#include "api/page.h"
#include "store/statements.h"

/* Seven boxes of that are one page of A4; tests/pages prints a full one. */
#define BOX_FACTS 5
#define BOX_CHARACTERS 480
#define BOXES 7
#define FACT_BYTES ((size_t)32 * 1024)

static const char *const headings[BOXES] = {
    "Why this review",
    "What happened",
    "What was found",
    "Themes",
    "What has to change",
    "Good practice and figures",
    "What to do now",
};

struct rule {
	const char *code; /* as briefing_facts finds it */
	const char *sentence;
};
static const struct rule rules[] = {
    {"identifying", "It is marked as identifying."},
    {"embargoed", "It is marked as embargoed."},
    {"review_embargoed",
        "The review is under embargo: what led to it and what happened is not told."},
    {"improvements_only", "No more than the improvements was published."},
    {"demographic", "It is a theme that says who the child is, and the public is told."},
    {"exact_date", "It names a day of the calendar."},
    {"age_in_days", "It names an age in days or hours."},
    {"reference", "It names a reference or a number of a person."},
    {"person", "It names a person or an e-mail address."},
    {"place", "It names a postcode."},
    {"agency_named", "It is about one agency alone, and names one."},
};

/* ---- Whom it may be told to ---- */

static void miss(json_t *missing, bool is_there, const char *code, const char *sentence)
{
	if (!is_there)
		json_array_append_new(missing, json_pack("{s:s, s:s}", "code", code, "detail", sentence));
}

static bool is_public(const struct call *call)
{
	return strcmp(request_argument(call->request, "audience"), "public") == 0;
}

/* The public is told of what was published, and by the partnership itself. */
static bool may_be_told(const struct call *call, const struct rows *review, struct problem *problem)
{
	const char *status = rows_text(review, 0, "publication_status");
	const char *form = rows_text(review, 0, "form");

	if (!is_public(call))
		return true;
	CLEANUP(json_decref) json_t *missing = json_array();
	miss(missing, !rows_flag(review, 0, "embargoed"), "no_open_embargo",
	    "Every embargo is lifted: nothing of an embargoed review is public.");
	miss(missing, strncmp(status, "published", strlen("published")) == 0, "published",
	    "The review was published (Working Together 2023 chapter 5): until then nothing of it is "
	    "public.");
	miss(missing, !form || strcmp(form, "anonymous_via_nspcc") != 0, "published_under_its_name",
	    "The review was published with the partnership's name: an anonymous one is not told of "
	    "under it.");
	if (json_array_size(missing) == 0)
		return true;
	problem_set(problem, PROBLEM_CONFLICT, "The public gets no briefing of this review: %s",
	    json_string_value(json_object_get(json_array_get(missing, 0), "detail")));
	problem->missing = TAKE(missing);
	return false;
}

/* ---- What is left out ---- */

static json_t *rule_of(json_t *left_out, const struct rule *rule)
{
	size_t index;
	json_t *known;

	json_array_foreach (left_out, index, known)
		if (strcmp(json_string_value(json_object_get(known, "rule")), rule->code) == 0)
			return known;
	json_t *added = json_pack("{s:s, s:i, s:s, s:[]}", "rule", rule->code, "count", 0, "detail",
	    rule->sentence, "records");
	json_array_append_new(left_out, added);
	return added;
}

static void leave_out(const struct call *call, const char *code, const char *link, json_t *left_out)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
		if (strcmp(rules[i].code, code) != 0)
			continue;
		json_t *entry = rule_of(left_out, &rules[i]);
		json_t *records = json_object_get(entry, "records");
		json_object_set_new(
		    entry, "count", json_integer(json_integer_value(json_object_get(entry, "count")) + 1));
		if (!is_public(call) && json_array_size(records) < 200)
			json_array_append_new(records, json_string(link));
	}
}

/* ---- What fits ---- */

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* At most so many characters, up to the end of a word, with "…". */
static void shorten(const char *text, size_t most, struct text *ret_text)
{
	size_t seen = 0;
	size_t end = 0;
	size_t at = 0;

	for (; text[at] && seen < most; at++) {
		seen += ((unsigned char)text[at] & 0xc0) != 0x80;
		if (text[at] == ' ' || text[at] == '\n')
			end = at;
	}
	/* Without a word's end, up to a character's. */
	while (!end && at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	text_append(ret_text, text, end ? end : at);
	text_puts(ret_text, " \xe2\x80\xa6");
}

static void count_one(json_t *object, const char *name)
{
	json_object_set_new(
	    object, name, json_integer(json_integer_value(json_object_get(object, name)) + 1));
}

/* Whole facts while there is room; only a box's first one is shortened where it alone is too long.
 */
static void put_fact(
    json_t *briefing, json_t *box, size_t room[BOXES], const struct rows *facts, size_t row)
{
	CLEANUP(text_finish) struct text shown = TEXT_INIT(FACT_BYTES);
	json_t *items = json_object_get(box, "items");
	const char *text = rows_text(facts, row, "text");
	const char *url = rows_text(facts, row, "url");
	size_t *left = &room[rows_number(facts, row, "box") - 1];
	size_t length = characters(text) + (url ? characters(url) : 0);

	if (length <= *left && json_array_size(items) < BOX_FACTS) {
		text_puts(&shown, text);
		*left -= length;
	} else if (json_array_size(items) == 0) {
		shorten(text, *left, &shown);
		*left = 0;
	} else {
		count_one(box, "cut");
		count_one(briefing, "cut");
		return;
	}
	json_array_append_new(
	    items, json_pack("{s:s, s:s, s:s?}", "source", rows_text(facts, row, "source"), "text",
	               text_string(&shown), "url", url));
}

static json_t *make_boxes(void)
{
	json_t *boxes = json_array();

	for (int i = 0; i < BOXES; i++)
		json_array_append_new(boxes, json_pack("{s:i, s:s, s:[], s:i}", "number", i + 1, "heading",
		                                 headings[i], "items", "cut", 0));
	return boxes;
}

/* ---- The briefing ---- */

static json_t *notes_of(const struct call *call, const struct rows *review)
{
	json_t *notes = json_array();

	json_array_append_new(
	    notes, json_string(is_public(call)
	                           ? "What could tell who is meant is left out by rule."
	                           : "For the partnership and its agencies: not to be published."));
	if (rows_flag(review, 0, "embargoed"))
		json_array_append_new(notes,
		    json_string("The review is under embargo: its learning may be used, what happened is "
		                "not told."));
	return notes;
}

static bool make(const struct call *call, const struct rows *review, const struct rows *facts,
    json_t **ret_briefing, struct problem *problem)
{
	struct date_text today = date_format(call->today);
	size_t room[BOXES];
	json_t *boxes = make_boxes();
	json_t *left_out = json_array();
	CLEANUP(json_decref)
	json_t *briefing = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:i, s:o}", "review_id",
	    rows_text(review, 0, "id"), "reference", rows_text(review, 0, "reference"), "title",
	    rows_text(review, 0, "title"), "as_of", today.text, "audience",
	    request_argument(call->request, "audience"), "publication_status",
	    rows_text(review, 0, "publication_status"), "boxes", boxes, "left_out", left_out, "cut", 0,
	    "notes", notes_of(call, review));

	if (!briefing)
		return problem_fail(problem, PROBLEM_INTERNAL, "a briefing could not be made");
	for (size_t i = 0; i < BOXES; i++)
		room[i] = BOX_CHARACTERS;
	for (size_t i = 0; i < rows_count(facts); i++) {
		const char *rule = rows_text(facts, i, "rule");
		if (rule)
			leave_out(call, rule, rows_text(facts, i, "link"), left_out);
		else
			put_fact(briefing, json_array_get(boxes, (size_t)rows_number(facts, i, "box") - 1),
			    room, facts, i);
	}
	*ret_briefing = TAKE(briefing);
	return true;
}

static bool put(struct call *call, const json_t *briefing, const char *by, struct problem *problem)
{
	struct reply *reply = call->reply;

	reply->status = 200;
	if (strcmp(reply->media_type, "text/html") == 0) {
		page_guard(reply);
		briefing_page_put(briefing, by, &reply->body);
	} else if (strcmp(reply->media_type, "text/markdown") == 0) {
		briefing_markdown_put(briefing, by, &reply->body);
	} else {
		CLEANUP(free) char *written = json_dumps(briefing, JSON_COMPACT);
		text_puts(&reply->body, written ? written : "{}");
	}
	if (reply->body.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a briefing outgrew its limit");
	call_tag(call, VERSION_OF_CONTENT);
	return true;
}

bool briefing_show(struct call *call, struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(json_decref) json_t *briefing = NULL;

	call_bind(call, &arguments);
	if (!call_begin(call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t review_number = batch_add(&batch, &SQL_BRIEFING_REVIEW, &arguments.bindings);
	size_t facts = batch_add(&batch, &SQL_BRIEFING_FACTS, &arguments.bindings);
	size_t whose = batch_add(&batch, &SQL_PARTNERSHIP_GET, &arguments.bindings);
	if (!call_run(call, &batch, problem))
		return false;
	const struct rows *review = batch_rows(&batch, review_number);
	if (rows_count(review) == 0)
		return problem_set(problem, PROBLEM_NOT_FOUND, "There is no such review.");
	return may_be_told(call, review, problem) &&
	       make(call, review, batch_rows(&batch, facts), &briefing, problem) &&
	       put(call, briefing, rows_text(batch_rows(&batch, whose), 0, "name"), problem);
}
