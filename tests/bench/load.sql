-- Copies the one incident that the benchmark posted, with its children and clocks, to as many as
-- :incidents. Their ids are counted, so that the load can name any of them.

SET synchronous_commit = off;
SET session_replication_role = replica;

INSERT INTO incident
SELECT copy.*
  FROM incident AS i
 CROSS JOIN generate_series(1, :incidents) AS n
 CROSS JOIN LATERAL jsonb_populate_record(i, jsonb_build_object(
         'id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'),
         'local_ref', 'BENCH-' || n,
         'aware_on', i.aware_on - (n % 1800)::integer,
         'created_at', i.created_at - n * interval '1 minute')) AS copy
 WHERE i.id = :'incident';

INSERT INTO child
SELECT copy.*
  FROM child AS c
 CROSS JOIN generate_series(1, :incidents) AS n
 CROSS JOIN LATERAL jsonb_populate_record(c, jsonb_build_object(
         'id', left(c.id::text, 24) || lpad(n::text, 12, '0'),
         'incident_id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))) AS copy
 WHERE c.incident_id = :'incident';

INSERT INTO clock
SELECT copy.*
  FROM clock AS k
 CROSS JOIN generate_series(1, :incidents) AS n
 CROSS JOIN LATERAL jsonb_populate_record(k, jsonb_build_object(
         'id', left(k.id::text, 24) || lpad(n::text, 12, '0'),
         'starts_on', k.starts_on - (n % 1800)::integer,
         'due_on', k.due_on - (n % 1800)::integer,
         'at_risk_on', k.at_risk_on - (n % 1800)::integer,
         'subject_id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'),
         'incident_id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))) AS copy
 WHERE k.incident_id = :'incident';

RESET session_replication_role;
VACUUM ANALYZE incident, child, clock;
CHECKPOINT;
