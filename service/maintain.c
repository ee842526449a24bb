/* Owns the commands that look after the database itself: migrations and the audit trail. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "holidays.h"
#include "session.h"
#include "store/migrate.h"
#include "store/statements.h"

#define PAGE "5000"
/* What the first entry of a chain follows. */
#define NO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

extern const char bank_holidays_csv[];

int command_migrate(const struct settings *settings)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	const char *url = settings->migration_url[0] ? settings->migration_url : settings->database_url;
	int applied = 0;

	if (!migrate_run(url, &applied, &problem))
		return command_failed("the database was not brought up to date", &problem);
	printf("%d migrations applied\n", applied);
	return holidays_import(settings, bank_holidays_csv, NULL);
}

int command_tidy(const struct settings *settings)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	struct bindings none = {0};

	if (!session_open(settings, &session))
		return EXIT_FAILED;
	if (!batch_begin(session.lease, BATCH_COMMIT, &batch, &problem))
		return command_failed("nothing was tidied", &problem);
	size_t number = batch_add(&batch, &SQL_IDEMPOTENCY_EXPIRE, &none);
	if (!batch_run(&batch, &problem))
		return command_failed("nothing was tidied", &problem);
	printf("%s kept answers forgotten\n", rows_text(batch_rows(&batch, number), 0, "count"));
	return EXIT_DONE;
}

/* The head of a chain as it is kept. Entries that come after it was read are not looked at. */
struct head {
	char sequence[24];
	char hash[128];
};

struct verified {
	char sequence[24]; /* of the last entry that was looked at */
	char hash[128];
	long long count;
};

/* One page of entries; false when one of them is wrong, and says which. */
static bool verify_page(struct session *session, const char *partnership_id, const char *slug,
    const struct head *head, struct verified *verified, bool *ret_more)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	const struct rows *rows;
	struct bindings bindings = {0};

	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "after_sequence", verified->sequence);
	bind_text(&bindings, "last_sequence", head->sequence);
	bind_text(&bindings, "limit", PAGE);
	if (!session_query(session, &SQL_AUDIT_CHECK, &bindings, &batch, &rows, &problem)) {
		command_failed("the audit trail cannot be read", &problem);
		return false;
	}
	for (size_t row = 0; row < rows_count(rows); row++) {
		if (!rows_flag(rows, row, "in_order") || !rows_flag(rows, row, "follows")) {
			printf("%s: BROKEN at entry %s\n", slug, rows_text(rows, row, "sequence"));
			return false;
		}
		snprintf(
		    verified->sequence, sizeof(verified->sequence), "%s", rows_text(rows, row, "sequence"));
		snprintf(verified->hash, sizeof(verified->hash), "%s", rows_text(rows, row, "hash"));
		verified->count++;
	}
	*ret_more = rows_count(rows) > 0;
	return true;
}

/* The kept head says how long the chain is: a tail that was cut off shows, and one put on. */
static bool read_head(
    struct session *session, const char *partnership_id, const char *slug, struct head *ret_head)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	const struct rows *rows;
	struct bindings bindings = {0};

	bind_text(&bindings, "partnership_id", partnership_id);
	if (!session_query(session, &SQL_AUDIT_HEAD_GET, &bindings, &batch, &rows, &problem)) {
		command_failed("the audit trail cannot be read", &problem);
		return false;
	}
	if (rows_count(rows) != 1) {
		printf("%s: BROKEN: the chain has no head\n", slug);
		return false;
	}
	snprintf(ret_head->sequence, sizeof(ret_head->sequence), "%s", rows_text(rows, 0, "sequence"));
	snprintf(ret_head->hash, sizeof(ret_head->hash), "%s", rows_text(rows, 0, "hash"));
	if (strcmp(ret_head->sequence, rows_text(rows, 0, "last")) != 0) {
		printf("%s: BROKEN: entry %s is the head, the entries end with %s\n", slug,
		    ret_head->sequence, rows_text(rows, 0, "last"));
		return false;
	}
	return true;
}

static bool verify_chain(struct session *session, const char *partnership_id, const char *slug)
{
	struct verified verified = {.sequence = "0", .hash = NO_HASH};
	struct head head;
	bool more = true;

	if (!read_head(session, partnership_id, slug, &head))
		return false;
	while (more)
		if (!verify_page(session, partnership_id, slug, &head, &verified, &more))
			return false;
	if (strcmp(verified.sequence, head.sequence) != 0 || strcmp(verified.hash, head.hash) != 0) {
		printf("%s: BROKEN: the head is not entry %s\n", slug, verified.sequence);
		return false;
	}
	printf("%s: %lld entries, unbroken\n", slug, verified.count);
	return true;
}

int command_audit(const struct settings *settings, const struct words *words)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	const char *only = words_option(words, "--partnership", 0);
	const struct rows *rows;
	struct bindings none = {0};
	bool sound = true;
	bool found = false;

	if (words->count < 1 || strcmp(words->items[0], "verify") != 0) {
		(void)fprintf(stderr, "csprd: see csprd --help\n");
		return EXIT_USAGE;
	}
	if (!session_open(settings, &session))
		return EXIT_FAILED;
	if (!session_query(&session, &SQL_PARTNERSHIP_LIST_ALL, &none, &batch, &rows, &problem))
		return command_failed("the partnerships cannot be read", &problem);
	for (size_t row = 0; row < rows_count(rows); row++) {
		const char *slug = rows_text(rows, row, "slug");
		if (only && strcmp(only, slug) != 0)
			continue;
		found = true;
		sound = verify_chain(&session, rows_text(rows, row, "id"), slug) && sound;
	}
	if (!found)
		(void)fprintf(stderr, "csprd: there is no such partnership\n");
	return sound && found ? EXIT_DONE : EXIT_FAILED;
}
