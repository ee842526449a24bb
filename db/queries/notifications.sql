-- Notifications of incidents: what was told to whom, how it was delivered, and who confirmed it.

-- name: notification_columns
-- A notification with what each recipient in law got and gave. Its state is worked out:
-- acknowledged (by all), recorded (made elsewhere), unaddressed (somebody has no endpoint),
-- delivered (to all), sending.
-- fragment
n.id,
n.version,
n.incident_id,
i.local_ref,
n.kind,
CASE
  WHEN NOT EXISTS (
    SELECT
      FROM notification_recipient AS r
     WHERE r.partnership_id = n.partnership_id
       AND r.notification_id = n.id
       AND NOT EXISTS (
         SELECT
           FROM acknowledgement AS a
          WHERE a.partnership_id = r.partnership_id
            AND a.notification_id = r.notification_id
            AND a.recipient = r.recipient)) THEN 'acknowledged'
  WHEN n.transmission = 'record' THEN 'recorded'
  WHEN EXISTS (
    SELECT
      FROM notification_recipient AS r
     WHERE r.partnership_id = n.partnership_id
       AND r.notification_id = n.id
       AND NOT EXISTS (
         SELECT
           FROM delivery AS d
           JOIN webhook_endpoint AS e
             ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
          WHERE d.partnership_id = n.partnership_id
            AND d.event_id = n.event_id
            AND e.recipient = r.recipient)) THEN 'unaddressed'
  WHEN NOT EXISTS (
    SELECT
      FROM notification_recipient AS r
     WHERE r.partnership_id = n.partnership_id
       AND r.notification_id = n.id
       AND NOT EXISTS (
         SELECT
           FROM delivery AS d
           JOIN webhook_endpoint AS e
             ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
          WHERE d.partnership_id = n.partnership_id
            AND d.event_id = n.event_id
            AND e.recipient = r.recipient
            AND (d.state = 'delivered' OR d.first_delivered_at IS NOT NULL))) THEN 'delivered'
  ELSE 'sending'
END AS state,
n.transmission,
n.notified_on,
n.rule,
n.note,
n.changes,
n.nature_as_notified,
i.nature AS current_nature,
n.event_id,
(SELECT json_agg(json_build_object(
          'recipient', r.recipient,
          'delivery', (
            SELECT json_build_object(
                     'id', d.id,
                     'state', d.state,
                     'attempts', d.attempts,
                     'delivered_at', instant_text(coalesce(d.first_delivered_at, d.delivered_at)),
                     'last_status', d.last_status,
                     'next_attempt_at', instant_text(d.due_at))
              FROM delivery AS d
              JOIN webhook_endpoint AS e
                ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
             WHERE d.partnership_id = n.partnership_id
               AND d.event_id = n.event_id
               AND e.recipient = r.recipient
             ORDER BY d.state = 'delivered' DESC, d.state = 'cancelled', d.created_at, d.id
             LIMIT 1),
          'acknowledgements', (
            SELECT coalesce(json_agg(json_build_object(
                     'id', a.id,
                     'reference', a.reference,
                     'acknowledged_on', a.acknowledged_on,
                     'acknowledged_by', a.acknowledged_by,
                     'channel', a.channel,
                     'document_sha256', a.document_sha256,
                     'created_at', instant_text(a.created_at)) ORDER BY a.created_at, a.id), '[]')
              FROM acknowledgement AS a
             WHERE a.partnership_id = r.partnership_id
               AND a.notification_id = r.notification_id
               AND a.recipient = r.recipient)) ORDER BY r.recipient)
   FROM notification_recipient AS r
  WHERE r.partnership_id = n.partnership_id
    AND r.notification_id = n.id) AS recipients,
instant_text(n.created_at) AS created_at,
instant_text(n.updated_at) AS updated_at

-- name: notification_get
-- One notification.
-- stored
-- $1 notification_id
SELECT {{notification_columns}},
       n.as_notified
  FROM notification AS n
  JOIN incident AS i ON i.partnership_id = n.partnership_id AND i.id = n.incident_id
 WHERE n.partnership_id = tenant()
   AND n.id = $1::uuid;

-- name: notification_exists
-- A row when the caller may see the notification.
-- $1 notification_id
SELECT n.id
  FROM notification AS n
 WHERE n.partnership_id = tenant()
   AND n.id = $1::uuid;

-- name: notification_list
-- The notifications of the partnership, newest first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 kind, $5 notified_on_gte
-- $6 notified_on_lte
SELECT {{notification_columns}},
       n.created_at AS "_key",
       n.id AS "_id"
  FROM notification AS n
  JOIN incident AS i ON i.partnership_id = n.partnership_id AND i.id = n.incident_id
 WHERE n.partnership_id = tenant()
   AND (n.created_at, n.id) < (
     CASE WHEN $2::timestamptz IS NULL THEN 'infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
   AND CASE
         WHEN ($4::text[] IS NULL OR n.kind = ANY ($4::text[]))
          AND ($5::date IS NULL OR n.notified_on >= $5::date)
          AND ($6::date IS NULL OR n.notified_on <= $6::date)
         THEN true
         ELSE false
       END
 ORDER BY n.created_at DESC, n.id DESC
 LIMIT $1::integer;

-- name: notification_list_by_incident
-- The notifications of one incident, the first one first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
SELECT {{notification_columns}},
       n.created_at AS "_key",
       n.id AS "_id"
  FROM notification AS n
  JOIN incident AS i ON i.partnership_id = n.partnership_id AND i.id = n.incident_id
 WHERE n.partnership_id = tenant()
   AND n.incident_id = $4::uuid
   AND (n.created_at, n.id) > (
     CASE WHEN $2::timestamptz IS NULL THEN '-infinity' ELSE $2::timestamptz END,
     CASE WHEN $3::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $3::uuid END)
 ORDER BY n.created_at, n.id
 LIMIT $1::integer;

-- name: proof_list
-- Each notification of an incident with each recipient, the first one first: what counts in law, and
-- the service's own record of the delivery. Of several acknowledgements the first one with a
-- reference counts. The clock of the duty is the judged one.
-- $1 incident_id
SELECT n.kind,
       r.recipient,
       CASE WHEN a.count IS NOT NULL THEN 'acknowledged' ELSE 'notified' END AS standing,
       n.id AS notification_id,
       n.transmission,
       n.notified_on,
       k.due_on,
       n.notified_on <= k.due_on AS on_time,
       a.reference,
       a.acknowledged_on,
       a.acknowledged_by,
       a.channel,
       a.document_sha256,
       coalesce(a.count, 0) AS acknowledgements,
       d.id AS delivery_id,
       d.state AS delivery_state,
       instant_text(coalesce(d.first_delivered_at, d.delivered_at)) AS delivered_at,
       d.attempts,
       d.last_status,
       k.starts_on
  FROM notification AS n
  JOIN notification_recipient AS r
    ON r.partnership_id = n.partnership_id AND r.notification_id = n.id
  LEFT JOIN LATERAL (
    SELECT c.starts_on,
           c.due_on
      FROM clock AS c
     WHERE c.partnership_id = n.partnership_id
       AND c.incident_id = n.incident_id
       AND c.kind = 'sin'
       AND c.superseded_at IS NULL
       AND c.cancelled_at IS NULL
       AND n.kind NOT IN ('update', 'withdrawal')
     ORDER BY c.created_at DESC
     LIMIT 1) AS k ON true
  LEFT JOIN LATERAL (
    SELECT c.reference,
           c.acknowledged_on,
           c.acknowledged_by,
           c.channel,
           c.document_sha256,
           count(*) OVER () AS count
      FROM acknowledgement AS c
     WHERE c.partnership_id = r.partnership_id
       AND c.notification_id = r.notification_id
       AND c.recipient = r.recipient
     ORDER BY c.reference IS NOT NULL DESC, c.acknowledged_on, c.created_at, c.id
     LIMIT 1) AS a ON true
  LEFT JOIN LATERAL (
    SELECT v.id, v.state, v.first_delivered_at, v.delivered_at, v.attempts, v.last_status
      FROM delivery AS v
      JOIN webhook_endpoint AS e ON e.partnership_id = v.partnership_id AND e.id = v.endpoint_id
     WHERE v.partnership_id = n.partnership_id
       AND v.event_id = n.event_id
       AND e.recipient = r.recipient
     ORDER BY v.state = 'delivered' DESC, v.state = 'cancelled', v.created_at, v.id
     LIMIT 1) AS d ON true
 WHERE n.partnership_id = tenant()
   AND n.incident_id = $1::uuid
 ORDER BY n.created_at, n.id, r.recipient;

-- name: notification_earlier
-- What an update or a withdrawal follows: the notifications of an incident that met a duty, the
-- first one first, and everybody to whom they went.
-- $1 incident_id
SELECT coalesce(json_agg(json_build_object(
         'kind', n.kind,
         'notified_on', n.notified_on,
         'nature_as_notified', n.nature_as_notified) ORDER BY n.created_at, n.id), '[]') AS earlier,
       (SELECT array_agg(DISTINCT r.recipient)
          FROM notification AS o
          JOIN notification_recipient AS r
            ON r.partnership_id = o.partnership_id AND r.notification_id = o.id
         WHERE o.partnership_id = tenant()
           AND o.incident_id = $1::uuid
           AND o.kind NOT IN ('update', 'withdrawal'))::text AS recipients
  FROM notification AS n
 WHERE n.partnership_id = tenant()
   AND n.incident_id = $1::uuid
   AND n.kind NOT IN ('update', 'withdrawal');

-- name: notification_insert
-- A notification, with the facts as they stand now and so are told; its recipients follow.
-- $1 notification_id, $2 incident_id, $3 kind, $4 transmission, $5 notified_on, $6 rule, $7 note
-- $8 event_id, $9 changes
INSERT INTO notification (partnership_id, id, incident_id, kind, transmission, notified_on, rule,
  note, event_id, changes, nature_as_notified, as_notified, created_by_key_id)
SELECT i.partnership_id, $1::uuid, i.id, $3::text, $4::text, $5::date, $6::text, $7::text,
       $8::uuid, $9::text, i.nature,
       jsonb_build_object(
         'nature', i.nature,
         'death_date', i.death_date,
         'death_subtype', i.death_subtype,
         'abuse_neglect_status', i.abuse_neglect_status,
         'notifying_basis', i.notifying_basis,
         'cause_of_death', i.cause_of_death,
         'harm_types', i.harm_types,
         'location_type', i.location_type,
         'children', (
           SELECT coalesce(jsonb_agg(to_jsonb(c) - '{partnership_id,incident_id,version,position,
                    created_by_agency_id,created_at,updated_at,court_order_history}'::text[]
                    ORDER BY c.index_child DESC, c.position, c.id), '[]')
             FROM child AS c
            WHERE c.partnership_id = i.partnership_id
              AND c.incident_id = i.id)),
       caller_key()
  FROM incident AS i
 WHERE i.partnership_id = tenant()
   AND i.id = $2::uuid;

-- name: notification_recipients_insert
-- The recipients that the law names for it. A statement of its own, because the policy of a caller
-- that sees its own agency's incidents alone looks for the notification.
-- $1 notification_id, $2 recipients (array)
INSERT INTO notification_recipient (partnership_id, notification_id, recipient)
SELECT tenant(),
       $1::uuid,
       r.recipient
  FROM unnest($2::text[]) AS r (recipient);

-- name: acknowledgement_insert
-- What a recipient gave back. The foreign key refuses who was not notified.
-- $1 acknowledgement_id, $2 notification_id, $3 acknowledgement (json object)
INSERT INTO acknowledgement (partnership_id, id, notification_id, recipient, reference,
  acknowledged_on, acknowledged_by, channel, document_sha256)
SELECT tenant(),
       $1::uuid,
       $2::uuid,
       g.recipient,
       g.reference,
       g.acknowledged_on,
       g.acknowledged_by,
       g.channel,
       g.document_sha256
  FROM jsonb_populate_record(NULL::acknowledgement, $3::jsonb) AS g;

-- name: notification_touch
-- The notification has changed; CS412 when there is none.
-- $1 notification_id
WITH changed AS (
  UPDATE notification AS n
     SET version = n.version + 1,
         updated_at = now()
   WHERE n.partnership_id = tenant()
     AND n.id = $1::uuid
  RETURNING n.id
)
SELECT require_one(count(changed.id)) AS changed
  FROM changed;
