-- Calendar feeds, and the deadlines that one shows.

-- name: calendar_feed_columns
-- Without the secret's hash, which the role of requests cannot read.
-- fragment
f.id,
f.version,
f.label,
f.kinds,
f.agency_id,
f.owner,
f.key_id,
f.created_by_agency_id,
instant_text(f.created_at) AS created_at,
instant_text(f.revoked_at) AS revoked_at

-- name: calendar_feed_list
-- The newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id
SELECT {{calendar_feed_columns}},
       f.created_at AS "_key",
       f.id AS "_id"
  FROM calendar_feed AS f
 WHERE f.partnership_id = tenant()
   AND (f.created_at, f.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
 ORDER BY f.created_at DESC, f.id DESC
 LIMIT $1::integer;

-- name: calendar_feed_get
-- stored
-- $1 feed_id
SELECT {{calendar_feed_columns}}
  FROM calendar_feed AS f
 WHERE f.partnership_id = tenant()
   AND f.id = $1::uuid;

-- name: calendar_feed_made
-- The answer to its making as it is kept: the address is put in once, into what is sent.
-- stored
-- $1 feed_id
SELECT {{calendar_feed_columns}},
       NULL::text AS url,
       'The address was shown in the first answer and is kept nowhere.' AS url_note
  FROM calendar_feed AS f
 WHERE f.partnership_id = tenant()
   AND f.id = $1::uuid;

-- name: calendar_feed_insert
-- $1 feed_id, $2 feed (json object: label, kinds, agency_id, owner), $3 secret_hash
INSERT INTO calendar_feed (partnership_id, id, label, kinds, agency_id, owner, secret_hash, key_id,
  created_by_agency_id)
SELECT tenant(),
       $1::uuid,
       b.label,
       b.kinds,
       b.agency_id,
       b.owner,
       $3::text,
       caller_key(),
       caller_agency()
  FROM jsonb_to_record($2::jsonb) AS b (label text, kinds text[], agency_id uuid, owner text);

-- name: calendar_feed_revoke
-- From the next look-up on. What was revoked before stays as it was.
-- $1 feed_id
UPDATE calendar_feed AS f
   SET revoked_at = now(),
       version = f.version + 1
 WHERE f.partnership_id = tenant()
   AND f.id = $1::uuid
   AND f.revoked_at IS NULL
RETURNING f.id;

-- name: calendar_feed_open
-- Lets the key of the feed call; null where the secret opens nothing.
-- $1 secret_hash, $2 scopes, $3 whole_scopes (those of listing deadlines), $4 request_id
SELECT o.key_id,
       o.label
  FROM calendar_feed_open($1::text, $2::text[], $3::text[], $4::text) AS o;

-- name: calendar_feed_deadlines
-- What is open and due until that day, the overdue ones first, as the feed narrows it.
-- $1 as_of, $2 until, $3 limit
SELECT {{deadline_columns}}
  FROM calendar_feed AS f
 CROSS JOIN LATERAL (
   SELECT c.*
     FROM unnest(ARRAY['open', 'paused']) AS w (standing)
    CROSS JOIN LATERAL (
      SELECT c.*
        FROM clock AS c
       WHERE c.partnership_id = tenant()
         AND clock_standing(c.superseded_at, c.cancelled_at, c.completed_on, c.paused, c.due_on)
               = w.standing
         AND c.due_on <= $2::date
         AND CASE
               WHEN (f.kinds IS NULL OR c.kind = ANY (f.kinds))
                AND (f.agency_id IS NULL OR c.agency_id = f.agency_id)
                AND (f.owner IS NULL OR c.owner = f.owner)
               THEN true
               ELSE false
             END
       ORDER BY c.due_on, c.id
       LIMIT $3::integer) AS c
    ORDER BY c.due_on, c.id
    LIMIT $3::integer) AS c
  {{deadline_joins}}
 WHERE f.partnership_id = tenant()
   AND f.id = open_feed()
 ORDER BY c.due_on, c.id;
