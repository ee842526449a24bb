-- Events: what webhooks and the feed tell.

-- name: event_append
-- The event and a delivery for each endpoint that wants it, in the caller's transaction.
-- $1 event_id, $2 type, $3 incident_id, $4 recipients (array of dfe, ofsted, panel, or null)
-- $5 data (json object), $6 at
SELECT event_append($1::uuid, $2::text, $3::uuid, $4::text[], $5::jsonb, $6::timestamptz)
         AS sequence;
