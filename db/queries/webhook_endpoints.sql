-- Webhook endpoints: how they are shown, proposed, approved, changed and retired. No statement here
-- reads what is sealed; the role of requests cannot.

-- name: webhook_material_facts
-- What may be shown of sealed material, for an endpoint or change that x stands for.
-- fragment
coalesce((
  SELECT m.facts -> 'names'
    FROM webhook_material AS m
   WHERE m.partnership_id = x.partnership_id
     AND m.id = x.headers_id), '[]') AS header_names,
(SELECT m.facts
   FROM webhook_material AS m
  WHERE m.partnership_id = x.partnership_id
    AND m.id = x.client_certificate_id) AS client_certificate,
(SELECT m.facts
   FROM webhook_material AS m
  WHERE m.partnership_id = x.partnership_id
    AND m.id = x.ca_bundle_id) AS ca_bundle

-- name: webhook_endpoint_columns
-- An endpoint x as the API shows it; "_facts" is what domain/webhook_endpoint_process.c asks for.
-- fragment
x.id,
x.version,
x.state,
x.name,
x.recipient,
x.statutory,
x.url,
x.event_types,
x.payload,
x.signatures,
{{webhook_material_facts}},
x.public_key,
CASE WHEN x.previous_secret_until > now() THEN x.previous_public_key END AS previous_public_key,
CASE WHEN x.previous_secret_until > now() THEN instant_text(x.previous_secret_until) END
  AS previous_secret_until,
CASE WHEN x.proposed_by_key_id IS NOT NULL THEN json_build_object(
  'key_id', x.proposed_by_key_id,
  'agency_id', x.proposed_by_agency_id,
  'at', instant_text(x.proposed_at)) END AS proposed_by,
CASE WHEN x.approved_by_key_id IS NOT NULL THEN json_build_object(
  'key_id', x.approved_by_key_id,
  'agency_id', x.approved_by_agency_id,
  'at', instant_text(x.approved_at)) END AS approved_by,
CASE WHEN o.id IS NOT NULL THEN json_build_object(
  'id', o.id,
  'changes', (
    SELECT json_object_agg(n.key, n.value)
      FROM json_each(json_build_object(
             'url', o.url,
             'event_types', o.event_types,
             'payload', o.payload,
             'signatures', o.signatures,
             'header_names', o.header_names,
             'client_certificate', o.client_certificate,
             'ca_bundle', o.ca_bundle)) AS n
     WHERE n.key = ANY (o.members)),
  'proposed_by', json_build_object(
    'key_id', o.proposed_by_key_id,
    'agency_id', o.proposed_by_agency_id,
    'at', instant_text(o.proposed_at))) END AS proposed_change,
instant_text(x.created_at) AS created_at,
instant_text(x.updated_at) AS updated_at,
json_build_object(
  'is_anothers', x.proposed_by_key_id IS DISTINCT FROM caller_key(),
  'is_approved', x.proposed_by_key_id IS NULL OR x.approved_by_key_id IS NOT NULL,
  'proposal_is_own', CASE
    WHEN x.state = 'proposed' THEN x.proposed_by_key_id IS NOT DISTINCT FROM caller_key()
    ELSE o.id IS NULL OR o.proposed_by_key_id = caller_key()
  END,
  'no_grace_lasts', coalesce(x.previous_secret_until <= now(), true),
  'change_is_open', o.id IS NOT NULL,
  'change_is_anothers', o.id IS NULL OR o.proposed_by_key_id <> caller_key(),
  'recipient_has_another', x.recipient IS NULL OR x.state = 'proposed' OR EXISTS (
    SELECT
      FROM webhook_endpoint AS other
     WHERE other.partnership_id = x.partnership_id
       AND other.recipient = x.recipient
       AND other.id <> x.id
       AND other.state = 'active')) AS "_facts"

-- name: webhook_endpoint_from
-- What webhook_endpoint_columns reads: each endpoint with what is proposed for it.
-- fragment
webhook_endpoint AS x
LEFT JOIN (
  SELECT x.partnership_id,
         x.endpoint_id,
         x.id,
         x.members,
         x.url,
         x.event_types,
         x.payload,
         x.signatures,
         {{webhook_material_facts}},
         x.proposed_by_key_id,
         x.proposed_by_agency_id,
         x.proposed_at
    FROM webhook_endpoint_change AS x
   WHERE x.state = 'open') AS o ON o.partnership_id = x.partnership_id AND o.endpoint_id = x.id

-- name: webhook_endpoint_list
-- The endpoints of the partnership, the oldest first, also those that have ended.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 state (text array)
SELECT {{webhook_endpoint_columns}},
       x.created_at AS "_key",
       x.id AS "_id"
  FROM {{webhook_endpoint_from}}
 WHERE x.partnership_id = tenant()
   AND (x.created_at, x.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
   AND CASE WHEN $4::text[] IS NULL OR x.state = ANY ($4::text[]) THEN true ELSE false END
 ORDER BY x.created_at, x.id
 LIMIT $1::integer;

-- name: webhook_endpoint_get
-- stored
-- $1 webhook_endpoint_id
SELECT {{webhook_endpoint_columns}}
  FROM {{webhook_endpoint_from}}
 WHERE x.partnership_id = tenant()
   AND x.id = $1::uuid;

-- name: webhook_endpoint_room
-- What is asked for before there is an endpoint.
-- $1 most
SELECT json_build_object('has_room', (
         SELECT count(*) < $1::integer
           FROM webhook_endpoint AS e
          WHERE e.partnership_id = tenant()
            AND e.state IN ('proposed', 'active', 'paused'))) AS "_facts";

-- name: webhook_endpoint_shown_once
-- The answer that holds a new secret, as it is kept: the secret is put into what is sent, once.
-- stored
-- $1 webhook_endpoint_id
SELECT {{webhook_endpoint_columns}},
       NULL::text AS secret,
       'The secret was shown in the first answer and is not shown again.' AS secret_note
  FROM {{webhook_endpoint_from}}
 WHERE x.partnership_id = tenant()
   AND x.id = $1::uuid;

-- name: webhook_material_insert
-- $1 material_id, $2 kind, $3 sealed (hexadecimal), $4 material (json object: what may be shown)
INSERT INTO webhook_material (partnership_id, id, kind, sealed, facts)
VALUES (tenant(), $1::uuid, $2::text, decode($3::text, 'hex'), $4::jsonb);

-- name: webhook_endpoint_insert
-- A proposed endpoint.
-- $1 record (json object), $2 webhook_endpoint_id, $3 to, $4 secret_sealed (hexadecimal)
-- $5 signing_key_sealed (hexadecimal, or null), $6 public_key (or null)
INSERT INTO webhook_endpoint (partnership_id, id, state, name, recipient, url, event_types, payload,
  signatures, headers_id, client_certificate_id, ca_bundle_id, secret_sealed, signing_key_sealed,
  public_key, proposed_by_key_id, proposed_by_agency_id, proposed_at)
SELECT tenant(),
       $2::uuid,
       $3::text,
       b.name,
       b.recipient,
       b.url,
       b.event_types,
       coalesce(b.payload, 'thin'),
       coalesce(b.signatures, '{v1}'),
       b.headers_id,
       b.client_certificate_id,
       b.ca_bundle_id,
       decode($4::text, 'hex'),
       decode($5::text, 'hex'),
       $6::text,
       caller_key(),
       caller_agency(),
       now()
  FROM jsonb_to_record($1::jsonb) AS b (name text, recipient text, url text, event_types text[],
    payload text, signatures text[], headers_id uuid, client_certificate_id uuid,
    ca_bundle_id uuid);

-- name: webhook_endpoint_advance
-- The next version of an endpoint, perhaps in another state; CS412 when it has changed meanwhile.
-- $1 webhook_endpoint_id, $2 version, $3 to
WITH changed AS (
  UPDATE webhook_endpoint AS e
     SET version = e.version + 1,
         updated_at = now(),
         state = coalesce($3::text, e.state)
   WHERE e.partnership_id = tenant()
     AND e.id = $1::uuid
     AND e.version = $2::integer
  RETURNING e.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;

-- name: webhook_endpoint_give_key
-- A signing key for one that has none yet; which signatures are sent is another matter.
-- $1 webhook_endpoint_id, $2 signing_key_sealed (hexadecimal), $3 public_key
UPDATE webhook_endpoint AS e
   SET signing_key_sealed = decode($2::text, 'hex'),
       public_key = $3::text
 WHERE e.partnership_id = tenant()
   AND e.id = $1::uuid
   AND e.public_key IS NULL;

-- name: webhook_endpoint_rename
-- $1 record (json object), $2 webhook_endpoint_id
UPDATE webhook_endpoint AS e
   SET name = $1::jsonb ->> 'name'
 WHERE e.partnership_id = tenant()
   AND e.id = $2::uuid
   AND $1::jsonb ->> 'name' IS NOT NULL;

-- name: webhook_endpoint_members
-- The members of an endpoint e that b changes.
-- fragment
url = CASE WHEN 'url' = ANY (b.members) THEN b.url ELSE e.url END,
event_types =
  CASE WHEN 'event_types' = ANY (b.members) THEN b.event_types ELSE e.event_types END,
payload = CASE WHEN 'payload' = ANY (b.members) THEN b.payload ELSE e.payload END,
signatures =
  CASE WHEN 'signatures' = ANY (b.members) THEN b.signatures ELSE e.signatures END,
headers_id =
  CASE WHEN 'header_names' = ANY (b.members) THEN b.headers_id ELSE e.headers_id END,
client_certificate_id = CASE WHEN 'client_certificate' = ANY (b.members)
  THEN b.client_certificate_id ELSE e.client_certificate_id END,
ca_bundle_id =
  CASE WHEN 'ca_bundle' = ANY (b.members) THEN b.ca_bundle_id ELSE e.ca_bundle_id END

-- name: webhook_endpoint_rewrite
-- What its proposer changes of an endpoint that nobody has approved yet.
-- $1 record (json object: the members' values, and `members`), $2 webhook_endpoint_id
UPDATE webhook_endpoint AS e
   SET {{webhook_endpoint_members}},
       proposed_by_key_id = caller_key(),
       proposed_by_agency_id = caller_agency(),
       proposed_at = now()
  FROM jsonb_to_record($1::jsonb) AS b (members text[], url text, event_types text[], payload text,
    signatures text[], headers_id uuid, client_certificate_id uuid, ca_bundle_id uuid)
 WHERE e.partnership_id = tenant()
   AND e.id = $2::uuid;

-- name: webhook_endpoint_propose
-- The same of one that is approved: it stands beside what is in force. What the same key
-- has proposed before and is not decided yet is part of it.
-- $1 record (json object: the members' values, and `members`), $2 webhook_endpoint_id, $3 change_id
INSERT INTO webhook_endpoint_change AS c (partnership_id, id, endpoint_id, members, url,
  event_types, payload, signatures, headers_id, client_certificate_id, ca_bundle_id,
  proposed_by_key_id, proposed_by_agency_id)
SELECT tenant(),
       $3::uuid,
       $2::uuid,
       b.members,
       b.url,
       b.event_types,
       b.payload,
       b.signatures,
       b.headers_id,
       b.client_certificate_id,
       b.ca_bundle_id,
       caller_key(),
       caller_agency()
  FROM jsonb_to_record($1::jsonb) AS b (members text[], url text, event_types text[], payload text,
    signatures text[], headers_id uuid, client_certificate_id uuid, ca_bundle_id uuid)
ON CONFLICT (partnership_id, endpoint_id) WHERE state = 'open'
DO UPDATE
   SET version = c.version + 1,
       members = ARRAY(SELECT DISTINCT unnest(c.members || excluded.members) ORDER BY 1),
       url = CASE WHEN 'url' = ANY (excluded.members) THEN excluded.url ELSE c.url END,
       event_types = CASE WHEN 'event_types' = ANY (excluded.members)
         THEN excluded.event_types ELSE c.event_types END,
       payload =
         CASE WHEN 'payload' = ANY (excluded.members) THEN excluded.payload ELSE c.payload END,
       signatures = CASE WHEN 'signatures' = ANY (excluded.members)
         THEN excluded.signatures ELSE c.signatures END,
       headers_id = CASE WHEN 'header_names' = ANY (excluded.members)
         THEN excluded.headers_id ELSE c.headers_id END,
       client_certificate_id = CASE WHEN 'client_certificate' = ANY (excluded.members)
         THEN excluded.client_certificate_id ELSE c.client_certificate_id END,
       ca_bundle_id = CASE WHEN 'ca_bundle' = ANY (excluded.members)
         THEN excluded.ca_bundle_id ELSE c.ca_bundle_id END,
       proposed_by_key_id = excluded.proposed_by_key_id,
       proposed_by_agency_id = excluded.proposed_by_agency_id,
       proposed_at = now();

-- name: webhook_endpoint_decide
-- What was proposed comes into force, or is refused; webhook_endpoint_advance has checked the
-- version, and so that it is what was read.
-- $1 record (json object: decision, reason), $2 webhook_endpoint_id
WITH decided AS (
  UPDATE webhook_endpoint_change AS c
     SET state = CASE $1::jsonb ->> 'decision' WHEN 'approve' THEN 'approved' ELSE 'refused' END,
         version = c.version + 1,
         decided_by_key_id = caller_key(),
         decided_by_agency_id = caller_agency(),
         decided_at = now(),
         reason = $1::jsonb ->> 'reason'
   WHERE c.partnership_id = tenant()
     AND c.endpoint_id = $2::uuid
     AND c.state = 'open'
  RETURNING c.*
)
UPDATE webhook_endpoint AS e
   SET {{webhook_endpoint_members}},
       proposed_by_key_id = b.proposed_by_key_id,
       proposed_by_agency_id = b.proposed_by_agency_id,
       proposed_at = b.proposed_at,
       approved_by_key_id = b.decided_by_key_id,
       approved_by_agency_id = b.decided_by_agency_id,
       approved_at = b.decided_at
  FROM decided AS b
 WHERE b.state = 'approved'
   AND e.partnership_id = b.partnership_id
   AND e.id = b.endpoint_id;

-- name: webhook_endpoint_transition
-- What a step leaves: who approved, and what becomes of the deliveries.
-- $1 record (json object), $2 webhook_endpoint_id, $3 to
WITH approved AS (
  UPDATE webhook_endpoint AS e
     SET approved_by_key_id = caller_key(),
         approved_by_agency_id = caller_agency(),
         approved_at = now()
   WHERE e.partnership_id = tenant()
     AND e.id = $2::uuid
     AND $3::text = 'active'
     AND e.approved_by_key_id IS NULL
     AND e.proposed_by_key_id IS NOT NULL
)
SELECT webhook_endpoint_moved($2::uuid,
         concat_ws(': ', 'The endpoint was ' || $3::text, $1::jsonb ->> 'reason')) AS moved;

-- name: webhook_endpoint_rotate
-- $1 webhook_endpoint_id, $2 secret_sealed, $3 signing_key_sealed (hexadecimal), $4 public_key
-- $5 grace_hours
SELECT webhook_endpoint_rotate($1::uuid, decode($2::text, 'hex'), decode($3::text, 'hex'), $4::text,
         $5::integer * interval '1 hour') AS rotated;

-- name: webhook_endpoint_ping
-- An event for one endpoint alone, outside of any order.
-- $1 event_id, $2 delivery_id, $3 webhook_endpoint_id, $4 at, $5 link
WITH told AS (
  INSERT INTO event (partnership_id, id, type, body)
  VALUES (tenant(), $1::uuid, 'ping', json_build_object(
    'type', 'ping',
    'timestamp', instant_text($4::timestamptz),
    'data', json_build_object(
      'event_id', $1::uuid,
      'webhook_endpoint_id', $3::uuid,
      'link', $5::text))::text)
), sent AS (
  INSERT INTO delivery (partnership_id, id, event_id, endpoint_id)
  VALUES (tenant(), $2::uuid, $1::uuid, $3::uuid)
)
SELECT pg_notify('cspr_delivery', '') AS woken;

-- name: webhook_endpoint_pinged
-- The delivery of a ping.
-- stored
-- $1 delivery_id
SELECT {{delivery_columns}}
  FROM {{delivery_from}}
 WHERE d.partnership_id = tenant()
   AND d.id = $1::uuid;
