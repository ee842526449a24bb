/*
 * Owns a request's transaction: BEGIN, its statements and COMMIT are sent together, and their
 * answers read together. A batch that reads needs neither, see session_reads in session.sql.
 */
#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "store/pool.h"
#include "store/rows.h"
#include "store/sqlstate.h"
#include "store/statements.h"

#define VALUES_KEPT ((size_t)256 * 1024)
#define FIRST_CAPACITY 24
#define QUEUE_KEPT 100

void bind_text(struct bindings *bindings, const char *name, const char *value)
{
	size_t i = 0;

	while (i < bindings->count && strcmp(bindings->items[i].name, name) != 0)
		i++;
	assert(i < BINDINGS_MAX);
	bindings->items[i].name = name;
	bindings->items[i].value = value;
	if (i == bindings->count)
		bindings->count++;
}

bool batch_begin(
    struct lease *lease, enum batch_end end, struct batch *ret_batch, struct problem *problem)
{
	if (!lease->connection.link)
		return sqlstate_problem(&(struct fault){.statement = "begin"}, problem);
	lease->queue_count = 0;
	/* Values may be case facts: they do not stay behind, and neither does the room of a large one.
	 */
	if (lease->values.capacity > VALUES_KEPT)
		text_finish(&lease->values);
	text_clear(&lease->values);
	if (lease->queue_capacity > QUEUE_KEPT) {
		free(lease->queue);
		lease->queue = NULL;
		lease->queue_capacity = 0;
	}
	*ret_batch = (struct batch){.lease = lease, .end = end};
	return true;
}

/* The room that a list is to have for one item more. */
static size_t grown(size_t capacity)
{
	return capacity ? capacity * 2 : FIRST_CAPACITY;
}

static void *more(void *list, size_t capacity, size_t size)
{
	void *room = reallocarray(list, capacity, size);

	/* docs/adr/0009 */
	if (!room)
		abort();
	return room;
}

static void make_room(struct batch *batch)
{
	struct lease *lease = batch->lease;

	if (batch->count == batch->capacity) {
		batch->capacity = grown(batch->capacity);
		batch->statements = more(batch->statements, batch->capacity, sizeof(void *));
		batch->results = more(batch->results, batch->capacity, sizeof(void *));
	}
	if (lease->queue_count == lease->queue_capacity) {
		lease->queue_capacity = grown(lease->queue_capacity);
		lease->queue = more(lease->queue, lease->queue_capacity, sizeof(*lease->queue));
	}
}

static const char *find_value(const struct bindings *bindings, const char *name)
{
	size_t i = 0;

	while (i < bindings->count && strcmp(bindings->items[i].name, name) != 0)
		i++;
	assert(i < bindings->count);
	return bindings->items[i].value;
}

size_t batch_add(
    struct batch *batch, const struct statement *statement, const struct bindings *bindings)
{
	struct lease *lease = batch->lease;

	/* One batch of a lease is filled at a time, and none is filled after it has run. */
	assert(batch->count < BATCH_MAX && lease->queue_count == batch->count);
	make_room(batch);
	struct queued *queued = &lease->queue[lease->queue_count++];
	queued->statement = statement;
	for (size_t i = 0; statement->parameters[i]; i++) {
		assert(i < BINDINGS_MAX && bindings);
		const char *value = find_value(bindings, statement->parameters[i]);
		queued->offsets[i] = value ? lease->values.length : VALUE_IS_NULL;
		if (value)
			text_append(&lease->values, value, strlen(value) + 1);
	}
	batch->statements[batch->count] = statement;
	batch->results[batch->count] = NULL;
	return batch->count++;
}

/* The whole transaction, in the order in which it is sent and answered. */
struct plan {
	size_t count;
	size_t first; /* where the batch's own statements begin */
	const struct statement *begin;
	const struct statement *ends[2]; /* what follows them */
};

static struct plan make_plan(const struct batch *batch)
{
	struct plan plan = {0};
	size_t end_count = 0;

	assert(batch->count > 0);
	if (batch->end != BATCH_READ)
		plan.begin = &SQL_TRANSACTION_BEGIN_WRITE;
	plan.first = plan.begin ? 1 : 0;
	if (batch->end == BATCH_ROLLBACK)
		plan.ends[end_count++] = &SQL_TRANSACTION_CHECK;
	if (batch->end != BATCH_READ)
		plan.ends[end_count++] =
		    batch->end == BATCH_ROLLBACK ? &SQL_TRANSACTION_ROLLBACK : &SQL_TRANSACTION_COMMIT;
	plan.count = plan.first + batch->count + end_count;
	return plan;
}

static bool is_own(const struct plan *plan, const struct batch *batch, size_t step)
{
	return step >= plan->first && step < plan->first + batch->count;
}

static const struct statement *step_of(
    const struct plan *plan, const struct batch *batch, size_t step)
{
	if (step < plan->first)
		return plan->begin;
	return is_own(plan, batch, step) ? batch->statements[step - plan->first]
	                                 : plan->ends[step - plan->first - batch->count];
}

static bool send_own(struct lease *lease, const struct queued *queued)
{
	const char *values[BINDINGS_MAX];

	for (size_t i = 0; queued->statement->parameters[i]; i++)
		values[i] =
		    queued->offsets[i] == VALUE_IS_NULL ? NULL : lease->values.data + queued->offsets[i];
	return connection_queue(&lease->connection, queued->statement, values);
}

static bool send_plan(const struct plan *plan, const struct batch *batch)
{
	struct lease *lease = batch->lease;

	for (size_t i = 0; i < plan->count; i++) {
		bool sent = is_own(plan, batch, i)
		                ? send_own(lease, &lease->queue[i - plan->first])
		                : connection_queue(&lease->connection, step_of(plan, batch, i), NULL);
		if (!sent)
			return false;
	}
	return connection_queue_sync(&lease->connection);
}

static void drop_results(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		rows_destroy(batch->results[i]);
		batch->results[i] = NULL;
	}
}

static bool note_fault(struct batch *batch, const PGresult *result, const struct statement *step,
    struct problem *problem)
{
	struct lease *lease = batch->lease;
	struct fault fault = sqlstate_fault(result, step->name);
	const char *sqlstate = fault.sqlstate ? fault.sqlstate : "";

	snprintf(lease->sqlstate, sizeof(lease->sqlstate), "%s", sqlstate);
	if (sqlstate_spoils_connection(fault.sqlstate))
		lease->connection.doomed = true;
	/* A statement that writes in a batch that reads is our own fault, not a failover. */
	if (batch->end == BATCH_READ && strcmp(sqlstate, "25006") == 0)
		return problem_fail(
		    problem, PROBLEM_INTERNAL, "database: %s: writes in a batch that reads", step->name);
	return sqlstate_problem(&fault, problem);
}

/* Takes one step's answer; true when it is a good one. */
static bool take_answer(struct batch *batch, const struct plan *plan, size_t step,
    PGresult **result, struct problem *problem)
{
	ExecStatusType status = PQresultStatus(*result);
	const struct statement *statement = step_of(plan, batch, step);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return note_fault(batch, *result, statement, problem);
	if (statement == &SQL_TRANSACTION_COMMIT && strcmp(PQcmdStatus(*result), "COMMIT") != 0)
		return problem_fail(problem, PROBLEM_INTERNAL, "database: commit turned into a rollback");
	if (!is_own(plan, batch, step))
		return true;
	struct rows *rows = rows_create(*result);
	if (!rows)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "database: %s: memory", statement->name);
	*result = NULL;
	batch->results[step - plan->first] = rows;
	return true;
}

/*
 * Takes the next answer, NULL for none; true when nothing more comes. The first failure counts, and
 * is kept with the batch: when its end is waited for, the caller's problem may be another one by
 * then.
 */
static bool take_next(struct batch *batch, const struct plan *plan, PGresult **result)
{
	struct problem *problem = &batch->fault;

	if (!*result) {
		if (!batch->failed)
			(void)sqlstate_problem(&(struct fault){.statement = "batch"}, problem);
		batch->failed = true;
		return true;
	}
	if (PQresultStatus(*result) == PGRES_PIPELINE_SYNC)
		return true;
	/* Behind the last answer stands at most a farewell: the session was ended just then. */
	if (!batch->failed && batch->answered >= plan->count)
		batch->failed = !note_fault(batch, *result, step_of(plan, batch, plan->count - 1), problem);
	else if (!batch->failed)
		batch->failed = !take_answer(batch, plan, batch->answered, result, problem);
	batch->answered++;
	return false;
}

/* What a failed batch leaves behind is ended, so that the connection can be used again. */
static bool conclude(struct batch *batch, struct problem *problem)
{
	struct connection *connection = &batch->lease->connection;

	if (!batch->failed)
		return true;
	*problem = batch->fault;
	batch->fault = (struct problem){0};
	drop_results(batch);
	if (connection->doomed)
		connection_close(connection);
	else
		connection_roll_back(connection);
	return false;
}

static bool begin(struct batch *batch, const struct plan *plan, struct problem *problem)
{
	struct lease *lease = batch->lease;

	lease->sqlstate[0] = '\0';
	batch->answered = 0;
	batch->failed = false;
	batch->is_personal = lease->connection.personal;
	batch->deadline = connection_clock() + BATCH_TIMEOUT_MS;
	if (lease->values.failed)
		return problem_fail(problem, PROBLEM_INTERNAL, "database: the values do not fit");
	if (batch->end == BATCH_COMMIT)
		crash_point("before_commit");
	if (lease->connection.link && send_plan(plan, batch)) {
		if (batch->end == BATCH_COMMIT)
			crash_point("in_commit");
		return true;
	}
	connection_close(&lease->connection);
	return sqlstate_problem(&(struct fault){.statement = "batch"}, problem);
}

static bool collect(struct batch *batch, const struct plan *plan, struct problem *problem)
{
	for (bool done = false; !done;) {
		CLEANUP(PQclear)
		PGresult *result = connection_next(&batch->lease->connection, batch->deadline);
		done = take_next(batch, plan, &result);
	}
	return conclude(batch, problem);
}

/* A batch runs once: this makes batch_add() refuse what comes after. */
static void close_queue(struct batch *batch)
{
	batch->lease->queue_count = BATCH_MAX + 1;
}

bool batch_send(struct batch *batch, struct problem *problem)
{
	struct plan plan = make_plan(batch);
	bool sent = begin(batch, &plan, problem);

	if (sent)
		batch->lease->connection.sending = true;
	close_queue(batch);
	return sent;
}

bool batch_take(struct batch *batch, bool *ret_done, struct problem *problem)
{
	struct connection *connection = &batch->lease->connection;
	struct plan plan = make_plan(batch);

	*ret_done = false;
	while (!*ret_done) {
		CLEANUP(PQclear) PGresult *result = NULL;
		if (!connection_poll(connection, &result)) {
			if (connection_clock() < batch->deadline)
				return true;
			connection_close(connection);
		}
		*ret_done = take_next(batch, &plan, &result);
	}
	return conclude(batch, problem);
}

/*
 * What only reads can be asked again on a new connection, once, and not when the time was spent
 * waiting. A session that listens is left to its owner, who must listen again.
 */
static bool may_ask_again(const struct batch *batch, const struct problem *problem)
{
	return batch->end == BATCH_READ && !batch->lease->connection.link && !batch->is_personal &&
	       problem->kind == PROBLEM_UNAVAILABLE &&
	       batch->deadline - connection_clock() > BATCH_TIMEOUT_MS - STATEMENT_TIMEOUT_MS;
}

/* True when it could be asked again and has answered. Else `problem` says why it did not. */
static bool ask_again(struct batch *batch, const struct plan *plan, struct problem *problem)
{
	CLEANUP(problem_finish) struct problem ignored = {0};

	if (!may_ask_again(batch, problem) || !lease_connect(batch->lease, &ignored))
		return false;
	problem_finish(problem);
	return begin(batch, plan, problem) && collect(batch, plan, problem);
}

bool batch_wait(struct batch *batch, struct problem *problem)
{
	struct plan plan = make_plan(batch);

	batch->lease->connection.sending = false;
	return collect(batch, &plan, problem) || ask_again(batch, &plan, problem);
}

bool batch_run(struct batch *batch, struct problem *problem)
{
	struct plan plan = make_plan(batch);

	return batch_send(batch, problem) ? batch_wait(batch, problem)
	                                  : ask_again(batch, &plan, problem);
}

const struct rows *batch_rows(const struct batch *batch, size_t number)
{
	assert(number < batch->count && batch->results[number]);
	return batch->results[number];
}

void batch_finish(struct batch *batch)
{
	drop_results(batch);
	problem_finish(&batch->fault);
	free(batch->statements);
	free(batch->results);
	*batch = (struct batch){0};
}
