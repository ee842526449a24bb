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
d.attempts,
d.last_status,
instant_text(d.due_at) AS next_attempt_at,
instant_text(d.delivered_at) AS delivered_at,
instant_text(d.created_at) AS created_at

-- name: delivery_from
-- What delivery_columns reads.
-- fragment
delivery AS d
JOIN event AS v ON v.partnership_id = d.partnership_id AND v.id = d.event_id
JOIN webhook_endpoint AS e ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id

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

-- name: delivery_get
-- One delivery with the body that is sent and every attempt, the first one first.
-- $1 delivery_id
SELECT {{delivery_columns}},
       v.body::json AS event,
       (SELECT coalesce(json_agg(json_build_object(
                 'number', a.number,
                 'started_at', instant_text(a.started_at),
                 'duration_ms', a.duration_ms,
                 'status', a.status,
                 'address', a.address,
                 'error', a.error,
                 'answer', a.answer) ORDER BY a.number), '[]')
          FROM delivery_attempt AS a
         WHERE a.partnership_id = d.partnership_id
           AND a.delivery_id = d.id) AS attempt_list
  FROM {{delivery_from}}
 WHERE d.partnership_id = tenant()
   AND d.id = $1::uuid;
