-- Who is calling, what was refused, and the answers that are kept for repeated requests.

-- name: authenticate
-- Sets the tenant of the transaction, or raises CS401, CS403 or CS900. The caller is the key's id, a
-- space, and the array of its scopes.
-- $1 key_hash, $2 scopes (text array, any is enough), $3 whole_scopes (those without _own)
-- $4 rulebook (version or null), $5 request_id (null when only reading)
SELECT authenticate($1::text, $2::text[], $3::text[], $4::bigint, $5::text) AS caller;

-- name: identify
-- As authenticate, without a scope: for recording refusals.
-- $1 key_hash, $2 request_id
SELECT identify($1::text, $2::text) AS key_id;

-- name: idempotency_claim
-- Raises CS001 when the request was answered before, CS002 while it runs.
-- $1 idempotency_operation, $2 idempotency_key, $3 body_sha256
SELECT idempotency_claim($1::text, $2::text, $3::text) AS claimed;

-- name: idempotency_get
-- The kept answer.
-- $1 idempotency_operation, $2 idempotency_key
SELECT k.body_sha256,
       k.status,
       k.body,
       k.location
  FROM idempotency AS k
 WHERE k.partnership_id = tenant()
   AND k.key_id = caller_key()
   AND k.operation = $1::text
   AND k.key = $2::text;

-- name: audit_append
-- The last statement of every write, and of every refusal.
-- $1 action, $2 resource, $3 resource_id, $4 outcome (done or refused), $5 code, $6 body_sha256
SELECT audit_append($1::text, $2::text, $3::text, $4::text, $5::text, $6::text) AS sequence;

-- name: audit_list
-- The chain of the partnership, newest first.
-- $1 limit (one more than the page), $2 after_key, $3 resource, $4 resource_id, $5 outcome
SELECT e.sequence,
       instant_text(e.at) AS at,
       e.key_id AS actor_id,
       e.agency_id,
       e.action,
       e.resource,
       e.resource_id,
       e.outcome,
       e.code,
       e.request_id,
       encode(e.hash, 'hex') AS hash,
       e.sequence AS "_key"
  FROM audit_entry AS e
 WHERE e.partnership_id = tenant()
   AND ($2::bigint IS NULL OR e.sequence < $2::bigint)
   AND ($3::text IS NULL OR e.resource = $3::text)
   AND ($4::text IS NULL OR e.resource_id = $4::text)
   AND ($5::text IS NULL OR e.outcome = $5::text)
 ORDER BY e.sequence DESC
 LIMIT $1::integer;
