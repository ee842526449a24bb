-- What the plan of the dispatcher's claim is judged over: 5 partnerships with 10 endpoints each, 3 of which
-- belong to recipients in law; 4,000 events that every endpoint has got, and 400 that are due, two of each
-- incident, so that every second one waits. 200,000 deliveries made, 20,000 open, 4,000 of them with a
-- legal day.

SET synchronous_commit = off;
SET session_replication_role = replica;

INSERT INTO partnership (id, slug, name)
SELECT md5('partnership ' || p)::uuid, 'p' || p, 'p' || p
  FROM generate_series(1, 5) AS p;

INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types, secret_sealed)
SELECT md5('partnership ' || p)::uuid, md5(p || ' endpoint ' || e)::uuid, 'e' || e,
       (ARRAY['dfe', 'ofsted', 'panel'])[e], 'https://receiver.example.org/', '{incident.notified}', '\x00'
  FROM generate_series(1, 5) AS p
 CROSS JOIN generate_series(1, 10) AS e;

INSERT INTO event (partnership_id, id, incident_id, sequence, type, epoch, body)
SELECT md5('partnership ' || p)::uuid, md5(p || ' event ' || v)::uuid,
       md5(p || ' incident ' || v / 2)::uuid, v % 2 + 1, 'incident.notified', 0,
       json_build_object('type', 'incident.notified', 'data', repeat('x', 900))
  FROM generate_series(1, 5) AS p
 CROSS JOIN generate_series(0, 4399) AS v;

INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence, state, due_at,
  delivered_at, attempts, urgent_on, created_at)
SELECT md5('partnership ' || p)::uuid, md5(concat_ws(' ', p, e, v))::uuid,
       md5(p || ' event ' || v)::uuid, md5(p || ' endpoint ' || e)::uuid,
       md5(p || ' incident ' || v / 2)::uuid, v % 2 + 1,
       CASE WHEN v < 4000 THEN 'delivered' ELSE 'pending' END,
       CASE WHEN v >= 4000 THEN now() - (4400 - v) * interval '1 second' END,
       CASE WHEN v < 4000 THEN now() END,
       (v < 4000)::integer,
       CASE WHEN v >= 4000 AND (e = 1 OR e <= 3 AND v % 4 < 2) THEN current_date + v % 7 END,
       now() - (4400 - v) * interval '1 minute'
  FROM generate_series(0, 4399) AS v
 CROSS JOIN generate_series(1, 5) AS p
 CROSS JOIN generate_series(1, 10) AS e;

INSERT INTO delivery_attempt (partnership_id, delivery_id, number, started_at, duration_ms, status)
SELECT d.partnership_id, d.id, 1, d.created_at, 12, 204
  FROM delivery AS d
 WHERE d.state = 'delivered';

RESET session_replication_role;
-- Of every row: a sample would be another one each time.
SET default_statistics_target = 1000;
VACUUM (ANALYZE);
