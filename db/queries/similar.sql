-- Incidents that may be the same as another, or as what a referral is about.
--
-- Points for what is alike: the day it happened 30, or 20 within three days; awareness within five
-- days 20; the authority 20; the nature 10; a child of the same sex within a year of age 20. From 60
-- on people are asked to look.

-- name: similar_scored
-- Every incident that is alike enough; follows a CTE probe (id, incident_date, aware_on,
-- la_of_incident, nature, children).
-- fragment
scored AS (
  SELECT i.id,
         i.local_ref,
         i.state,
         i.nature,
         i.aware_on,
         i.incident_date,
         s.score,
         s.reasons
    FROM probe AS p
    JOIN incident AS i
      ON i.partnership_id = tenant()
     AND i.id IS DISTINCT FROM p.id
     AND (i.incident_date BETWEEN p.incident_date - 3 AND p.incident_date + 3
       OR i.aware_on BETWEEN p.aware_on - 5 AND p.aware_on + 5)
   CROSS JOIN LATERAL (
     SELECT sum(v.points)::integer AS score,
            array_agg(v.reason ORDER BY v.points DESC, v.reason) AS reasons
       FROM (VALUES
              ('incident_date_same', 30, i.incident_date = p.incident_date),
              ('incident_date_near', 20, i.incident_date <> p.incident_date
                AND i.incident_date BETWEEN p.incident_date - 3 AND p.incident_date + 3),
              ('aware_date_near', 20, i.aware_on BETWEEN p.aware_on - 5 AND p.aware_on + 5),
              ('authority_same', 20, i.la_of_incident = p.la_of_incident),
              ('nature_same', 10, i.nature = p.nature),
              ('child_alike', 20, EXISTS (
                SELECT
                  FROM child AS c
                  JOIN jsonb_to_recordset(p.children) AS o (sex text, age_years integer,
                         unborn boolean)
                    ON (c.unborn AND o.unborn)
                    OR (c.sex = o.sex AND c.sex <> 'not_known'
                      AND c.age_years BETWEEN o.age_years - 1 AND o.age_years + 1)
                 WHERE c.partnership_id = i.partnership_id
                   AND c.incident_id = i.id))
            ) AS v (reason, points, holds)
      WHERE v.holds) AS s
   WHERE s.score >= 60
)

-- name: similar_page
-- A page of them, the most alike first; follows similar_scored.
-- fragment
-- $1 limit (one more than the page), $2 after_key, $3 after_id
SELECT s.id AS incident_id,
       s.local_ref,
       s.state,
       s.nature,
       s.aware_on,
       s.incident_date,
       s.score,
       s.reasons,
       s.score AS "_key",
       s.id AS "_id"
  FROM scored AS s
 WHERE (s.score, s.id) < (
     CASE WHEN $2::integer IS NULL THEN 101 ELSE $2::integer END,
     CASE WHEN $3::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $3::uuid END)
 ORDER BY s.score DESC, s.id DESC
 LIMIT $1::integer

-- name: referral_similar_list
-- The incidents that a referral may be about, the most alike first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 referral_id
WITH probe AS (
  SELECT r.incident_id AS id,
         r.incident_date,
         coalesce(r.aware_on, r.received_on) AS aware_on,
         r.la_of_incident,
         r.nature,
         r.children
    FROM referral AS r
   WHERE r.partnership_id = tenant()
     AND r.id = $4::uuid
), {{similar_scored}}
{{similar_page}};

-- name: incident_similar_list
-- The incidents that may be the same as this one, the most alike first.
-- $1 limit (one more than the page), $2 after_key, $3 after_id, $4 incident_id
WITH probe AS (
  SELECT i.id,
         i.incident_date,
         i.aware_on,
         i.la_of_incident,
         i.nature,
         (SELECT jsonb_agg(jsonb_build_object('sex', c.sex, 'age_years', c.age_years,
                   'unborn', c.unborn))
            FROM child AS c
           WHERE c.partnership_id = i.partnership_id
             AND c.incident_id = i.id) AS children
    FROM incident AS i
   WHERE i.partnership_id = tenant()
     AND i.id = $4::uuid
), {{similar_scored}}
{{similar_page}};

-- name: referral_similar_scored
-- All that are like the incident which a decision would make of a referral.
-- fragment
-- $1 referral_id, $2 incident (json object: what it has beyond the referral)
WITH probe AS (
  SELECT r.incident_id AS id,
         o.incident_date,
         coalesce(o.aware_on, o.received_on) AS aware_on,
         o.la_of_incident,
         o.nature,
         o.children
    FROM referral AS r
   CROSS JOIN LATERAL jsonb_populate_record(r, $2::jsonb) AS o
   WHERE r.partnership_id = tenant()
     AND r.id = $1::uuid
), {{similar_scored}}

-- name: referral_similar
-- What the decision is judged by.
-- $1 referral_id, $2 incident (json object: what it has beyond the referral)
{{referral_similar_scored}}
SELECT s.id,
       s.local_ref
  FROM scored AS s
 ORDER BY s.score DESC, s.id DESC;

-- name: referral_similar_wait
-- Of decisions of one partnership that make an incident, one at a time goes on from here to the end of
-- its transaction. A statement of its own: what the next one sees is as of after the wait.
SELECT pg_advisory_xact_lock(hashtextextended('cspr.referral_similar.' || tenant()::text, 0));

-- name: referral_similar_check
-- Nothing is like the incident but what the decision names; CS412 when there is since it was judged.
-- $1 referral_id, $2 incident (json object: what it has beyond the referral)
-- $3 distinct_from (json array)
{{referral_similar_scored}}
SELECT require_one((NOT EXISTS (
         SELECT
           FROM scored AS s
          WHERE s.id NOT IN (
            SELECT n.id::uuid FROM jsonb_array_elements_text($3::jsonb) AS n (id))))::integer)
         AS checked;
