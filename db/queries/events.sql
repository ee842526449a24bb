-- Events: what webhooks and the feed tell.

-- name: event_append
-- The event and a delivery for each endpoint that wants it, in the caller's transaction.
-- $1 event_id, $2 type, $3 incident_id, $4 recipients (array of dfe, ofsted, panel, or null)
-- $5 data (json object), $6 at
SELECT event_append($1::uuid, $2::text, $3::uuid, $4::text[], $5::jsonb, $6::timestamptz)
         AS sequence;

-- name: event_places
-- What the feed shows of an event `v`: its body, its place, and the end, which lies before whatever
-- cannot be shown yet.
-- fragment
v.body AS "_body",
v.epoch || '.' || v.transaction_id || '.' || v.position AS "_place",
horizon.epoch || '.' || horizon.transaction_id || '.0' AS "_end",
tenant() AS "_partnership_id"

-- name: event_horizon
-- No transaction that is still under way can write an event before it.
-- fragment
(SELECT feed_epoch() AS epoch,
        pg_snapshot_xmin(pg_current_snapshot()) AS transaction_id) AS horizon

-- name: event_columns
-- fragment
e.body,
e.epoch,
e.transaction_id,
e.position

-- name: event_feed
-- The events behind a place, in the feed's order. There is always a row: where there is no event it
-- has the end alone.
-- $1 limit (one more than the page), $2 epoch, $3 transaction_id, $4 position (of the last one read)
-- $5 type (text array)
SELECT {{event_places}}
  FROM {{event_horizon}}
  LEFT JOIN LATERAL (
    SELECT {{event_columns}}
      FROM event AS e
     WHERE e.partnership_id = tenant()
       AND (e.epoch, e.transaction_id, e.position) > ($2::bigint, $3::xid8, $4::bigint)
       AND (e.epoch, e.transaction_id) < (horizon.epoch, horizon.transaction_id)
       AND CASE WHEN $5::text[] IS NULL OR e.type = ANY ($5::text[]) THEN true ELSE false END
     ORDER BY e.epoch, e.transaction_id, e.position
     LIMIT $1::integer) AS v ON true
 ORDER BY v.epoch, v.transaction_id, v.position;

-- name: event_feed_of_incident
-- The same of one incident: its sequence is the feed's order of it.
-- $1 limit, $2 epoch, $3 transaction_id, $4 position, $5 type (text array), $6 incident_id
SELECT {{event_places}}
  FROM {{event_horizon}}
  LEFT JOIN LATERAL (
    SELECT {{event_columns}}
      FROM event AS e
     WHERE e.partnership_id = tenant()
       AND e.incident_id = $6::uuid
       AND (e.epoch, e.transaction_id, e.position) > ($2::bigint, $3::xid8, $4::bigint)
       AND (e.epoch, e.transaction_id) < (horizon.epoch, horizon.transaction_id)
       AND ($5::text[] IS NULL OR e.type = ANY ($5::text[]))
     ORDER BY e.sequence
     LIMIT $1::integer) AS v ON true
 ORDER BY v.epoch, v.transaction_id, v.position;
