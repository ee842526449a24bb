/*
 * PostgreSQL, and the only code that knows libpq. A request's statements are added to a batch
 * and go down in one round trip, inside one transaction.
 *
 * Threads: a pool is shared; a lease, its batch and its rows belong to one thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "base/text.h"

/* One named block of db/queries, embedded at build; `store/statements.h` lists them all. */
struct statement {
	const char *name;
	const char *sql;
	const char *const *parameters; /* names of $1 … in order, NULL-terminated */
};

/* Values by name; every one is text, NULL is SQL's NULL. batch_add() copies what it needs. */
#define BINDINGS_MAX 64
struct bindings {
	size_t count;
	struct {
		const char *name;
		const char *value;
	} items[BINDINGS_MAX];
};
/* A later value of the same name replaces the earlier one. */
void bind_text(struct bindings *bindings, const char *name, const char *value);

struct pool;
struct lease;

struct pool_options {
	const char *url;              /* libpq URL; several hosts follow a failover */
	const char *role;             /* SET ROLE after connecting, or NULL */
	const char *application_name; /* shown in pg_stat_activity */
	size_t size;
	const struct statement *const *statements; /* prepared at connect, NULL-terminated */
	/*
	 * Every statement finds its rows by an index, so that none is planned as a walk over a table,
	 * which a table that was empty then would be left with for the life of the connection.
	 */
	bool indexes_only;
};

/*
 * Connections are made when first leased and again after they are lost, with jitter between
 * failed tries; a pool starts although the database is away.
 */
MUST_CHECK bool pool_create(
    const struct pool_options *options, struct pool **ret_pool, struct problem *problem);
/* NULL is nothing to destroy. */
void pool_destroy(struct pool *pool);
DEFINE_CLEANUP(struct pool *, pool_destroy)
/* Makes a first connection beside whatever the caller does next, so that a start has not to wait
 * for it: its statements take the server as long as the rest of a start. Once in a pool's life. */
void pool_warm(struct pool *pool);
/* PROBLEM_UNAVAILABLE with retry_after when the database cannot be reached. */
MUST_CHECK bool pool_lease(struct pool *pool, struct lease **ret_lease, struct problem *problem);
/* Rolls back whatever is open. */
void pool_return(struct lease *lease);
/* How many wait for a lease; they get one in the order in which they came. */
size_t pool_waiting(struct pool *pool);
DEFINE_CLEANUP(struct lease *, pool_return)

/* The most statements of one batch: what a spreadsheet changes is one transaction too. */
#define BATCH_MAX 4000

enum batch_end {
	BATCH_COMMIT,   /* read-write, committed */
	BATCH_ROLLBACK, /* read-write, nothing kept: dry runs */
	BATCH_READ      /* read only */
};

struct batch {
	struct lease *lease;
	enum batch_end end;
	size_t count;
	size_t capacity;
	const struct statement **statements;
	struct rows **results;
	size_t answered; /* steps, with those of the transaction itself */
	bool failed;
	bool is_personal;     /* its session is its owner's, who must make it again */
	struct problem fault; /* the first one; its end may come in another part than itself */
	int64_t deadline;     /* of the last answer */
};

/* Starts an empty batch, and says how its transaction is to end. */
MUST_CHECK bool batch_begin(
    struct lease *lease, enum batch_end end, struct batch *ret_batch, struct problem *problem);
/* Queues a statement. A parameter without a binding is our bug (assert). Returns its number. */
size_t batch_add(
    struct batch *batch, const struct statement *statement, const struct bindings *bindings);
/*
 * Ends the transaction, waits, and collects each statement's rows. On any failure nothing is
 * kept, and `problem` comes from the table of SQLSTATEs and constraints. A link lost before the
 * answer is PROBLEM_UNAVAILABLE: whether it was committed only the idempotency key can tell. What
 * only reads is asked once more on a new connection by itself.
 */
MUST_CHECK bool batch_run(struct batch *batch, struct problem *problem);
/*
 * The same in parts, for whoever has other work while the database answers: batch_send() begins,
 * and batch_take() goes on without waiting, whenever the socket can be read (or written, while
 * lease_is_sending()). `ret_done` says that nothing more comes. When either returns false nothing
 * is kept and nothing more comes.
 */
MUST_CHECK bool batch_send(struct batch *batch, struct problem *problem);
MUST_CHECK bool batch_take(struct batch *batch, bool *ret_done, struct problem *problem);
/* After batch_send(), what is left of batch_run(): waits, and asks once more where that does. */
MUST_CHECK bool batch_wait(struct batch *batch, struct problem *problem);
/* Rows of a statement by its number, borrowed. */
const struct rows *batch_rows(const struct batch *batch, size_t number);
void batch_finish(struct batch *batch);
DEFINE_VALUE_CLEANUP(struct batch, batch_finish)

/* The SQLSTATE of the last failed batch_run() on this lease, "" when there was none. */
const char *lease_sqlstate(const struct lease *lease);
/* For the dispatcher: the connection's socket (-1 when lost), and notifications since last asked.
 */
int lease_socket(const struct lease *lease);
/* Whether something of a batch still has to be sent. */
bool lease_is_sending(const struct lease *lease);
bool lease_take_notifications(struct lease *lease);
/*
 * Runs text that is not in db/queries: migrations and LISTEN only. The session is closed when the
 * lease is returned; when its link is lost meanwhile, the owner leases and listens again.
 */
MUST_CHECK bool lease_execute(struct lease *lease, const char *sql, struct problem *problem);

/* Rows. */
size_t rows_count(const struct rows *rows);
/* The text of a column by its name; NULL is SQL's NULL. The column must exist (assert). */
const char *rows_text(const struct rows *rows, size_t row, const char *column);
bool rows_has(const struct rows *rows, const char *column);
/* NULL is false, and as a number 0. */
bool rows_flag(const struct rows *rows, size_t row, const char *column);
int64_t rows_number(const struct rows *rows, size_t row, const char *column);
/*
 * The row as a JSON object: alias = key, type = JSON type. json and jsonb stand as they are,
 * numbers and booleans bare, text arrays as arrays, everything else as a string, NULL as null.
 * Columns whose alias begins with "_" are for the program and are left out.
 */
void rows_put_object(const struct rows *rows, size_t row, struct text *ret_text);
/* The same without the closing brace, so that the caller can append members. */
void rows_put_open_object(const struct rows *rows, size_t row, struct text *ret_text);
/* Rows first … first + count - 1 as a JSON array. */
void rows_put_array(const struct rows *rows, size_t first, size_t count, struct text *ret_text);
/*
 * The same as RFC 4180 CSV, without the line's end, so that the caller can append cells: the
 * columns' names, and a row. Texts that begin with = + - @ tab or CR get an apostrophe in front, so
 * that a spreadsheet does not run them. Numbers stay numbers.
 */
void rows_put_csv_header(const struct rows *rows, struct text *ret_text);
void rows_put_csv_row(const struct rows *rows, size_t row, struct text *ret_text);
