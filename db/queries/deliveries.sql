-- Deliveries of events to webhook endpoints, as the API shows them.

-- name: delivery_columns
-- fragment
d.id,
d.event_id,
v.type AS event_type,
d.incident_id,
d.sequence,
d.endpoint_id,
e.name AS endpoint_name,
e.recipient,
d.state,
d.cancelled_because,
d.payload,
d.attempts,
d.last_status,
instant_text(d.due_at) AS next_attempt_at,
instant_text(coalesce(d.first_delivered_at, d.delivered_at)) AS delivered_at,
instant_text(d.created_at) AS created_at

-- name: delivery_from
-- What delivery_columns reads. Who is kept from the event is so from its deliveries. Both are looked up for a
-- delivery: a page that began with the events or the endpoints read and sorted all that was ever sent.
-- fragment
delivery AS d
CROSS JOIN LATERAL (
  SELECT v.type, v.body
    FROM event AS v
   WHERE v.partnership_id = d.partnership_id
     AND v.id = d.event_id
  OFFSET 0) AS v
CROSS JOIN LATERAL (
  SELECT e.name, e.recipient, e.state
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = d.partnership_id
     AND e.id = d.endpoint_id
  OFFSET 0) AS e

-- name: delivery_list
-- The deliveries of the partnership, newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 state (text array)
-- $5 endpoint_id, $6 incident_id, $7 event_id, $8 recipient (text array)
SELECT {{delivery_columns}},
       d.created_at AS "_key",
       d.id AS "_id"
  FROM {{delivery_from}}
 WHERE d.partnership_id = tenant()
   AND (d.created_at, d.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::text[] IS NULL OR d.state = ANY ($4::text[]))
          AND ($5::uuid IS NULL OR d.endpoint_id = $5::uuid)
          AND ($6::uuid IS NULL OR d.incident_id = $6::uuid)
          AND ($7::uuid IS NULL OR d.event_id = $7::uuid)
          AND ($8::text[] IS NULL OR e.recipient = ANY ($8::text[]))
         THEN true
         ELSE false
       END
 ORDER BY d.created_at DESC, d.id DESC
 LIMIT $1::integer;

-- name: delivery_before
-- What a pending delivery d waits for.
-- fragment
SELECT f.id
  FROM delivery AS f
 WHERE {{delivery_in_line}}
   AND f.sequence < d.sequence
 ORDER BY f.sequence
 LIMIT 1

-- name: delivery_story
-- What happened to a delivery and what comes next, in sentences, the first one first.
-- fragment
(SELECT json_agg(told.sentence ORDER BY told.at, told.rank, told.number)
   FROM (
     SELECT d.created_at AS at,
            0 AS rank,
            0 AS number,
            format('Made at %s for the event %s%s, to %s.', instant_text(d.created_at), v.type,
              ', number ' || d.sequence || ' of its incident', e.name) AS sentence
      UNION ALL
     SELECT a.started_at,
            1,
            a.number,
            format('Attempt %s at %s%s %s.', a.number, instant_text(a.started_at),
              ' to ' || a.address,
              CASE
                WHEN a.status IS NULL
                THEN format('failed after %s ms: %s', a.duration_ms, coalesce(a.error, 'no answer'))
                ELSE format('was answered %s after %s ms%s', a.status, a.duration_ms,
                  CASE WHEN a.answer_cut THEN ', with more than the 2 kB that are kept' END)
              END)
       FROM delivery_attempt AS a
      WHERE a.partnership_id = d.partnership_id
        AND a.delivery_id = d.id
      UNION ALL
     SELECT r.at,
            2,
            0,
            CASE
              WHEN r.was_state = 'never_made'
              THEN format('Made by a recovery at %s: the endpoint had not been told before.',
                instant_text(r.at))
              ELSE format('Sent again at %s by %s, when it was %s.', instant_text(r.at),
                CASE r.reason WHEN 'recovery' THEN 'a recovery' ELSE 'request' END, r.was_state)
            END
       FROM delivery_resend AS r
      WHERE r.partnership_id = d.partnership_id
        AND r.delivery_id = d.id
      UNION ALL
     SELECT d.at_risk_at,
            3,
            0,
            format('At risk since %s of coming after its legal date, %s.', instant_text(d.at_risk_at),
              d.legal_on)
      WHERE d.at_risk_at IS NOT NULL
      UNION ALL
     SELECT r.recorded_at,
            4,
            0,
            format('Acknowledged by %s at %s %s, with the reference %s.', coalesce(e.recipient, e.name),
              instant_text(r.received_at),
              CASE r.came_as WHEN 'answer' THEN 'in its answer' ELSE 'by a signed call' END,
              r.reference)
       FROM delivery_receipt AS r
      WHERE r.partnership_id = d.partnership_id
        AND r.delivery_id = d.id
      UNION ALL
     SELECT 'infinity',
            5,
            0,
            CASE d.state
              WHEN 'delivered' THEN format('Delivered at %s.', instant_text(d.delivered_at))
              WHEN 'failed' THEN 'Given up: it is not tried again by itself.'
              WHEN 'cancelled' THEN format('Cancelled: %s.', d.cancelled_because)
              ELSE CASE
                     WHEN e.state <> 'active'
                     THEN format('It waits: the endpoint is %s.', e.state)
                     WHEN before.id IS NOT NULL
                     THEN format('It waits for delivery %s, which comes before it in its incident.',
                       before.id)
                     WHEN d.due_at <= now() THEN 'It is due now.'
                     ELSE format('The next attempt is due at %s.', instant_text(d.due_at))
                   END
            END
       FROM (SELECT) AS once
       LEFT JOIN LATERAL (
         {{delivery_before}}) AS before ON true) AS told) AS story

-- name: delivery_get
-- One delivery with its story, the body that is sent and every attempt, the first one first.
-- stored
-- $1 delivery_id
SELECT {{delivery_columns}},
       {{delivery_story}},
       (SELECT json_build_object(
                 'reference', r.reference,
                 'received_at', instant_text(r.received_at),
                 'came_as', r.came_as,
                 'recorded_at', instant_text(r.recorded_at))
          FROM delivery_receipt AS r
         WHERE r.partnership_id = d.partnership_id
           AND r.delivery_id = d.id) AS acknowledged,
       v.body::json AS event,
       (SELECT coalesce(json_agg(json_build_object(
                 'number', a.number,
                 'started_at', instant_text(a.started_at),
                 'duration_ms', a.duration_ms,
                 'status', a.status,
                 'address', a.address,
                 'error', a.error,
                 'answer', a.answer,
                 'answer_cut', a.answer_cut) ORDER BY a.number), '[]')
          FROM delivery_attempt AS a
         WHERE a.partnership_id = d.partnership_id
           AND a.delivery_id = d.id) AS attempt_list
  FROM {{delivery_from}}
 WHERE d.partnership_id = tenant()
   AND d.id = $1::uuid;

-- name: delivery_exists
-- A row when the caller may see the delivery.
-- $1 delivery_id
SELECT d.id
  FROM {{delivery_from}}
 WHERE d.partnership_id = tenant()
   AND d.id = $1::uuid;

-- name: delivery_for_resend
-- What decides whether it may be sent again. What somebody holds is due within two minutes, because
-- no lease is as long; so is what is sent again by itself in a moment.
-- $1 delivery_id
SELECT d.state,
       e.state AS endpoint_state,
       d.state = 'pending' AND d.due_at <= now() + interval '2 minutes' AS is_under_way,
       ({{delivery_before}}) AS waits_for
  FROM {{delivery_from}}
 WHERE d.partnership_id = tenant()
   AND d.id = $1::uuid;

-- name: delivery_resend
-- Makes it due, if it still is as it was read; CS412 otherwise.
-- $1 delivery_id, $2 was_state
SELECT require_one(delivery_send_again($1::uuid, $2::text, now(), 'resend')) AS changed;

-- name: recovery_endpoint
-- The endpoint that is to get what it missed.
-- $1 webhook_endpoint_id
SELECT e.state
  FROM webhook_endpoint AS e
 WHERE e.partnership_id = tenant()
   AND e.id = $1::uuid;

-- name: recovery_run
-- Makes due what the endpoint missed, a part at a time, or only says what that is.
-- stored
-- $1 webhook_endpoint_id, $2 since, $3 until, $4 limit, $5 rehearse
SELECT f.value ->> 'webhook_endpoint_id' AS webhook_endpoint_id,
       f.value ->> 'since' AS since,
       f.value ->> 'until' AS until,
       (f.value ->> 'dry_run')::boolean AS dry_run,
       (f.value ->> 'found')::integer AS found,
       (f.value ->> 'made_due')::integer AS made_due,
       (f.value ->> 'more')::boolean AS more,
       f.value -> 'first' AS first
  FROM deliveries_recover($1::uuid, $2::timestamptz, $3::timestamptz, $4::integer, $5::boolean)
         AS f (value);
