-- What the second counts start from, out of the tables alone. Variables: partnership, as_of, first and
-- last (the period, empty where it is open).
SET TIME ZONE 'Europe/London';
CREATE TEMP TABLE asked AS
SELECT :'as_of'::date AS as_of,
       coalesce(nullif(:'first', '')::date, '0001-01-01') AS first,
       coalesce(nullif(:'last', '')::date, '9999-12-31') AS last,
       :'partnership'::uuid AS partnership;

-- Each step by the day, and the state that each resource had come to then: by the step written last.
CREATE TEMP TABLE stood AS
SELECT s.subject, s.subject_id, s.to_state AS state, s.happened_on AS since
  FROM (SELECT t.subject, t.subject_id, t.to_state, t.happened_on,
               row_number() OVER (PARTITION BY t.subject_id ORDER BY t.id DESC) AS back
          FROM transition AS t, asked
         WHERE t.partnership_id = asked.partnership
           AND t.happened_on <= asked.as_of) AS s
 WHERE s.back = 1;
CREATE INDEX ON stood (subject_id);

CREATE TEMP TABLE ours AS
SELECT i.*
  FROM incident AS i, asked
 WHERE i.partnership_id = asked.partnership
   AND coalesce(i.our_role, 'lead') NOT IN ('contributing', 'informed');

-- Every notification by the day, in the period, of incidents that are ours, whatever became of it.
CREATE TEMP TABLE told AS
SELECT n.*, o.local_ref
  FROM notification AS n
  JOIN ours AS o ON o.id = n.incident_id, asked
 WHERE n.notified_on <= asked.as_of
   AND n.notified_on >= asked.first
   AND n.notified_on <= asked.last;

-- Rapid reviews: those that had lapsed by the day are none.
CREATE TEMP TABLE rapid AS
SELECT r.id, r.incident_id, r.notification_id, r.notified_on, o.local_ref,
       CASE
         WHEN date_part('month', r.notified_on) > 3 THEN date_part('year', r.notified_on)::integer
         ELSE date_part('year', r.notified_on)::integer - 1
       END AS opens,
       EXISTS (
         SELECT 1
           FROM review AS v, review_incident AS l
          WHERE l.partnership_id = asked.partnership
            AND v.partnership_id = asked.partnership
            AND v.id = l.review_id
            AND l.incident_id = r.incident_id
            AND v.type = 'lcspr'
            AND v.decided_on <= asked.as_of
            AND coalesce(l.removed_at::date, 'infinity') > asked.as_of) AS became_lcspr
  FROM rapid_review AS r
  JOIN ours AS o ON o.id = r.incident_id, asked
 WHERE r.partnership_id = asked.partnership
   AND r.notified_on BETWEEN asked.first AND asked.last
   AND r.notified_on <= asked.as_of
   AND coalesce((SELECT s.state FROM stood AS s WHERE s.subject_id = r.id), 'opened') <> 'lapsed';

-- The first complete submission of each by the day, and its day in law.
CREATE TEMP TABLE timed AS
SELECT r.id,
       (SELECT u.submitted_on
          FROM rapid_review_submission AS u, asked
         WHERE u.partnership_id = asked.partnership
           AND u.rapid_review_id = r.id
           AND u.complete
           AND u.submitted_on <= asked.as_of
         ORDER BY u.submitted_on
         LIMIT 1) AS submitted_on,
       (SELECT c.due_on
          FROM clock AS c, asked
         WHERE c.partnership_id = asked.partnership
           AND c.kind = 'rapid_review'
           AND c.subject_id = r.id
           AND c.superseded_at IS NULL
         ORDER BY c.cancelled_at NULLS FIRST
         LIMIT 1) AS due_on
  FROM rapid AS r;

-- The children of those incidents, with the words that tables have for them.
CREATE TEMP TABLE kids AS
SELECT h.*,
       CASE
         WHEN h.unborn IS TRUE THEN 'Unborn'
         WHEN h.age_years IS NULL AND h.age_days IS NOT NULL THEN 'Under 1'
         WHEN h.age_years IS NULL THEN 'Not known'
         WHEN h.age_years = 0 THEN 'Under 1'
         WHEN h.age_years IN (1, 2, 3, 4, 5) THEN '1 to 5'
         WHEN h.age_years < 11 THEN '6 to 10'
         WHEN h.age_years < 16 THEN '11 to 15'
         WHEN h.age_years < 18 THEN '16 to 17'
         ELSE '18 to 24'
       END AS band,
       CASE left(coalesce(h.ethnicity, ''), 1)
         WHEN 'W' THEN 'White'
         WHEN 'M' THEN 'Mixed'
         ELSE CASE
           WHEN h.ethnicity IN ('AIND', 'APKN', 'ABAN', 'CHNE', 'AOTH') THEN 'Asian or Asian British'
           WHEN h.ethnicity IN ('BCRB', 'BAFR', 'BOTH') THEN 'Black or Black British'
           WHEN h.ethnicity = 'OOTH' THEN 'Other ethnic groups'
           ELSE 'Not known'
         END
       END AS people
  FROM child AS h, asked
 WHERE h.partnership_id = asked.partnership;
CREATE INDEX ON kids (incident_id);

-- Actions agreed by the day, as they stood.
CREATE TEMP TABLE tasks AS
SELECT a.id, a.agreed_on,
       coalesce(s.state, 'not_started') AS state,
       s.since,
       coalesce((
         SELECT v.due_to
           FROM action_due_revision AS v
          WHERE v.partnership_id = asked.partnership
            AND v.action_id = a.id
            AND v.revised_on <= asked.as_of
          ORDER BY v.id DESC
          LIMIT 1), a.original_due_on) AS due_on
  FROM asked
  JOIN action AS a ON a.partnership_id = asked.partnership
  LEFT JOIN stood AS s ON s.subject_id = a.id
 WHERE a.agreed_on <= asked.as_of;
-- Local reviews decided on by the day in the period, of an incident that is ours, and how far each was.
CREATE TEMP TABLE local_reviews AS
SELECT v.id, v.reference, v.decided_on, coalesce(s.state, 'initiated') AS at,
       EXISTS (SELECT 1 FROM review_embargo AS e
                WHERE e.review_id = v.id AND e.embargoed_on <= asked.as_of
                  AND coalesce(e.lifted_on, 'infinity') > asked.as_of) AS held
  FROM asked
  JOIN review AS v ON v.partnership_id = asked.partnership
  LEFT JOIN stood AS s ON s.subject_id = v.id
 WHERE v.type = 'lcspr'
   AND v.decided_on <= asked.as_of
   AND v.decided_on BETWEEN asked.first AND asked.last
   AND EXISTS (SELECT 1 FROM review_incident AS l
                WHERE l.review_id = v.id
                  AND l.incident_id IN (SELECT id FROM ours)
                  AND coalesce(l.removed_at::date, 'infinity') > asked.as_of);

-- Working days, each with how many there were until then.
CREATE TEMP TABLE workdays AS
SELECT d::date AS day,
       sum(CASE WHEN to_char(d, 'ID') IN ('6', '7') OR h.date IS NOT NULL THEN 0 ELSE 1 END)
         OVER (ORDER BY d) AS number
  FROM generate_series(date '2018-01-01', date '2028-12-31', '1 day') AS d
  LEFT JOIN bank_holiday AS h ON h.date = d::date;
CREATE INDEX ON workdays (day);
ANALYZE;
