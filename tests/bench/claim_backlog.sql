-- One endpoint alone, for which 20,000 deliveries are due, five of each incident.

TRUNCATE delivery_attempt, delivery, event CASCADE;
DELETE FROM webhook_endpoint
 WHERE id <> md5('1 endpoint 10')::uuid;

SET session_replication_role = replica;
INSERT INTO event (partnership_id, id, incident_id, sequence, type, epoch, body)
SELECT md5('partnership 1')::uuid, md5('event ' || v)::uuid, md5('incident ' || v / 5)::uuid, v % 5 + 1,
       'incident.notified', 0, json_build_object('type', 'incident.notified', 'data', repeat('x', 300))
  FROM generate_series(0, 19999) AS v;
INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence, due_at)
SELECT md5('partnership 1')::uuid, md5('delivery ' || v)::uuid, md5('event ' || v)::uuid,
       md5('1 endpoint 10')::uuid, md5('incident ' || v / 5)::uuid, v % 5 + 1,
       now() - (20000 - v) * interval '1 second'
  FROM generate_series(0, 19999) AS v;
RESET session_replication_role;
SET default_statistics_target = 1000;
VACUUM (ANALYZE) webhook_endpoint;
VACUUM (ANALYZE) event;
VACUUM (ANALYZE) delivery;
