-- role: dispatch
-- What the dispatcher does to the queue: claim, settle, release, measure.

-- name: delivery_claim
-- Takes due deliveries for the length of a lease: for each active endpoint as many as the caller
-- allows it, the oldest due first, and none while an earlier one of the same endpoint and incident
-- is open. MATERIALIZED, because a repeated scan would lock more rows than the limit.
-- $1 limit, $2 lease_ms, $3 allowance (of endpoints that are not listed)
-- $4 endpoint_ids (uuid array), $5 allowances (integer array, of those endpoints)
WITH chosen AS MATERIALIZED (
  SELECT due.partnership_id,
         due.id
    FROM webhook_endpoint AS e
    LEFT JOIN unnest($4::uuid[], $5::integer[]) AS known (endpoint_id, allowance)
      ON known.endpoint_id = e.id
   CROSS JOIN LATERAL (
     SELECT d.partnership_id,
            d.id,
            d.due_at
       FROM delivery AS d
      WHERE d.partnership_id = e.partnership_id
        AND d.endpoint_id = e.id
        AND d.state = 'pending'
        AND d.due_at <= now()
        AND (d.incident_id IS NULL OR d.sequence = (
          SELECT first.sequence
            FROM delivery AS first
           WHERE first.partnership_id = d.partnership_id
             AND first.endpoint_id = d.endpoint_id
             AND first.incident_id = d.incident_id
             AND first.state = 'pending'
           ORDER BY first.sequence
           LIMIT 1))
      ORDER BY d.due_at
      LIMIT least($1::integer, coalesce(known.allowance, $3::integer))
        FOR UPDATE OF d SKIP LOCKED) AS due
   WHERE e.state = 'active'
   ORDER BY due.due_at
   LIMIT $1::integer
), claimed AS (
  UPDATE delivery AS d
     SET due_at = now() + $2::bigint * interval '1 millisecond',
         fence = d.fence + 1
    FROM chosen AS c
   WHERE d.partnership_id = c.partnership_id
     AND d.id = c.id
  RETURNING d.partnership_id, d.id, d.event_id, d.endpoint_id, d.fence, d.attempts
)
SELECT c.partnership_id,
       c.id,
       c.endpoint_id,
       c.fence,
       c.attempts,
       v.body,
       e.url,
       e.statutory,
       translate(encode(e.secret_sealed, 'base64'), chr(10), '') AS secret_sealed,
       CASE WHEN e.previous_secret_until > now()
         THEN translate(encode(e.previous_secret_sealed, 'base64'), chr(10), '')
       END AS previous_secret_sealed
  FROM claimed AS c
  JOIN event AS v ON v.partnership_id = c.partnership_id AND v.id = c.event_id
  JOIN webhook_endpoint AS e ON e.partnership_id = c.partnership_id AND e.id = c.endpoint_id;

-- name: delivery_settle
-- Records the attempts that have ended and what follows from them. Outcomes under an older fence
-- change nothing. What waits behind a delivery in its incident's order moves with it: to its next
-- attempt, or to now for the next in line, so that claims do not wade through what is blocked.
-- $1 outcomes (json array of: partnership_id, delivery_id, fence, state, delay_ms, started_at,
-- duration_ms, status, address, error, answer, pause)
WITH outcome AS (
  SELECT o.partnership_id, o.delivery_id, o.fence, o.state, o.delay_ms, o.started_at,
         o.duration_ms, o.status, o.address, o.error, o.answer, o.pause
    FROM jsonb_to_recordset($1::jsonb) AS o (partnership_id uuid, delivery_id uuid, fence bigint,
      state text, delay_ms bigint, started_at timestamptz, duration_ms integer, status integer,
      address text, error text, answer text, pause boolean)
), settled AS (
  UPDATE delivery AS d
     SET state = o.state,
         attempts = d.attempts + 1,
         due_at = CASE WHEN o.state = 'pending'
                    THEN now() + o.delay_ms * interval '1 millisecond' END,
         delivered_at = CASE WHEN o.state = 'delivered' THEN now() END,
         last_status = o.status
    FROM outcome AS o
   WHERE d.partnership_id = o.partnership_id
     AND d.id = o.delivery_id
     AND d.fence = o.fence
     AND d.state = 'pending'
  RETURNING d.partnership_id, d.id, d.endpoint_id, d.incident_id, d.sequence, d.state, d.due_at,
    d.attempts, o.started_at, o.duration_ms, o.status, o.address, o.error, o.answer, o.pause
), recorded AS (
  INSERT INTO delivery_attempt (partnership_id, delivery_id, number, started_at, duration_ms,
    status, address, error, answer)
  SELECT s.partnership_id, s.id, s.attempts, s.started_at, s.duration_ms, s.status, s.address,
         s.error, s.answer
    FROM settled AS s
), paused AS (
  UPDATE webhook_endpoint AS e
     SET state = 'paused'
    FROM settled AS s
   WHERE s.pause
     AND e.partnership_id = s.partnership_id
     AND e.id = s.endpoint_id
     AND NOT e.statutory
), moved AS (
  UPDATE delivery AS f
     SET due_at = coalesce(s.due_at, now())
    FROM settled AS s
   WHERE f.partnership_id = s.partnership_id
     AND f.endpoint_id = s.endpoint_id
     AND f.incident_id = s.incident_id
     AND f.sequence > s.sequence
     AND f.state = 'pending'
     AND f.id NOT IN (SELECT o.delivery_id FROM outcome AS o)
     AND CASE WHEN s.state = 'pending'
           THEN f.due_at < s.due_at
           ELSE f.due_at > now() AND f.sequence = (
             SELECT min(n.sequence)
               FROM delivery AS n
              WHERE n.partnership_id = s.partnership_id
                AND n.endpoint_id = s.endpoint_id
                AND n.incident_id = s.incident_id
                AND n.sequence > s.sequence
                AND n.state = 'pending')
         END
)
SELECT s.id,
       s.state
  FROM settled AS s;

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

-- name: delivery_lag
-- How long the oldest due delivery of an active endpoint has been waiting, in milliseconds.
SELECT coalesce(max((extract(epoch FROM now() - oldest.due_at) * 1000)::bigint), 0) AS lag_ms
  FROM webhook_endpoint AS e
 CROSS JOIN LATERAL (
   SELECT d.due_at
     FROM delivery AS d
    WHERE d.partnership_id = e.partnership_id
      AND d.endpoint_id = e.id
      AND d.state = 'pending'
      AND d.due_at <= now()
    ORDER BY d.due_at
    LIMIT 1) AS oldest
 WHERE e.state = 'active';
