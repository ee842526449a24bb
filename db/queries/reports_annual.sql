-- The figures of a partnership's annual report (Working Together 2023, chapter 2: what was decided and
-- done to implement recommendations, what improved, and where there was no progress).

-- name: of_the_period
-- An action's standing s on the day: agreed by then and by the end of the period, and not ended before it.
-- fragment
-- $1 as_of
s.partnership_id = tenant()
AND s.from_on <= $1::date
AND s.agreed_on <= period.ends_on
AND (s.ended_on IS NULL OR s.ended_on >= period.starts_on)

-- name: actions_as_of
-- Every action that was agreed by the day and had not ended before the period, as it stood on the day: as it
-- has stood since, or until a later one.
-- fragment
-- $1 as_of, $2 year, $3 from, $4 to
(SELECT s.action_id AS id, s.state, s.due_on
   FROM action_standing AS s
  CROSS JOIN {{report_period}}
  WHERE s.until_on IS NULL
    AND {{of_the_period}}
 UNION ALL
 SELECT s.action_id, s.state, s.due_on
   FROM action_standing AS s
  CROSS JOIN {{report_period}}
  WHERE s.until_on > $1::date
    AND {{of_the_period}}) AS a

-- name: annual_lines
-- The lines of the report in their order. A line counts the cell of its measure and code.
-- fragment
(VALUES
  (101, 'Referrals', 'Considered', 'referral', 'considered', 'All', 'all'),
  (102, 'Referrals', 'Agreed', 'referral', 'considered', 'All', 'met'),
  (201, 'Notifications', 'Considered', 'incident', 'sin', 'All', 'all'),
  (202, 'Notifications', 'Agreed', 'incident', 'sin', 'All', 'agreed'),
  (203, 'Notifications', 'Submitted', 'notification', 'submitted', 'Serious incident',
    'serious_incident'),
  (204, 'Notifications', 'Submitted', 'notification', 'submitted', 'Death of a looked-after child',
    'looked_after_child_death'),
  (205, 'Notifications', 'Submitted', 'notification', 'submitted', 'Death of a care leaver',
    'care_leaver_death'),
  (301, 'Reviews', 'Rapid reviews', 'rapid review', 'rapid_review', 'All', 'all'),
  (302, 'Reviews', 'Rapid reviews resulting in an LCSPR', 'rapid review', 'rapid_review', 'All',
    'lcspr'),
  (303, 'Reviews', 'LCSPRs decided on', 'review', 'lcspr', 'All', 'all'),
  (401, 'Incidents', 'Nature', 'incident', 'nature', 'Child death', 'child_death'),
  (402, 'Incidents', 'Nature', 'incident', 'nature', 'Serious harm', 'serious_harm'),
  (403, 'Incidents', 'Nature', 'incident', 'nature', 'Other', 'other'),
  (501, 'Children', 'Sex', 'child', 'sex', 'Female', 'female'),
  (502, 'Children', 'Sex', 'child', 'sex', 'Male', 'male'),
  (503, 'Children', 'Sex', 'child', 'sex', 'Not known', 'not_known'),
  (511, 'Children', 'Age', 'child', 'age', 'Unborn', 'unborn'),
  (512, 'Children', 'Age', 'child', 'age', 'Under 1', 'under_1'),
  (513, 'Children', 'Age', 'child', 'age', '1 to 5', '1_to_5'),
  (514, 'Children', 'Age', 'child', 'age', '6 to 10', '6_to_10'),
  (515, 'Children', 'Age', 'child', 'age', '11 to 15', '11_to_15'),
  (516, 'Children', 'Age', 'child', 'age', '16 to 17', '16_to_17'),
  (517, 'Children', 'Age', 'child', 'age', '11 to 14', '11_to_14'),
  (518, 'Children', 'Age', 'child', 'age', '15 to 17', '15_to_17'),
  (519, 'Children', 'Age', 'child', 'age', '18 to 24', '18_to_24'),
  (520, 'Children', 'Age', 'child', 'age', 'Not known', 'not_known'),
  (531, 'Children', 'Ethnicity', 'child', 'ethnicity', 'White', 'white'),
  (532, 'Children', 'Ethnicity', 'child', 'ethnicity', 'Mixed', 'mixed'),
  (533, 'Children', 'Ethnicity', 'child', 'ethnicity', 'Asian or Asian British', 'asian'),
  (534, 'Children', 'Ethnicity', 'child', 'ethnicity', 'Black or Black British', 'black'),
  (535, 'Children', 'Ethnicity', 'child', 'ethnicity', 'Other ethnic groups', 'other'),
  (536, 'Children', 'Ethnicity', 'child', 'ethnicity', 'Not known', 'not_known'),
  (601, 'Recommendations', 'Made', 'recommendation', 'made', 'By rapid reviews', 'rapid_review'),
  (602, 'Recommendations', 'Made', 'recommendation', 'made', 'By LCSPRs', 'lcspr'),
  (603, 'Recommendations', 'Made', 'recommendation', 'made', 'By national reviews', 'national'),
  (604, 'Recommendations', 'Made', 'recommendation', 'made', 'By other learning',
    'other_learning'),
  (611, 'Recommendations', 'Decision', 'recommendation', 'accepted', 'Accepted', 'yes'),
  (612, 'Recommendations', 'Decision', 'recommendation', 'accepted', 'Partly accepted', 'partly'),
  (613, 'Recommendations', 'Decision', 'recommendation', 'accepted', 'Not accepted', 'no'),
  (614, 'Recommendations', 'Decision', 'recommendation', 'accepted', 'Not decided', 'none'),
  (621, 'Recommendations', 'Raised with a national body', 'recommendation', 'raised', 'All',
    'raised'),
  (701, 'Actions', 'State', 'action', 'state', 'Not started', 'not_started'),
  (702, 'Actions', 'State', 'action', 'state', 'In progress', 'in_progress'),
  (703, 'Actions', 'State', 'action', 'state', 'Complete, not yet assured',
    'complete_pending_assurance'),
  (704, 'Actions', 'State', 'action', 'state', 'Closed and assured', 'closed_assured'),
  (705, 'Actions', 'State', 'action', 'state', 'Closed without verification',
    'closed_unverified'),
  (706, 'Actions', 'State', 'action', 'state', 'Not accepted', 'not_accepted'),
  (707, 'Actions', 'State', 'action', 'state', 'Superseded', 'superseded'),
  (801, 'Improvements', 'Evidence of impact', 'action', 'improved', 'All', 'impact'),
  (802, 'Improvements', 'Found assured by a check', 'action', 'improved', 'All', 'assured'),
  (901, 'No progress', 'Overdue', 'action', 'open', 'All', 'overdue'),
  (902, 'No progress', 'Without evidence', 'action', 'open', 'All', 'no_evidence'),
  (903, 'No progress', 'Overdue and without evidence', 'action', 'open', 'All', 'neither')
) AS l (place, section, measure, unit, counted, breakdown, code)

-- name: annual_row
-- Names a line l.
-- fragment
concat_ws('/', l.section, l.measure, l.breakdown)

-- name: annual_child_sex
-- Of a child h.
-- fragment
CASE h.sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE 'not_known' END

-- name: annual_child_age
-- Of a child h, in the bands that are asked for.
-- fragment
CASE
  WHEN $6::text = 'ar2020' AND h.unborn IS NOT TRUE AND h.age_years BETWEEN 11 AND 14
  THEN '11_to_14'
  WHEN $6::text = 'ar2020' AND h.unborn IS NOT TRUE AND h.age_years BETWEEN 15 AND 17
  THEN '15_to_17'
  ELSE age_band(h.unborn, h.age_years, h.age_days)
END

-- name: report_annual
-- The public is told of two sections alone.
-- $1 as_of, $2 year, $3 from, $4 to, $5 nature, $6 age_bands
-- What is of a few incidents is looked up for each of them: OFFSET 0 and LIMIT keep the planner, which knows
-- of no period how few they are, from going through all there are. So is which incidents led to an LCSPR: what
-- counted_rapid_reviews says of that reads every link to a review, which took 30 ms of 230 for a year.
WITH counted AS MATERIALIZED (
  SELECT c.incident_id
    FROM {{counted_rapid_reviews}}),
-- Counted by what stands in the records, and called by the names of the lines after that: there are few.
children AS MATERIALIZED (
  SELECT h.sex, h.unborn, h.age_years, h.age_days, h.ethnicity, count(*) AS count,
         grouping(h.sex) = 0 AS by_sex,
         grouping(h.age_years) = 0 AS by_age,
         grouping(h.ethnicity) = 0 AS by_ethnicity
    FROM (SELECT DISTINCT c.incident_id FROM counted AS c) AS c
   CROSS JOIN LATERAL (
     SELECT h.sex, h.unborn, h.age_years, h.age_days, h.ethnicity
       FROM child AS h
      WHERE h.partnership_id = tenant()
        AND h.incident_id = c.incident_id
     OFFSET 0) AS h
   GROUP BY GROUPING SETS ((h.sex), (h.unborn, h.age_years, h.age_days), (h.ethnicity))),
named AS (
  SELECT CASE WHEN h.by_sex THEN 'sex' WHEN h.by_age THEN 'age' ELSE 'ethnicity' END AS counted,
         CASE
           WHEN h.by_sex THEN {{annual_child_sex}}
           WHEN h.by_ethnicity THEN ethnicity_group(h.ethnicity)
           ELSE {{annual_child_age}}
         END AS code,
         h.count
    FROM children AS h),
-- The last decision on each referral by the day, where it falls into the period.
decided AS (
  SELECT d.outcome
    FROM {{report_period}}
    JOIN referral_decision AS d ON d.decided_on BETWEEN period.starts_on AND period.ends_on
   WHERE d.partnership_id = tenant()
     AND d.decided_on <= $1::date
     AND (
       SELECT true
         FROM referral_decision AS later
        WHERE later.partnership_id = tenant()
          AND later.referral_id = d.referral_id
          AND later.decided_on <= $1::date
          AND (later.decided_on, later.created_at, later.id) > (d.decided_on, d.created_at, d.id)
        LIMIT 1) IS NULL),
submitted AS MATERIALIZED (
  SELECT n.incident_id, n.kind
    FROM {{report_period}}
    JOIN notification AS n ON n.notified_on BETWEEN period.starts_on AND period.ends_on
   WHERE n.partnership_id = tenant()
     AND n.notified_on <= $1::date
     AND n.kind IN ('serious_incident', 'looked_after_child_death', 'care_leaver_death')
     AND (n.incident_id IN ({{incidents_of_others}})) IS FALSE),
considered AS (
  SELECT s.incident_id, true AS is_agreed
    FROM submitted AS s
  UNION ALL
  SELECT t.subject_id, false
    FROM {{report_period}}
    JOIN transition AS t ON t.happened_on BETWEEN period.starts_on AND period.ends_on
   WHERE t.partnership_id = tenant()
     AND t.subject = 'incident'
     AND t.to_state = 'not_notified'
     AND t.happened_on <= $1::date
     AND (t.subject_id IN ({{incidents_of_others}})) IS FALSE),
made AS MATERIALIZED (
  SELECT m.origin, m.accepted, m.is_national, m.is_raised, count(*) AS count
    FROM (SELECT r.origin,
                 CASE WHEN r.decided_on <= $1::date THEN coalesce(r.accepted, 'none') ELSE 'none' END
                   AS accepted,
                 r.addressee = 'national_body' AS is_national,
                 r.raised_on <= $1::date AS is_raised
            FROM {{report_period}}
            JOIN recommendation AS r ON r.made_on BETWEEN period.starts_on AND period.ends_on
           WHERE r.partnership_id = tenant()
             AND r.made_on <= $1::date) AS m
   GROUP BY m.origin, m.accepted, m.is_national, m.is_raised),
-- By state; whether there is evidence is asked of the few that are open.
actions AS MATERIALIZED (
  SELECT a.state,
         a.state IN ('not_started', 'in_progress') AS is_open,
         count(*) AS count,
         count(*) FILTER (WHERE a.due_on < $1::date) AS late,
         count(*) FILTER (WHERE a.is_bare) AS bare,
         count(*) FILTER (WHERE a.is_bare AND a.due_on < $1::date) AS late_and_bare,
         count(*) FILTER (WHERE a.id IN (
           SELECT x.action_id
             FROM {{report_period}}
             JOIN action_evidence AS x ON x."on" BETWEEN period.starts_on AND period.ends_on
            WHERE x.partnership_id = tenant()
              AND x."on" <= $1::date
              AND x.shows = 'impact')) AS impact,
         count(*) FILTER (WHERE a.id IN (
           SELECT x.action_id
             FROM {{report_period}}
             JOIN action_assurance AS x ON x."on" BETWEEN period.starts_on AND period.ends_on
            WHERE x.partnership_id = tenant()
              AND x."on" <= $1::date
              AND x.outcome = 'assured')) AS assured
    FROM (
      SELECT a.id, a.state, a.due_on,
             CASE WHEN a.state IN ('not_started', 'in_progress') THEN (
               SELECT true
                 FROM action_evidence AS x
                WHERE x.partnership_id = tenant()
                  AND x.action_id = a.id
                  AND x."on" <= $1::date
                LIMIT 1) IS NULL END AS is_bare
        FROM {{actions_as_of}}
      OFFSET 0) AS a
   GROUP BY a.state),
cells AS (
  SELECT 'considered' AS counted, v.code, v.count, v.base
    FROM (SELECT count(*) AS all, count(*) FILTER (WHERE d.outcome = 'met') AS met
            FROM decided AS d) AS s,
         LATERAL (VALUES ('all', s.all, NULL::bigint), ('met', s.met, s.all)) AS v (code, count, base)
  UNION ALL
  SELECT 'sin', v.code, v.count, v.base
    FROM (SELECT count(*) AS all, count(*) FILTER (WHERE o.is_agreed) AS agreed
            FROM (SELECT bool_or(c.is_agreed) AS is_agreed
                    FROM considered AS c
                   GROUP BY c.incident_id) AS o) AS s,
         LATERAL (VALUES ('all', s.all, NULL), ('agreed', s.agreed, s.all)) AS v (code, count, base)
  UNION ALL
  SELECT 'submitted', s.kind, count(*), sum(count(*)) OVER ()
    FROM submitted AS s
   GROUP BY s.kind
  UNION ALL
  SELECT 'rapid_review', v.code, v.count, v.base
    FROM (SELECT (SELECT count(*) FROM counted) AS all,
                 (SELECT count(*)
                    FROM counted AS c
                   WHERE (
                     SELECT true
                       FROM review_incident AS l
                      WHERE l.partnership_id = tenant()
                        AND l.incident_id = c.incident_id
                        AND link_stands(l.removed_at, $1::date)
                        AND (
                          SELECT {{is_lcspr}}
                            FROM review AS v
                           WHERE v.partnership_id = tenant()
                             AND v.id = l.review_id)
                      LIMIT 1)) AS lcspr) AS s,
         LATERAL (VALUES ('all', s.all, NULL), ('lcspr', s.lcspr, s.all)) AS v (code, count, base)
  UNION ALL
  SELECT 'lcspr', 'all', count(*), NULL
    FROM {{counted_reviews}}
  UNION ALL
  SELECT 'nature', x.nature, count(*), sum(count(*)) OVER ()
    FROM (SELECT CASE
                   WHEN $5::text = 'current' AND coalesce(i.death_date <= $1::date, true)
                   THEN i.nature
                   ELSE coalesce(n.nature_as_notified, i.nature)
                 END AS nature
            FROM counted AS c
           CROSS JOIN LATERAL (
             SELECT i.nature, i.death_date
               FROM incident AS i
              WHERE i.partnership_id = tenant()
                AND i.id = c.incident_id
             OFFSET 0) AS i
            LEFT JOIN LATERAL (
              SELECT n.nature_as_notified
                FROM notification AS n
               WHERE n.partnership_id = tenant()
                 AND n.incident_id = c.incident_id
                 AND n.kind = 'serious_incident'
              OFFSET 0) AS n ON true) AS x
   GROUP BY x.nature
  UNION ALL
  SELECT k.counted, k.code, sum(k.count), sum(sum(k.count)) OVER (PARTITION BY k.counted)
    FROM named AS k
   GROUP BY k.counted, k.code
  UNION ALL
  SELECT CASE WHEN grouping(m.origin) = 0 THEN 'made' ELSE 'accepted' END,
         coalesce(m.origin, m.accepted),
         sum(m.count),
         (SELECT sum(m.count) FROM made AS m)
    FROM made AS m
   GROUP BY GROUPING SETS ((m.origin), (m.accepted))
  UNION ALL
  SELECT 'raised', 'raised', sum(m.count) FILTER (WHERE m.is_raised), sum(m.count)
    FROM made AS m
   WHERE m.is_national
  UNION ALL
  SELECT 'state', a.state, a.count, sum(a.count) OVER ()
    FROM actions AS a
  UNION ALL
  SELECT v.counted, v.code, v.count, v.base
    FROM (SELECT sum(a.count) AS all,
                 sum(a.impact) AS impact,
                 sum(a.assured) AS assured,
                 sum(a.count) FILTER (WHERE a.is_open) AS open,
                 sum(a.late) FILTER (WHERE a.is_open) AS overdue,
                 sum(a.bare) AS no_evidence,
                 sum(a.late_and_bare) AS neither
            FROM actions AS a) AS s,
         LATERAL (VALUES
           ('improved', 'impact', s.impact, s.all),
           ('improved', 'assured', s.assured, s.all),
           ('open', 'overdue', s.overdue, s.open),
           ('open', 'no_evidence', s.no_evidence, s.open),
           ('open', 'neither', s.neither, s.open)) AS v (counted, code, count, base)),
bases AS (
  SELECT c.counted, max(c.base)::bigint AS base
    FROM cells AS c
   GROUP BY c.counted)
SELECT 'row' AS "_part",
       l.section AS "_row",
       {{annual_row}} AS row,
       l.section,
       l.measure,
       l.breakdown,
       l.unit,
       coalesce(c.count, 0)::bigint AS count,
       CASE WHEN l.code <> 'all' THEN coalesce(b.base, 0) END AS denominator,
       CASE WHEN l.code <> 'all' THEN percent_of(coalesce(c.count, 0)::bigint, b.base) END AS percent
  FROM {{annual_lines}}
  LEFT JOIN cells AS c ON c.counted = l.counted AND c.code = l.code
  LEFT JOIN bases AS b ON b.counted = l.counted
 WHERE (l.counted <> 'age'
    OR l.code <> ALL (CASE $6::text
         WHEN 'ar2020' THEN '{11_to_15,16_to_17}'
         ELSE '{11_to_14,15_to_17}'
       END::text[]))
   AND (NOT for_public() OR l.section IN ('Incidents', 'Children'))
 ORDER BY l.place;

-- name: report_annual_records
-- What a line counted: of incidents and children their rapid reviews. Of a section by its name all that
-- its lines are of, and of the whole report its rapid reviews. The number of an action is looked up for the
-- page alone.
-- $1 as_of, $2 year, $3 from, $4 to, $5 nature, $6 age_bands, $7 row, $8 figure, $9 limit, $10 after_key
WITH wanted AS MATERIALIZED (
  SELECT l.counted,
         CASE WHEN l.code <> 'all' AND $8::text IS DISTINCT FROM 'denominator' THEN l.code END AS code
    FROM {{annual_lines}}
   WHERE {{annual_row}} = $7::text)
SELECT x.kind,
       x.id,
       coalesce(x.reference, (
         SELECT a.number
           FROM action AS a
          WHERE x.kind = 'action'
            AND a.partnership_id = tenant()
            AND a.id = x.id)) AS reference,
       x.link,
       x."_key"
  FROM (SELECT x.* FROM (
    SELECT 'rapid_review' AS kind, c.id, i.local_ref AS reference,
           '/v1/rapid-reviews/' || c.id AS link, i.local_ref AS "_key"
      FROM {{counted_rapid_reviews}}
      JOIN incident AS i ON i.partnership_id = tenant() AND i.id = c.incident_id
     WHERE coalesce($7::text, 'Reviews') IN ('Reviews', 'Incidents', 'Children')
        OR EXISTS (
          SELECT
            FROM wanted AS w
           WHERE w.counted = 'rapid_review'
             AND (w.code IS NULL OR c.led_to_lcspr))
        OR EXISTS (
          SELECT
            FROM wanted AS w
           WHERE w.counted = 'nature'
             AND coalesce(w.code = CASE
               WHEN $5::text = 'current' AND coalesce(i.death_date <= $1::date, true)
               THEN i.nature
               ELSE coalesce((
                 SELECT max(n.nature_as_notified)
                   FROM notification AS n
                  WHERE n.partnership_id = tenant()
                    AND n.incident_id = i.id
                    AND n.kind = 'serious_incident'), i.nature)
             END, true))
        OR EXISTS (
          SELECT
            FROM wanted AS w
            JOIN child AS h ON h.partnership_id = tenant() AND h.incident_id = c.incident_id
           WHERE coalesce(w.code = CASE w.counted
               WHEN 'sex' THEN {{annual_child_sex}}
               WHEN 'age' THEN {{annual_child_age}}
               WHEN 'ethnicity' THEN ethnicity_group(h.ethnicity)
             END, w.counted IN ('sex', 'age', 'ethnicity')))
    UNION ALL
    SELECT 'review', v.id, v.reference, '/v1/reviews/' || v.id, v.id::text
      FROM {{counted_reviews}}
     WHERE EXISTS (SELECT FROM wanted AS w WHERE w.counted = 'lcspr')
    UNION ALL
    SELECT 'recommendation', r.id, r.number, '/v1/recommendations/' || r.id, r.id::text
      FROM {{report_period}}
      JOIN recommendation AS r ON r.made_on BETWEEN period.starts_on AND period.ends_on
     WHERE r.partnership_id = tenant()
       AND r.made_on <= $1::date
       AND ($7::text = 'Recommendations' OR EXISTS (
         SELECT
           FROM wanted AS w
          WHERE w.counted = 'made' AND coalesce(w.code = r.origin, true)
             OR w.counted = 'accepted'
            AND coalesce(w.code = CASE
              WHEN r.decided_on <= $1::date THEN coalesce(r.accepted, 'none')
              ELSE 'none'
            END, true)
             OR w.counted = 'raised'
            AND r.addressee = 'national_body'
            AND (w.code IS NULL OR r.raised_on <= $1::date)))
    UNION ALL
    SELECT 'action', a.id, NULL, '/v1/actions/' || a.id, a.id::text
      FROM {{report_period}}
     CROSS JOIN {{actions_as_of}}
     WHERE ($7::text IN ('Actions', 'Improvements')
         OR $7::text = 'No progress' AND a.state IN ('not_started', 'in_progress')
         OR EXISTS (
           SELECT
             FROM wanted AS w
            WHERE w.counted = 'state' AND coalesce(w.code = a.state, true)
               OR w.counted = 'improved'
              AND (w.code IS NULL
                OR w.code = 'impact' AND a.id IN (
                  SELECT x.action_id
                    FROM {{report_period}}
                    JOIN action_evidence AS x ON x."on" BETWEEN period.starts_on AND period.ends_on
                   WHERE x.partnership_id = tenant()
                     AND x."on" <= $1::date
                     AND x.shows = 'impact')
                OR w.code = 'assured' AND a.id IN (
                  SELECT x.action_id
                    FROM {{report_period}}
                    JOIN action_assurance AS x ON x."on" BETWEEN period.starts_on AND period.ends_on
                   WHERE x.partnership_id = tenant()
                     AND x."on" <= $1::date
                     AND x.outcome = 'assured'))
               OR w.counted = 'open'
              AND a.state IN ('not_started', 'in_progress')
              AND (w.code IS NULL OR w.code = 'no_evidence' OR a.due_on < $1::date)
              AND (w.code IS NULL OR w.code = 'overdue' OR NOT EXISTS (
                SELECT
                  FROM action_evidence AS e
                 WHERE e.partnership_id = tenant()
                   AND e.action_id = a.id
                   AND e."on" <= $1::date))))
    UNION ALL
    SELECT 'notification', n.id, i.local_ref, '/v1/notifications/' || n.id, n.id::text
      FROM {{report_period}}
      JOIN notification AS n ON n.notified_on BETWEEN period.starts_on AND period.ends_on
      JOIN incident AS i ON i.partnership_id = tenant() AND i.id = n.incident_id
     WHERE ($7::text = 'Notifications' OR EXISTS (
         SELECT
           FROM wanted AS w
          WHERE w.counted = 'submitted'
            AND coalesce(w.code = n.kind, true)))
       AND n.partnership_id = tenant()
       AND n.notified_on <= $1::date
       AND n.kind IN ('serious_incident', 'looked_after_child_death', 'care_leaver_death')
       AND (i.our_role IS NULL OR i.our_role = 'lead')
    UNION ALL
    SELECT 'incident', i.id, i.local_ref, '/v1/incidents/' || i.id, i.id::text
      FROM {{report_period}}
      JOIN incident AS i ON i.our_role IS NULL OR i.our_role = 'lead'
      JOIN wanted AS w ON w.counted = 'sin'
     WHERE i.partnership_id = tenant()
       AND (EXISTS (
           SELECT
             FROM notification AS n
            WHERE n.partnership_id = tenant()
              AND n.incident_id = i.id
              AND n.notified_on BETWEEN period.starts_on AND least(period.ends_on, $1::date)
              AND n.kind IN ('serious_incident', 'looked_after_child_death', 'care_leaver_death'))
         OR w.code IS NULL AND EXISTS (
           SELECT
             FROM transition AS t
            WHERE t.partnership_id = tenant()
              AND t.subject = 'incident'
              AND t.subject_id = i.id
              AND t.to_state = 'not_notified'
              AND t.happened_on BETWEEN period.starts_on AND least(period.ends_on, $1::date)))
    UNION ALL
    SELECT 'referral', r.id, r.reference, '/v1/referrals/' || r.id, r.id::text
      FROM {{report_period}}
      JOIN (
        SELECT DISTINCT ON (d.referral_id) d.referral_id, d.decided_on, d.outcome
          FROM referral_decision AS d
         WHERE d.partnership_id = tenant()
           AND d.decided_on <= $1::date
         ORDER BY d.referral_id, d.decided_on DESC, d.created_at DESC, d.id DESC) AS d
        ON d.decided_on BETWEEN period.starts_on AND period.ends_on
      JOIN referral AS r ON r.partnership_id = tenant() AND r.id = d.referral_id
     WHERE $7::text = 'Referrals'
        OR EXISTS (
          SELECT
            FROM wanted AS w
           WHERE w.counted = 'considered'
             AND coalesce(w.code = d.outcome, true))) AS x
         WHERE ($10::text IS NULL OR x."_key" > $10::text)
         ORDER BY x."_key"
         LIMIT $9::integer) AS x
 ORDER BY x."_key";
