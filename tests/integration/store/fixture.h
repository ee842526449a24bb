/* A database of its own for each test of the store, on the server in CSPR_TEST_SERVER. */
#pragma once

#include <criterion/criterion.h>
#include <signal.h>

#include "queries/test_statements.h"
#include "store/store.h"

#define URL_ROOM 1200

/* Criterion's .init and .fini. Without CSPR_TEST_SERVER the executable is skipped and says so. */
void fixture_open(void);
void fixture_close(void);
/* The URL of the test's database; of another one on the same server. */
const char *fixture_url(void);
void fixture_url_of(const char *database, char ret_url[URL_ROOM]);

/* Runs SQL as the superuser on the test's database, or fails the test. */
void fixture_run(const char *sql);
/* The first value of its result as text, "" for NULL; valid until the next call. */
const char *fixture_value(const char *sql);
/* Closes or opens the database for connections, and ends those that stand. */
void fixture_shut_database(void);
void fixture_open_database(void);

struct pool *fixture_pool(size_t size);
struct lease *fixture_lease(struct pool *pool);
/* One statement, in a transaction of its own; the test fails when it does not work. */
void fixture_batch(struct lease *lease, enum batch_end end, const struct statement *statement,
    const struct bindings *bindings, struct batch *ret_batch);
/* Bindings by name and value in turn, NULL at the end. */
struct bindings bindings_of(const char *name, ...) __attribute__((sentinel));
