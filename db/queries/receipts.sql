-- role: dispatch
-- What recipients say of deliveries; the functions say how it is recorded.

-- name: receipts_read
-- $1 limit
SELECT receipts_read($1::integer) AS done;

-- name: receipt_secrets
-- What a receipt of the delivery may be signed with. The secret before counts while it signs too, and that of
-- an endpoint that was retired, which nobody can rotate any more, for as long as the longest grace.
-- $1 delivery_id, $2 retired_hours
SELECT translate(encode(e.secret_sealed, 'base64'), chr(10), '') AS secret_sealed,
       CASE WHEN e.previous_secret_until > now()
         THEN translate(encode(e.previous_secret_sealed, 'base64'), chr(10), '')
       END AS previous_secret_sealed
  FROM delivery AS d
  JOIN webhook_endpoint AS e ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
 WHERE d.id = $1::uuid
   AND e.state <> 'refused'
   AND (e.state <> 'retired' OR e.updated_at > now() - $2::integer * interval '1 hour');

-- name: receipt_take
-- $1 delivery_id, $2 reference, $3 received_at
SELECT receipt_take($1::uuid, $2::text, $3::timestamptz) AS outcome;
