-- role: dispatch
-- What the dispatcher does to the queue: claim, settle, move what waits behind, release, measure, and
-- the circuits of endpoints. docs/adr/0018 says in which order, and why so.

-- name: delivery_in_line
-- Whether a delivery f is open and stands in the same line as d: that of its endpoint and incident. Those that
-- were delivered and are sent again have a line of their own: they were in order once, and nobody else waits
-- for them.
-- fragment
f.partnership_id = d.partnership_id
   AND f.endpoint_id = d.endpoint_id
   AND f.incident_id = d.incident_id
   AND f.is_repeat = d.is_repeat
   AND f.state = 'pending'

-- name: delivery_waits_for_none
-- Whether a pending delivery d is the first in its line.
-- fragment
(d.incident_id IS NULL OR d.sequence = (
  SELECT f.sequence
    FROM delivery AS f
   WHERE {{delivery_in_line}}
   ORDER BY f.sequence
   LIMIT 1))

-- name: delivery_claim
-- Takes due deliveries for the length of a lease: for each endpoint that is called freely as many as
-- the caller allows it, for one whose circuit is open a single one when its trial is due; the nearest
-- legal day first, then one endpoint after the other, the oldest first; and none while an earlier one
-- of the same endpoint and incident is open. Of what goes to others than recipients in law at most so many,
-- however much of it is due. MATERIALIZED, because a repeated scan would lock more rows than the limit.
-- $1 limit, $2 lease_ms, $3 allowance (of endpoints that are not listed)
-- $4 endpoint_ids (uuid array), $5 allowances (integer array, of those endpoints), $6 ordinary
WITH trial AS MATERIALIZED (
  SELECT k.partnership_id, k.endpoint_id
    FROM endpoint_circuit AS k
   WHERE k.opened_at IS NOT NULL
     AND k.trial_at <= now()
     FOR UPDATE OF k SKIP LOCKED
), callable AS MATERIALIZED (
  SELECT e.partnership_id,
         e.id,
         t.endpoint_id IS NOT NULL AS trial,
         e.statutory AND e.state = 'active' AS in_law,
         least($1::integer, coalesce(known.allowance, $3::integer),
           CASE WHEN t.endpoint_id IS NOT NULL THEN 1 END) AS most
    FROM webhook_endpoint AS e
    LEFT JOIN unnest($4::uuid[], $5::integer[]) AS known (endpoint_id, allowance)
      ON known.endpoint_id = e.id
    LEFT JOIN trial AS t ON t.partnership_id = e.partnership_id AND t.endpoint_id = e.id
   -- What is only proposed has nothing but pings, by which it is tried.
   WHERE e.state IN ('active', 'proposed')
     AND (t.endpoint_id IS NOT NULL OR NOT EXISTS (
       SELECT
         FROM endpoint_circuit AS k
        WHERE k.partnership_id = e.partnership_id
          AND k.endpoint_id = e.id
          AND k.opened_at IS NOT NULL))
), urgent AS MATERIALIZED (
  SELECT c.trial, c.in_law, c.most, due.*
    FROM callable AS c
   CROSS JOIN LATERAL (
     SELECT d.partnership_id, d.id, d.endpoint_id, d.urgent_on, d.due_at
       FROM delivery AS d
      WHERE d.partnership_id = c.partnership_id
        AND d.endpoint_id = c.id
        AND d.state = 'pending'
        AND d.urgent_on IS NOT NULL
        AND d.due_at <= now()
        AND {{delivery_waits_for_none}}
      ORDER BY d.urgent_on, d.due_at
      LIMIT c.most
        FOR UPDATE OF d SKIP LOCKED) AS due
), other AS MATERIALIZED (
  SELECT c.trial, c.in_law, c.most, due.*
    FROM callable AS c
   CROSS JOIN LATERAL (
     SELECT d.partnership_id, d.id, d.endpoint_id, d.urgent_on, d.due_at
       FROM delivery AS d
      WHERE d.partnership_id = c.partnership_id
        AND d.endpoint_id = c.id
        AND d.state = 'pending'
        AND d.urgent_on IS NULL
        AND d.due_at <= now()
        AND {{delivery_waits_for_none}}
      ORDER BY d.due_at
      LIMIT c.most
        FOR UPDATE OF d SKIP LOCKED) AS due
), candidate AS MATERIALIZED (
  SELECT l.*,
         row_number() OVER (PARTITION BY l.endpoint_id ORDER BY l.urgent_on, l.due_at) AS number
    FROM (SELECT u.* FROM urgent AS u UNION ALL SELECT o.* FROM other AS o) AS l
), chosen AS MATERIALIZED (
  SELECT h.trial, h.partnership_id, h.id, h.endpoint_id, h.due_at
    FROM (
      (SELECT n.*
         FROM candidate AS n
        WHERE n.in_law
          AND n.number <= n.most
        ORDER BY n.urgent_on, n.number, n.due_at
        LIMIT $1::integer)
      UNION ALL
      (SELECT n.*
         FROM candidate AS n
        WHERE NOT n.in_law
          AND n.number <= n.most
        ORDER BY n.urgent_on, n.number, n.due_at
        LIMIT least($1::integer, $6::integer))) AS h
   ORDER BY h.urgent_on, h.number, h.due_at
   LIMIT $1::integer
), claimed AS (
  UPDATE delivery AS d
     SET due_at = now() + $2::bigint * interval '1 millisecond',
         fence = d.fence + 1
    FROM chosen AS c
   WHERE d.partnership_id = c.partnership_id
     AND d.id = c.id
  RETURNING d.partnership_id, d.id, d.event_id, d.endpoint_id, d.fence, d.attempts,
    d.payload, c.due_at AS was_due_at
), tried AS (
  UPDATE endpoint_circuit AS k
     SET trial_at = now() + $2::bigint * interval '1 millisecond'
    FROM chosen AS c
   WHERE c.trial
     AND k.partnership_id = c.partnership_id
     AND k.endpoint_id = c.endpoint_id
)
SELECT c.partnership_id,
       c.id,
       c.endpoint_id,
       c.fence,
       c.attempts,
       (extract(epoch FROM now() - c.was_due_at) * 1000)::bigint AS waited_ms,
       EXISTS (
         SELECT
           FROM endpoint_circuit AS k
          WHERE k.partnership_id = c.partnership_id
            AND k.endpoint_id = c.endpoint_id
            AND k.failures > 0) AS troubled,
       CASE WHEN c.payload = 'summary' THEN coalesce(v.summary, v.body) ELSE v.body END AS body,
       e.url,
       -- What is only proposed has nobody's law behind it yet.
       e.statutory AND e.state = 'active' AS statutory,
       translate(encode(e.secret_sealed, 'base64'), chr(10), '') AS secret_sealed,
       CASE WHEN e.previous_secret_until > now()
         THEN translate(encode(e.previous_secret_sealed, 'base64'), chr(10), '')
       END AS previous_secret_sealed,
       CASE WHEN 'v1a' = ANY (e.signatures)
         THEN translate(encode(e.signing_key_sealed, 'base64'), chr(10), '')
       END AS signing_key_sealed,
       CASE WHEN 'v1a' = ANY (e.signatures) AND e.previous_secret_until > now()
         THEN translate(encode(e.previous_signing_key_sealed, 'base64'), chr(10), '')
       END AS previous_signing_key_sealed,
       (SELECT translate(encode(m.sealed, 'base64'), chr(10), '')
          FROM webhook_material AS m
         WHERE m.partnership_id = e.partnership_id
           AND m.id = e.headers_id) AS headers_sealed,
       (SELECT translate(encode(m.sealed, 'base64'), chr(10), '')
          FROM webhook_material AS m
         WHERE m.partnership_id = e.partnership_id
           AND m.id = e.client_certificate_id) AS client_certificate_sealed,
       (SELECT translate(encode(m.sealed, 'base64'), chr(10), '')
          FROM webhook_material AS m
         WHERE m.partnership_id = e.partnership_id
           AND m.id = e.ca_bundle_id) AS ca_bundle_sealed
  FROM claimed AS c
  JOIN event AS v ON v.partnership_id = c.partnership_id AND v.id = c.event_id
  JOIN webhook_endpoint AS e ON e.partnership_id = c.partnership_id AND e.id = c.endpoint_id;

-- name: delivery_settle
-- Records the attempts that have ended and what follows from them; the place in the arrays of those
-- that were settled. Outcomes under an older fence change nothing, and a settlement is the end of its fence:
-- who has not got the answer sends it again, and would have the attempt twice. What was cancelled while it was
-- under way stays so, unless it has come all the same.
-- $1 partnership_ids, $2 delivery_ids, $3 fences, $4 states, $5 delays_ms, $6 pauses, $7 started_at
-- $8 durations_ms, $9 statuses, $10 addresses, $11 errors, $12 answers
-- $13 answers_cut (arrays of one length)
WITH outcome AS (
  SELECT o.partnership_id, o.delivery_id, o.fence, o.state, o.delay_ms, o.pause, o.started_at,
         o.duration_ms, o.status, o.address, o.error, o.answer, o.answer_cut, o.number
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::boolean[],
      $7::timestamptz[], $8::integer[], $9::integer[], $10::text[], $11::text[], $12::text[],
      $13::boolean[])
      WITH ORDINALITY AS o (partnership_id, delivery_id, fence, state, delay_ms, pause, started_at,
        duration_ms, status, address, error, answer, answer_cut, number)
), settled AS (
  UPDATE delivery AS d
     SET state = CASE WHEN d.state = 'pending' OR o.state = 'delivered' THEN o.state ELSE d.state END,
         attempts = d.attempts + 1,
         fence = d.fence + 1,
         due_at = CASE WHEN d.state = 'pending' AND o.state = 'pending'
                    THEN now() + o.delay_ms * interval '1 millisecond' END,
         cancelled_because = CASE WHEN o.state <> 'delivered' THEN d.cancelled_because END,
         delivered_at = CASE WHEN o.state = 'delivered' THEN now() END,
         last_status = o.status
    FROM outcome AS o
   WHERE d.partnership_id = o.partnership_id
     AND d.id = o.delivery_id
     AND d.fence = o.fence
     AND d.state IN ('pending', 'cancelled')
  RETURNING d.partnership_id, d.id, d.endpoint_id, d.attempts, o.started_at, o.duration_ms, o.status,
    o.address, o.error, o.answer, o.answer_cut, o.pause, o.number
), recorded AS (
  INSERT INTO delivery_attempt (partnership_id, delivery_id, number, started_at, duration_ms,
    status, address, error, answer, answer_cut)
  SELECT s.partnership_id, s.id, s.attempts, s.started_at, s.duration_ms, s.status, s.address,
         s.error, s.answer, s.answer_cut
    FROM settled AS s
), paused AS (
  UPDATE webhook_endpoint AS e
     SET state = 'paused'
    FROM settled AS s
   WHERE s.pause
     AND e.partnership_id = s.partnership_id
     AND e.id = s.endpoint_id
     -- A proposed one would be resumed without having been approved.
     AND e.state = 'active'
     AND NOT e.statutory
)
SELECT s.number
  FROM settled AS s;

-- name: delivery_advance
-- What waits behind settled deliveries in their incident's order moves with them: to the next attempt,
-- or to now for the next in line. A statement of its own, behind delivery_settle in its transaction,
-- because it has to see what was put aside while the settlement waited for its rows. Only behind what this
-- very transaction has settled: when a settlement comes again, the next in line may be in somebody's hand.
-- $1 partnership_ids, $2 delivery_ids (arrays of one length)
WITH settled AS MATERIALIZED (
  SELECT d.partnership_id, d.endpoint_id, d.incident_id, d.is_repeat, d.sequence, d.state, d.due_at
    FROM unnest($1::uuid[], $2::uuid[]) AS o (partnership_id, delivery_id)
    JOIN delivery AS d ON d.partnership_id = o.partnership_id AND d.id = o.delivery_id
   WHERE d.incident_id IS NOT NULL
     AND d.xmin = pg_current_xact_id()::xid
), delayed AS (
  UPDATE delivery AS f
     SET due_at = d.due_at
    FROM settled AS d
   WHERE d.state = 'pending'
     AND {{delivery_in_line}}
     AND f.sequence > d.sequence
     AND f.due_at < d.due_at
)
UPDATE delivery AS n
   SET due_at = now()
  FROM settled AS d
 CROSS JOIN LATERAL (
   SELECT f.id, f.due_at
     FROM delivery AS f
    WHERE {{delivery_in_line}}
      AND f.sequence > d.sequence
    ORDER BY f.sequence
    LIMIT 1) AS next
 WHERE d.state <> 'pending'
   AND next.due_at > now()
   AND n.partnership_id = d.partnership_id
   AND n.id = next.id;

-- name: delivery_set_aside
-- What is due and waits behind another one of its endpoint and incident lends that one its legal day,
-- and is set aside, so that claims do not wade through it: until the next attempt of the one that it
-- waits behind, or, deep in a long line, until its turn comes. Only behind one that nobody settles
-- meanwhile: that would have brought it forward already.
-- $1 limit (of what is looked at for an endpoint), $2 depth (that may wait in sight), $3 lease_ms
WITH urgent AS MATERIALIZED (
  SELECT due.*
    FROM webhook_endpoint AS e
   CROSS JOIN LATERAL (
     SELECT d.partnership_id, d.id, d.endpoint_id, d.incident_id, d.is_repeat, d.sequence, d.urgent_on
       FROM delivery AS d
      WHERE d.partnership_id = e.partnership_id
        AND d.endpoint_id = e.id
        AND d.state = 'pending'
        AND d.urgent_on IS NOT NULL
        AND d.due_at <= now()
      ORDER BY d.urgent_on, d.due_at
      LIMIT $1::integer) AS due
   WHERE e.state = 'active'
), other AS MATERIALIZED (
  SELECT due.*
    FROM webhook_endpoint AS e
   CROSS JOIN LATERAL (
     SELECT d.partnership_id, d.id, d.endpoint_id, d.incident_id, d.is_repeat, d.sequence, d.urgent_on
       FROM delivery AS d
      WHERE d.partnership_id = e.partnership_id
        AND d.endpoint_id = e.id
        AND d.state = 'pending'
        AND d.urgent_on IS NULL
        AND d.due_at <= now()
      ORDER BY d.due_at
      LIMIT $1::integer) AS due
   WHERE e.state = 'active'
), looked AS MATERIALIZED (
  SELECT d.*,
         (SELECT f.id
            FROM delivery AS f
           WHERE {{delivery_in_line}}
           ORDER BY f.sequence
           LIMIT 1) AS first_id
    FROM (SELECT u.* FROM urgent AS u UNION ALL SELECT o.* FROM other AS o) AS d
   WHERE d.incident_id IS NOT NULL
), behind AS MATERIALIZED (
  SELECT l.partnership_id, l.id, l.first_id, l.urgent_on,
         row_number() OVER (PARTITION BY l.first_id ORDER BY l.sequence) AS place
    FROM looked AS l
   WHERE l.first_id <> l.id
), held AS MATERIALIZED (
  SELECT b.id, b.first_id, b.partnership_id, b.urgent_on, b.place, first.due_at
    FROM behind AS b
    JOIN delivery AS first ON first.partnership_id = b.partnership_id AND first.id = b.first_id
   WHERE first.state = 'pending'
     AND (b.place > $2::integer
       OR b.urgent_on < coalesce(first.urgent_on, 'infinity')
       OR first.due_at > now() + 2 * $3::bigint * interval '1 millisecond')
     FOR UPDATE OF first SKIP LOCKED
), lent AS (
  UPDATE delivery AS d
     SET urgent_on = w.urgent_on
    FROM (
      SELECT h.partnership_id, h.first_id, min(h.urgent_on) AS urgent_on
        FROM held AS h
       WHERE h.urgent_on IS NOT NULL
       GROUP BY h.partnership_id, h.first_id) AS w
   WHERE d.partnership_id = w.partnership_id
     AND d.id = w.first_id
     AND w.urgent_on < coalesce(d.urgent_on, 'infinity')
)
UPDATE delivery AS d
   SET due_at = least(greatest(h.due_at, now() + $3::bigint * interval '1 millisecond'),
         now() + interval '1 hour')
  FROM held AS h
 WHERE d.partnership_id = h.partnership_id
   AND d.id = h.id
   AND d.state = 'pending'
   AND (h.place > $2::integer
     OR h.due_at > now() + 2 * $3::bigint * interval '1 millisecond');

-- name: delivery_release
-- Gives back what was claimed and not sent to its end, so that another process takes it at once.
-- $1 partnership_ids, $2 delivery_ids, $3 fences (arrays of one length)
WITH released AS (
  UPDATE delivery AS d
     SET due_at = now(),
         fence = d.fence + 1
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS r (partnership_id, delivery_id, fence)
   WHERE d.partnership_id = r.partnership_id
     AND d.id = r.delivery_id
     AND d.fence = r.fence
     AND d.state = 'pending'
  RETURNING d.id
)
SELECT pg_notify('cspr_delivery', '') AS woken
  FROM released AS r
 LIMIT 1;

-- name: delivery_measure
-- How the queue stands, over all partnerships: how long the oldest due delivery of an active endpoint
-- has been waiting, how old the oldest one is that was never delivered, in milliseconds.
SELECT coalesce(max(extract(epoch FROM now() - o.due_at) * 1000)
         FILTER (WHERE o.due_at <= now() AND o.active), 0)::bigint AS lag_ms,
       coalesce(max(extract(epoch FROM now() - o.created_at) * 1000)
         FILTER (WHERE o.statutory), 0)::bigint AS oldest_statutory_ms,
       coalesce(max(extract(epoch FROM now() - o.created_at) * 1000)
         FILTER (WHERE NOT o.statutory), 0)::bigint AS oldest_other_ms,
       coalesce(sum(o.at_risk), 0)::bigint AS at_risk,
       (SELECT count(*) FROM endpoint_circuit AS k WHERE k.opened_at IS NOT NULL) AS circuits_open
  FROM (
    SELECT e.statutory,
           e.state = 'active' AS active,
           min(d.due_at) AS due_at,
           min(d.created_at) FILTER (WHERE NOT d.is_repeat) AS created_at,
           count(*) FILTER (WHERE d.at_risk_at IS NOT NULL AND NOT d.is_repeat) AS at_risk
      FROM webhook_endpoint AS e
      JOIN delivery AS d
        ON d.partnership_id = e.partnership_id AND d.endpoint_id = e.id AND d.state = 'pending'
     GROUP BY e.partnership_id, e.id) AS o;

-- name: circuit_read
-- The circuits of some endpoints, in their order; times in milliseconds since 1970, 0 for none.
-- $1 partnership_ids, $2 endpoint_ids (arrays of one length)
SELECT o.number,
       e.statutory,
       coalesce(k.failures, 0) AS failures,
       coalesce(k.trials, 0) AS trials,
       coalesce((extract(epoch FROM k.opened_at) * 1000)::bigint, 0) AS opened_at,
       coalesce((extract(epoch FROM k.trial_at) * 1000)::bigint, 0) AS trial_at,
       coalesce(k.revision, 0) AS revision,
       (extract(epoch FROM now()) * 1000)::bigint AS now
  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS o (partnership_id, endpoint_id, number)
  JOIN webhook_endpoint AS e ON e.partnership_id = o.partnership_id AND e.id = o.endpoint_id
  LEFT JOIN endpoint_circuit AS k
    ON k.partnership_id = e.partnership_id AND k.endpoint_id = e.id;

-- name: circuit_write
-- False when somebody else was faster. Times in milliseconds since 1970, null for none.
-- $1 partnership_id, $2 endpoint_id, $3 revision, $4 failures, $5 trials, $6 opened_at, $7 trial_at
-- $8 link (where the service is reached)
SELECT circuit_write($1::uuid, $2::uuid, $3::bigint, $4::integer, $5::integer,
         to_timestamp($6::double precision / 1000), to_timestamp($7::double precision / 1000),
         $8::text) AS written;

-- name: delivery_warn
-- $1 link (where the service is reached), $2 limit
SELECT deliveries_at_risk($1::text, $2::integer) AS done;
