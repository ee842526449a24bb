/* Owns what the API's tests know of the database: what is kept, and keys that end. */
#include <string.h>

#include "base/digest.h"
#include "fixture.h"

const char *everything_kept(void)
{
	CLEANUP(free)
	char *digest = sql_text(&stage()->database,
	    "SELECT md5(string_agg(query_to_xml(format('SELECT * FROM %I', c.relname), true, false, '')"
	    "::text, '' ORDER BY c.relname))"
	    " FROM pg_class AS c"
	    " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
	    " AND c.relname NOT IN ('audit_entry', 'audit_head')",
	    NULL);

	return text_of("%s", digest);
}

int64_t count_rows(const char *sql, const char *parameter)
{
	return sql_number(&stage()->database, sql, parameter, NULL);
}

const char *key_of(const char *partnership, const char *agency, const char *scopes)
{
	CLEANUP(free)
	char *token = key_create(&stage()->database, partnership, agency, scopes);

	return text_of("%s", token);
}

const char *agency_of(const char *slug)
{
	CLEANUP(free)
	char *id = sql_text(&stage()->database,
	    "SELECT a.id FROM agency AS a JOIN partnership AS p ON p.id = a.partnership_id"
	    " WHERE p.slug = 'north' AND a.slug = $1",
	    slug, NULL);

	return text_of("%s", id);
}

const char *key_with(const char *scopes)
{
	return key_of("north", "council", scopes);
}

static const char *hash_of(const char *token)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX];

	digest_hmac_sha256(test_pepper, strlen(test_pepper), token, strlen(token), digest);
	hex_encode(digest, sizeof(digest), hex);
	return text_of("%s", hex);
}

void key_expire(const char *token)
{
	cr_assert_eq(sql_number(&stage()->database,
	                 "WITH ended AS (UPDATE api_key SET expires_at = clock_timestamp()"
	                 " WHERE key_hash = $1 RETURNING 1) SELECT count(*) FROM ended",
	                 hash_of(token), NULL),
	    1);
}

void key_revoke(const char *partnership, const char *token)
{
	CLEANUP(outcome_finish) struct outcome outcome = {0};
	CLEANUP(free)
	char *id = sql_text(
	    &stage()->database, "SELECT id FROM api_key WHERE key_hash = $1", hash_of(token), NULL);
	const char *const arguments[] = {
	    "keys", "revoke", "--partnership", partnership, "--id", id, NULL};

	csprd_run(&stage()->database, arguments, NULL, &outcome);
	cr_assert_eq(outcome.status, 0, "%s", text_string(&outcome.errors));
}
