-- Whether a theme came back after the actions on it were closed.

-- name: theme_recurrence_get
-- How often and when a theme was found, and one line of time with the closures of actions on it.
-- $1 theme_id, $2 as_of, $3 today
WITH asked AS (
  SELECT t.id, t.label, t.kind, least(coalesce($2::date, $3::date), $3::date) AS as_of
    FROM theme AS t
   WHERE t.partnership_id = tenant()
     AND t.id = $1::uuid
), review_line AS MATERIALIZED (
  SELECT v.review_id, v.reference, v.decided_on
    FROM asked AS q
   CROSS JOIN LATERAL theme_reviews(q.id, q.as_of) AS v
), incident_line AS MATERIALIZED (
  SELECT i.incident_id, i.local_ref, i.happened_on
    FROM asked AS q
   CROSS JOIN LATERAL theme_incidents(q.id, q.as_of) AS i
), action_line AS MATERIALIZED (
  SELECT a.action_id
    FROM asked AS q
   CROSS JOIN LATERAL theme_actions(q.id, q.as_of) AS a
), closure_line AS MATERIALIZED (
  SELECT c.action_id, c.number, c.closure, c.closed_on, c.until
    FROM asked AS q
   CROSS JOIN LATERAL theme_closures(q.id, q.as_of) AS c
), recurrence AS MATERIALIZED (
  SELECT r.incident_id, r.local_ref, r.happened_on, r.action_id, r.closure, r.closed_on,
         r.days_after_assured, r.days_after_unverified
    FROM asked AS q
   CROSS JOIN LATERAL theme_recurrences(q.id, q.as_of) AS r
), line AS (
  SELECT i.happened_on AS happened_on, 'incident' AS what, i.incident_id AS id,
         i.local_ref AS reference, '/v1/incidents/' || i.incident_id AS link, NULL AS closure
    FROM incident_line AS i
  UNION ALL
  SELECT v.decided_on, 'review', v.review_id, v.reference, '/v1/reviews/' || v.review_id, NULL
    FROM review_line AS v
  UNION ALL
  SELECT c.closed_on, 'action_closed', c.action_id, c.number, '/v1/actions/' || c.action_id,
         c.closure
    FROM closure_line AS c
)
SELECT q.id AS theme_id,
       q.label,
       q.kind,
       q.as_of,
       (SELECT count(*) FROM review_line) AS reviews,
       (SELECT count(*) FROM incident_line) AS incidents,
       coalesce((
         SELECT json_agg(json_build_object('year', y.year, 'reviews', y.reviews,
                  'incidents', y.incidents) ORDER BY y.year)
           FROM (SELECT reporting_year(l.happened_on) AS year,
                        count(*) FILTER (WHERE l.what = 'review') AS reviews,
                        count(*) FILTER (WHERE l.what = 'incident') AS incidents
                   FROM line AS l
                  WHERE l.what <> 'action_closed'
                  GROUP BY 1) AS y), '[]') AS years,
       (SELECT json_build_object(
                 'total', (SELECT count(*) FROM action_line),
                 'closed_assured', count(*) FILTER (WHERE c.closure = 'closed_assured'),
                 'closed_unverified', count(*) FILTER (WHERE c.closure = 'closed_unverified'))
          FROM closure_line AS c
         WHERE c.until IS NULL) AS actions,
       CASE
         WHEN EXISTS (SELECT FROM recurrence) THEN 'recurred_after_closure'
         WHEN EXISTS (SELECT FROM closure_line)
         THEN 'not_recurred_after_closure'
         ELSE 'no_action_closed'
       END AS verdict,
       (SELECT json_build_object(
                 'recurrences', count(*) FILTER (WHERE r.days_after_assured IS NOT NULL),
                 'shortest_days', min(r.days_after_assured))
          FROM recurrence AS r) AS after_assured,
       (SELECT json_build_object(
                 'recurrences', count(*) FILTER (WHERE r.days_after_unverified IS NOT NULL),
                 'shortest_days', min(r.days_after_unverified))
          FROM recurrence AS r) AS after_unverified,
       coalesce((
         SELECT json_agg(json_build_object(
                  'incident_id', r.incident_id,
                  'reference', r.local_ref,
                  'link', '/v1/incidents/' || r.incident_id,
                  'happened_on', r.happened_on,
                  'days_between', r.happened_on - r.closed_on,
                  'closure', r.closure,
                  'closed_on', r.closed_on,
                  'action_id', r.action_id,
                  'action_link', '/v1/actions/' || r.action_id,
                  'days_after_assured', r.days_after_assured,
                  'days_after_unverified', r.days_after_unverified)
                  ORDER BY r.happened_on DESC, r.incident_id)
           FROM (SELECT f.* FROM recurrence AS f ORDER BY f.happened_on DESC LIMIT 500) AS r), '[]')
         AS recurrences,
       coalesce((
         SELECT json_agg(json_build_object(
                  'on', l.happened_on,
                  'what', l.what,
                  'id', l.id,
                  'reference', l.reference,
                  'link', l.link,
                  'closure', l.closure) ORDER BY l.happened_on, l.what, l.id)
           FROM (SELECT f.* FROM line AS f ORDER BY f.happened_on DESC, f.id LIMIT 1000) AS l), '[]')
         AS line
  FROM asked AS q;

-- name: rapid_review_recurrence_get
-- For each theme of a rapid review's incident where it was found before, and which actions on it were
-- closed before: evidence for the first two criteria of its decision.
-- $1 rapid_review_id, $2 today
WITH asked AS (
  SELECT r.id, r.version, i.id AS incident_id, i.partnership_id,
         coalesce(i.incident_date, i.aware_on) AS happened_on
    FROM rapid_review AS r
    JOIN incident AS i ON i.partnership_id = r.partnership_id AND i.id = r.incident_id
   WHERE r.partnership_id = tenant()
     AND r.id = $1::uuid
), found AS (
  SELECT t.id, t.label, t.kind, q.incident_id, q.happened_on
    FROM asked AS q
    JOIN theme AS t ON t.partnership_id = q.partnership_id
   WHERE CASE
           WHEN t.derivation IS NOT NULL THEN
             theme_is_in_use(t.used_from, t.retired_on, $2::date)
             AND EXISTS (
               SELECT
                 FROM child AS h
                WHERE h.partnership_id = q.partnership_id
                  AND h.incident_id = q.incident_id
                  AND child_has_theme(t.derivation, t.white_other_counts, h.unborn, h.age_years,
                        h.age_days, h.ethnicity))
           ELSE
             EXISTS (
               SELECT
                 FROM incident_theme AS k
                WHERE k.partnership_id = q.partnership_id
                  AND k.incident_id = q.incident_id
                  AND k.theme_id = t.id
                  AND k.removed_on IS NULL)
             OR EXISTS (
               SELECT
                 FROM review_incident AS l
                 JOIN review_theme AS k
                   ON k.partnership_id = l.partnership_id AND k.review_id = l.review_id
                WHERE l.partnership_id = q.partnership_id
                  AND l.incident_id = q.incident_id
                  AND l.removed_at IS NULL
                  AND k.theme_id = t.id
                  AND k.removed_on IS NULL)
         END
), judged AS (
  SELECT f.id, f.label, f.kind, before.incidents, before.last_on, reviews.count AS reviews,
         actions.total, closures.closed_assured, closures.closed_unverified, back.closure,
         back.closed_on, back.action_id, back.days_after_assured, back.days_after_unverified,
         f.happened_on
    FROM found AS f
   CROSS JOIN LATERAL (
     SELECT count(*) AS incidents, max(i.happened_on) AS last_on
       FROM theme_incidents(f.id, $2::date) AS i
      WHERE i.incident_id <> f.incident_id
        AND i.happened_on < f.happened_on) AS before
   CROSS JOIN LATERAL (
     SELECT count(*)
       FROM theme_reviews(f.id, $2::date) AS v
      WHERE v.decided_on < f.happened_on) AS reviews
   CROSS JOIN LATERAL (
     SELECT count(*) AS total
       FROM theme_actions(f.id, $2::date) AS a
      WHERE a.agreed_on < f.happened_on) AS actions
   CROSS JOIN LATERAL (
     SELECT count(*) FILTER (WHERE c.closure = 'closed_assured') AS closed_assured,
            count(*) FILTER (WHERE c.closure = 'closed_unverified') AS closed_unverified
       FROM theme_closures(f.id, $2::date) AS c
      WHERE c.closed_on < f.happened_on
        AND coalesce(c.until >= f.happened_on, true)) AS closures
    LEFT JOIN LATERAL (
      SELECT r.closure, r.closed_on, r.action_id, r.days_after_assured, r.days_after_unverified
        FROM theme_recurrences(f.id, $2::date) AS r
       WHERE r.incident_id = f.incident_id) AS back ON true
)
SELECT q.id AS rapid_review_id,
       q.incident_id,
       q.happened_on,
       coalesce((
         SELECT json_agg(json_build_object(
                  'theme_id', j.id,
                  'label', j.label,
                  'kind', j.kind,
                  'incidents_before', j.incidents,
                  'reviews_before', j.reviews,
                  'last_before_on', j.last_on,
                  'actions_before', j.total,
                  'closed_assured_before', j.closed_assured,
                  'closed_unverified_before', j.closed_unverified,
                  'verdict', CASE
                    WHEN j.closed_on IS NOT NULL THEN 'recurred_after_closure'
                    WHEN j.incidents + j.reviews > 0 THEN 'found_before'
                    ELSE 'not_found_before'
                  END,
                  'days_between', j.happened_on - j.closed_on,
                  'closure', j.closure,
                  'closed_on', j.closed_on,
                  'action_link', '/v1/actions/' || j.action_id,
                  'days_after_assured', j.days_after_assured,
                  'days_after_unverified', j.days_after_unverified,
                  'criteria', array_remove(ARRAY[
                    CASE WHEN j.total > 0 THEN 'c1_improvements' END,
                    CASE WHEN j.incidents + j.reviews > 0 THEN 'c2_recurrent_themes' END], NULL),
                  'link', '/v1/themes/' || j.id || '/recurrence')
                  ORDER BY j.closed_on IS NULL, j.incidents DESC, j.label)
           FROM judged AS j), '[]') AS themes
  FROM asked AS q;
