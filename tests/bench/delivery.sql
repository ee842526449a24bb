-- What `./dev bench delivery` works on: the one incident that was posted, copied to as many as
-- :incidents, without anything that belongs to it.

SET synchronous_commit = off;
SET session_replication_role = replica;

INSERT INTO incident
SELECT copy.*
  FROM incident AS i
 CROSS JOIN generate_series(1, :incidents) AS n
 CROSS JOIN LATERAL jsonb_populate_record(i, jsonb_build_object(
         'id', '00000000-0000-7000-8000-' || lpad(n::text, 12, '0'),
         'local_ref', 'BENCH-' || n)) AS copy
 WHERE i.id = :'incident';

RESET session_replication_role;
ANALYZE;
