-- role: admin
-- What csprd's commands on the server do: partnerships, agencies, keys, recipients, holidays and
-- the verification of the audit chain. They serve all partnerships.

-- name: partnership_insert
-- A new partnership; its default policies and its audit chain come with it.
-- $1 id, $2 slug, $3 name, $4 area_code
INSERT INTO partnership (id, slug, name, area_code)
VALUES ($1::uuid, $2::text, $3::text, $4::text)
RETURNING id;

-- name: partnership_disclosure_set
-- What the public is told; the constraints of the table say what is possible.
-- $1 partnership_id, $2 threshold, $3 rounding
UPDATE partnership
   SET disclosure_threshold = $2::integer,
       disclosure_rounding = $3::integer
 WHERE id = $1::uuid
RETURNING id;

-- name: partnership_by_slug
-- $1 slug
SELECT p.id,
       p.name
  FROM partnership AS p
 WHERE p.slug = $1::text;

-- name: partnership_list_all
-- Every partnership.
SELECT p.id,
       p.slug,
       p.name
  FROM partnership AS p
 ORDER BY p.slug;

-- name: agency_insert
-- $1 partnership_id, $2 id, $3 slug, $4 name, $5 kind, $6 statutory_partner, $7 valid_from
INSERT INTO agency (partnership_id, id, slug, name, kind, statutory_partner, valid_from)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::boolean, $7::date)
RETURNING id;

-- name: agency_succeed
-- Ends an agency on the day before, and names who follows it: once, and never itself in the end.
-- $1 partnership_id, $2 agency_id, $3 successor_id, $4 succeeded_on
WITH RECURSIVE later AS (
  SELECT s.id, s.succeeded_by
    FROM agency AS s
   WHERE s.partnership_id = $1::uuid
     AND s.id = $3::uuid
  UNION
  SELECT n.id, n.succeeded_by
    FROM later AS l
    JOIN agency AS n ON n.partnership_id = $1::uuid AND n.id = l.succeeded_by
)
UPDATE agency AS a
   SET succeeded_by = $3::uuid,
       succeeded_on = $4::date,
       valid_to = $4::date - 1
 WHERE a.partnership_id = $1::uuid
   AND a.id = $2::uuid
   AND a.succeeded_by IS NULL
   AND (a.valid_from IS NULL OR a.valid_from < $4::date)
   AND NOT EXISTS (SELECT FROM later AS l WHERE l.id = a.id)
RETURNING a.id;

-- name: agency_by_slug
-- $1 partnership_id, $2 slug
SELECT a.id
  FROM agency AS a
 WHERE a.partnership_id = $1::uuid
   AND a.slug = $2::text;

-- name: api_key_insert
-- $1 partnership_id, $2 id, $3 agency_id, $4 label, $5 key_hash, $6 scopes (array), $7 expires_at
INSERT INTO api_key (partnership_id, id, agency_id, label, key_hash, scopes, expires_at)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text[], $7::timestamptz)
RETURNING id;

-- name: api_key_list
-- $1 partnership_id
SELECT k.id,
       a.slug AS agency,
       k.label,
       array_to_string(k.scopes, ' ') AS scopes,
       instant_text(k.created_at) AS created_at,
       instant_text(k.expires_at) AS expires_at,
       instant_text(k.revoked_at) AS revoked_at
  FROM api_key AS k
  JOIN agency AS a ON a.partnership_id = k.partnership_id AND a.id = k.agency_id
 WHERE k.partnership_id = $1::uuid
 ORDER BY k.created_at, k.id;

-- name: api_key_revoke
-- At once: every request looks the key up again.
-- $1 partnership_id, $2 id
UPDATE api_key AS k
   SET revoked_at = now()
 WHERE k.partnership_id = $1::uuid
   AND k.id = $2::uuid
   AND k.revoked_at IS NULL
RETURNING k.id;

-- name: recipient_set
-- The endpoint of a recipient in law: made, or given a new address and secret. The secret it had
-- signs too for a day. What was notified before there was an endpoint is delivered now.
-- $1 partnership_id, $2 id, $3 recipient, $4 name, $5 url, $6 secret_sealed (hexadecimal)
-- $7 event_types (array)
WITH endpoint AS (
  INSERT INTO webhook_endpoint (partnership_id, id, recipient, name, url, secret_sealed,
    event_types)
  VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, decode($6::text, 'hex'), $7::text[])
  ON CONFLICT (partnership_id, recipient)
    WHERE recipient IS NOT NULL AND proposed_by_key_id IS NULL
  DO UPDATE
     SET name = excluded.name,
         url = excluded.url,
         secret_sealed = excluded.secret_sealed,
         previous_secret_sealed = webhook_endpoint.secret_sealed,
         previous_secret_until = now() + interval '24 hours',
         -- The command knows no signing key; the one that there is goes on.
         previous_signing_key_sealed = NULL,
         previous_public_key = NULL,
         event_types = excluded.event_types,
         state = 'active'
  RETURNING partnership_id, id, recipient
), caught_up AS (
  INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence)
  SELECT e.partnership_id,
         gen_random_uuid(),
         v.id,
         e.id,
         v.incident_id,
         v.sequence
    FROM endpoint AS e
    JOIN (
      SELECT n.partnership_id, r.recipient, n.event_id
        FROM notification_recipient AS r
        JOIN notification AS n
          ON n.partnership_id = r.partnership_id AND n.id = r.notification_id
       WHERE n.transmission = 'send'
      UNION
      SELECT t.partnership_id, t.recipient, t.event_id
        FROM review_publication_notice AS t
       WHERE t.event_id IS NOT NULL
    ) AS sent
      ON sent.partnership_id = e.partnership_id AND sent.recipient = e.recipient
    JOIN event AS v
      ON v.partnership_id = sent.partnership_id AND v.id = sent.event_id
      ON CONFLICT (partnership_id, event_id, endpoint_id) DO NOTHING
)
SELECT e.id,
       pg_notify('cspr_delivery', '') AS woken
  FROM endpoint AS e;

-- name: recipient_list
-- $1 partnership_id
SELECT e.id,
       e.recipient,
       e.name,
       e.url,
       e.state
  FROM webhook_endpoint AS e
 WHERE e.partnership_id = $1::uuid
 ORDER BY e.recipient, e.name;

-- name: clock_policy_list
-- The policies that a partnership's clocks are counted by.
-- $1 partnership_id
SELECT c.kind,
       c.basis,
       c.start_event,
       c.unit,
       c.length,
       c.source
  FROM clock_policy AS c
 WHERE c.partnership_id = $1::uuid
 ORDER BY c.kind;

-- name: clock_policy_set
-- For clocks that start from now on; those that run keep the policy that they name.
-- $1 partnership_id, $2 kind, $3 basis, $4 start_event, $5 unit, $6 length, $7 source
UPDATE clock_policy AS c
   SET basis = $3::text,
       start_event = $4::text,
       unit = $5::text,
       length = $6::integer,
       source = $7::text
 WHERE c.partnership_id = $1::uuid
   AND c.kind = $2::text
RETURNING c.kind;

-- name: bank_holidays_import
-- Holidays that are not known yet, or are called otherwise now. Known ones are never taken away, and
-- nothing is written when nothing differs: a change would count every calendar as a new one.
-- $1 holidays (json array of date, title, notes)
INSERT INTO bank_holiday (date, title, notes)
SELECT h.date,
       h.title,
       h.notes
  FROM jsonb_to_recordset($1::jsonb) AS h (date date, title text, notes text)
 WHERE NOT EXISTS (
   SELECT
     FROM bank_holiday AS k
    WHERE (k.date, k.title, k.notes) IS NOT DISTINCT FROM (h.date, h.title, h.notes))
ON CONFLICT (date) DO UPDATE
   SET title = excluded.title,
       notes = excluded.notes
RETURNING CASE WHEN xmax = 0 THEN 'added' ELSE 'changed' END AS change, date, title;

-- name: bank_holiday_remove
-- One that was wrong; nothing when no date is named.
-- $1 date
DELETE FROM bank_holiday AS h
 WHERE h.date = $1::date
RETURNING 'removed' AS change, h.date, h.title;

-- name: audit_check
-- The entries of a chain in order, each with whether its hash follows from itself and the one
-- before it, and the head as it is kept.
-- $1 partnership_id, $2 after_sequence, $3 limit, $4 last_sequence
SELECT e.sequence,
       e.sequence = coalesce(lag(e.sequence) OVER (ORDER BY e.sequence), $2::bigint) + 1
         AS in_order,
       e.hash = audit_material(
         coalesce(lag(e.hash) OVER (ORDER BY e.sequence),
           (SELECT p.hash
              FROM audit_entry AS p
             WHERE p.partnership_id = e.partnership_id
               AND p.sequence = $2::bigint),
           decode(repeat('00', 32), 'hex')),
         e.partnership_id, e.sequence, e.at, e.key_id, e.agency_id, e.action, e.resource,
         e.resource_id, e.outcome, e.code, e.request_id, e.body_sha256) AS follows,
       encode(e.hash, 'hex') AS hash
  FROM audit_entry AS e
 WHERE e.partnership_id = $1::uuid
   AND e.sequence > $2::bigint
   AND e.sequence <= $4::bigint
 ORDER BY e.sequence
 LIMIT $3::integer;

-- name: audit_head_get
-- The head as it is kept, and the last entry that there is.
-- $1 partnership_id
SELECT h.sequence,
       encode(h.hash, 'hex') AS hash,
       (SELECT coalesce(max(e.sequence), 0)
          FROM audit_entry AS e
         WHERE e.partnership_id = h.partnership_id) AS last
  FROM audit_head AS h
 WHERE h.partnership_id = $1::uuid;

-- name: admin_act
-- Whose audit chain the rest of the transaction appends to.
-- $1 partnership_id
SELECT set_config('app.partnership_id', $1::text, true) AS partnership_id;

-- name: admin_audit
-- $1 action, $2 resource, $3 resource_id
SELECT audit_append($1::text, $2::text, $3::text, 'done', NULL, NULL) AS sequence;

-- name: idempotency_expire
-- Kept answers hold case facts; after 30 days nobody may ask for them any more.
WITH expired AS (
  DELETE FROM idempotency AS k
   WHERE k.created_at < now() - interval '30 days'
  RETURNING k.created_at
)
SELECT count(e.created_at) AS count
  FROM expired AS e;
