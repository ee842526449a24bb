/*
 * Owns the feed of events. What it guarantees: whoever goes on from the `next` of each answer gets
 * every event once, those of an incident in their sequence, whatever was committed meanwhile.
 */
#include "api/events.h"

#include <stdio.h>
#include <string.h>

#include "api/list.h"
#include "store/statements.h"

#define FEED_BYTES ((size_t)8 * 1024 * 1024)
/* Before every event: an epoch is never negative. */
#define OLDEST "-1.0.0"
/* Behind every event that can be seen yet. */
#define NEWEST "now"
#define PLACE_BYTES 72

/* What is asked for. It outlives the request where it waits. */
struct feed {
	struct call call; /* the request and the reply are gone by a later look */
	struct list_page page;
	bool from_the_end;
	long wait_seconds;
	char place[PLACE_BYTES]; /* epoch.transaction_id.position of the last one read */
	struct text types;
	char incident_id[37];
	char partnership_id[37]; /* of the caller, once it has looked */
};

static void feed_finish(struct feed *feed)
{
	text_finish(&feed->types);
}
DEFINE_VALUE_CLEANUP(struct feed, feed_finish)

/* Three numbers that PostgreSQL can read. */
static bool place_is_sound(const char *place)
{
	static const char *const digits = "0123456789";
	size_t first = strspn(place, digits);
	const char *second = place + first + 1;

	if (strcmp(place, OLDEST) == 0)
		return true;
	if (first == 0 || first > 18 || place[first] != '.')
		return false;
	size_t length = strspn(second, digits);
	size_t rest = second[length] == '.' ? strspn(second + length + 1, digits) : 0;
	return length > 0 && length <= 18 && rest > 0 && rest <= 18 &&
	       second[length + 1 + rest] == '\0';
}

static bool open_feed(struct call *call, const struct arguments *arguments, struct feed *feed,
    struct problem *problem)
{
	struct bindings ignored = {0};
	const char *after = request_argument(call->request, "after");
	const char *incident_id = request_argument(call->request, "incident_id");

	feed->call = *call; /* with the lease of this request, which ends with it */
	feed->types = TEXT_INIT(4096);
	feed->from_the_end = after && strcmp(after, NEWEST) == 0;
	feed->wait_seconds = request_number(call->request, "wait");
	snprintf(feed->incident_id, sizeof(feed->incident_id), "%s", incident_id ? incident_id : "");
	for (size_t i = 0; i < arguments->bindings.count; i++)
		if (strcmp(arguments->bindings.items[i].name, "type") == 0 &&
		    arguments->bindings.items[i].value)
			text_puts(&feed->types, arguments->bindings.items[i].value);
	if (feed->from_the_end)
		list_start(call, "after", &feed->page);
	else if (!list_open_at(call, "after", &feed->page, &ignored, problem))
		return false;
	snprintf(feed->place, sizeof(feed->place), "%s", OLDEST);
	if (!feed->page.has_cursor)
		return true;
	if (!place_is_sound(feed->page.key)) {
		problem_add(problem, PROBLEM_BAD_PARAMETER, "after", "cursor",
		    "The cursor was not made by this feed.");
		return false;
	}
	snprintf(feed->place, sizeof(feed->place), "%.*s", PLACE_BYTES - 1, feed->page.key);
	return true;
}

/* The place's parts, as what is bound to the statement. */
struct parts {
	char epoch[24];
	char transaction_id[24];
	char position[24];
};

static void bind_feed(const struct feed *feed, struct parts *ret_parts, struct bindings *bindings)
{
	sscanf(feed->place, "%23[-0-9].%23[0-9].%23[0-9]", ret_parts->epoch, ret_parts->transaction_id,
	    ret_parts->position);
	bind_text(bindings, "limit", feed->from_the_end ? "0" : feed->page.limit);
	bind_text(bindings, "epoch", ret_parts->epoch);
	bind_text(bindings, "transaction_id", ret_parts->transaction_id);
	bind_text(bindings, "position", ret_parts->position);
	bind_text(bindings, "type", feed->types.length ? text_string(&feed->types) : NULL);
	bind_text(bindings, "incident_id", feed->incident_id[0] ? feed->incident_id : NULL);
}

static void put_page(
    const struct feed *feed, const struct rows *rows, const char *cursor, struct text *ret_body)
{
	size_t count = rows_count(rows) <= feed->page.size ? rows_count(rows) : feed->page.size;
	bool has_more = rows_count(rows) > count;

	text_puts(ret_body, "{\"data\":[");
	for (size_t row = 0; row < count && rows_text(rows, row, "_body"); row++)
		text_printf(ret_body, "%s%s", row ? "," : "", rows_text(rows, row, "_body"));
	text_printf(
	    ret_body, "],\"has_more\":%s,\"next\":\"%s\"}", has_more ? "true" : "false", cursor);
}

/* The page behind the place, which moves on: to the last one shown, or to the end. */
static bool look(struct feed *feed, bool *ret_found, struct text *ret_body, struct text *ret_cursor,
    struct problem *problem)
{
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings bindings = {0};
	struct parts parts = {0};

	bind_feed(feed, &parts, &bindings);
	if (!call_begin(&feed->call, BATCH_READ, NULL, &batch, problem))
		return false;
	size_t number = batch_add(
	    &batch, feed->incident_id[0] ? &SQL_EVENT_FEED_OF_INCIDENT : &SQL_EVENT_FEED, &bindings);
	if (!call_run(&feed->call, &batch, problem))
		return false;
	const struct rows *rows = batch_rows(&batch, number);
	bool has_more = rows_count(rows) > feed->page.size;
	const char *place =
	    has_more ? rows_text(rows, feed->page.size - 1, "_place") : rows_text(rows, 0, "_end");
	*ret_found = rows_text(rows, 0, "_body");
	snprintf(feed->place, sizeof(feed->place), "%s", place);
	snprintf(feed->partnership_id, sizeof(feed->partnership_id), "%s",
	    rows_text(rows, 0, "_partnership_id"));
	feed->from_the_end = false;
	list_put_cursor(&feed->page, feed->place, "", ret_cursor);
	put_page(feed, rows, text_string(ret_cursor), ret_body);
	return true;
}

/* ---- An answer that comes later ---- */

static void put_nothing(const struct feed *feed, struct text *ret_body)
{
	CLEANUP(text_finish) struct text cursor = TEXT_INIT(CURSOR_BYTES);

	list_put_cursor(&feed->page, feed->place, "", &cursor);
	text_printf(ret_body, "{\"data\":[],\"has_more\":false,\"next\":\"%s\"}", text_string(&cursor));
}

/*
 * One who waits is answered with events or, in the end, with where to go on. Whose key has ended
 * meanwhile hears so by the next call.
 */
static bool look_later(void *context, bool last, struct text *ret_body)
{
	struct feed *feed = context;
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(text_finish) struct text cursor = TEXT_INIT(CURSOR_BYTES);
	bool found = false;

	bool looked = pool_lease(feed->call.api->pool, &feed->call.lease, &problem) &&
	              look(feed, &found, ret_body, &cursor, &problem);
	if (feed->call.lease)
		pool_return(TAKE(feed->call.lease));
	bool away = problem.kind == PROBLEM_UNAVAILABLE || problem.kind == PROBLEM_BUSY;
	if (looked && (found || last))
		return true;
	text_clear(ret_body);
	if (!last && (looked || away))
		return false;
	put_nothing(feed, ret_body);
	return true;
}

static void finish_later(void *context)
{
	struct feed *feed = context;

	feed_finish(feed);
	free(feed);
}

static bool wait_for_events(struct call *call, struct feed *feed, struct problem *problem)
{
	struct feed *kept = malloc(sizeof(*kept));

	if (!kept)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory to wait for events");
	*kept = *feed;
	feed->types = (struct text){0};
	kept->call.request = NULL;
	kept->call.reply = NULL;
	kept->call.lease = NULL;
	text_clear(&call->reply->body);
	struct later *later = &call->reply->later;
	*later = (struct later){
	    .look = look_later,
	    .finish = finish_later,
	    .context = kept,
	    .milliseconds = kept->wait_seconds * 1000,
	};
	snprintf(later->topic, sizeof(later->topic), "%s", kept->partnership_id);
	snprintf(later->caller, sizeof(later->caller), "%s", kept->call.actor_id);
	return true;
}

bool events_list(struct call *call, struct problem *problem)
{
	CLEANUP(arguments_finish) struct arguments arguments = {0};
	CLEANUP(feed_finish) struct feed feed = {0};
	CLEANUP(text_finish) struct text cursor = TEXT_INIT(CURSOR_BYTES);
	bool found = false;

	call_bind(call, &arguments);
	if (!open_feed(call, &arguments, &feed, problem))
		return call_refuse(call, NULL, problem);
	bool looked = look(&feed, &found, &call->reply->body, &cursor, problem);
	memcpy(call->actor_id, feed.call.actor_id, sizeof(call->actor_id));
	if (!looked)
		return false;
	if (call->reply->body.failed || cursor.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "a page of the feed outgrew its limit");
	call->reply->status = 200;
	if (!found && feed.wait_seconds > 0)
		return wait_for_events(call, &feed, problem);
	list_put_link(call, &feed.page, text_string(&cursor));
	return true;
}
