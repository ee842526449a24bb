-- Whether a theme came back after the actions on it were closed.

-- name: recurrence_reads_indexes
-- For sets of tens of thousands and a count of half a million: indexes have every column asked for, and
-- one walk through them costs less than to look up each by itself. They are grouped as they come, and not
-- sorted first, which the planner, who expects few, takes to be as good. Other processors are left to others.
SELECT {{planned_for_sets}},
       set_config('random_page_cost', '1.1', true) AS cost,
       set_config('work_mem', '16MB', true) AS memory,
       set_config('enable_sort', 'off', true) AS sorts,
       set_config('max_parallel_workers_per_gather', '0', true) AS workers;

-- name: recurrence_as_of
-- fragment
(SELECT max(q.as_of) FROM asked AS q)

-- name: recurrence_found
-- What has the themes that are asked for: asked has their id, derivation, white_other_counts and as_of, and
-- of each a bit of its own, so that one row says all the themes that something has. An incident has one by
-- its own coding, by a review of its own, or by its children; it is of the day on which it happened, and
-- known from the day on which the authority was aware.
-- fragment
derived AS MATERIALIZED (
  SELECT q.derivation, q.white_other_counts, q.bit
    FROM asked AS q
   WHERE q.derivation IS NOT NULL
), by_children AS MATERIALIZED (
  SELECT h.incident_id, bit_or(q.bit) AS themes
    FROM child AS h
   CROSS JOIN derived AS q
   WHERE EXISTS (SELECT FROM derived)
     AND h.partnership_id = tenant()
     AND child_has_theme(q.derivation, q.white_other_counts, h.unborn, h.age_years, h.age_days,
           h.ethnicity)
   GROUP BY h.incident_id
), review_line AS MATERIALIZED (
  SELECT v.id AS review_id, v.decided_on, k.themes, k.coded
    FROM (SELECT k.review_id, bit_or(k.bit) AS themes, bit_or(k.coded) AS coded
            FROM (SELECT k.review_id, q.bit, q.bit AS coded
                    FROM asked AS q
                    JOIN review_theme AS k ON k.partnership_id = tenant() AND k.theme_id = q.id
                   WHERE k.theme_id = ANY (ARRAY({{recurrence_coded}}))
                     AND coding_stands(k.coded_on, k.removed_on, q.as_of)
                  UNION ALL
                  SELECT l.review_id, c.themes, NULL
                    FROM by_children AS c
                    JOIN review_incident AS l
                      ON l.partnership_id = tenant()
                     AND l.incident_id = c.incident_id
                     AND link_stands(l.removed_at, {{recurrence_as_of}})) AS k
           GROUP BY k.review_id) AS k
    JOIN review AS v ON v.partnership_id = tenant() AND v.id = k.review_id
   WHERE v.decided_on <= {{recurrence_as_of}}
), incident_line AS MATERIALIZED (
  SELECT i.id AS incident_id, coalesce(i.incident_date, i.aware_on) AS happened_on, k.themes
    FROM (SELECT k.incident_id, bit_or(k.themes) AS themes
            FROM (SELECT k.incident_id, q.bit AS themes
                    FROM asked AS q
                    JOIN incident_theme AS k ON k.partnership_id = tenant() AND k.theme_id = q.id
                   WHERE k.theme_id = ANY (ARRAY({{recurrence_coded}}))
                     AND coding_stands(k.coded_on, k.removed_on, q.as_of)
                  UNION ALL
                  SELECT l.incident_id, v.coded
                    FROM review_line AS v
                    JOIN review_incident AS l
                      ON l.partnership_id = tenant()
                     AND l.review_id = v.review_id
                     AND link_stands(l.removed_at, {{recurrence_as_of}})
                   WHERE v.coded IS NOT NULL
                  UNION ALL
                  SELECT c.incident_id, c.themes
                    FROM by_children AS c) AS k
           GROUP BY k.incident_id) AS k
    JOIN incident AS i ON i.partnership_id = tenant() AND i.id = k.incident_id
   WHERE i.aware_on <= {{recurrence_as_of}}
), rapid_review_line AS MATERIALIZED (
  -- Asked for only where anything follows from a rapid review.
  SELECT r.id AS rapid_review_id, i.themes
    FROM incident_line AS i
    JOIN rapid_review AS r ON r.partnership_id = tenant() AND r.incident_id = i.incident_id
   WHERE (SELECT EXISTS (
            SELECT
              FROM action AS a
             WHERE a.partnership_id = tenant()
               AND a.rapid_review_id IS NOT NULL)
            OR EXISTS (
            SELECT
              FROM recommendation AS m
             WHERE m.partnership_id = tenant()
               AND m.rapid_review_id IS NOT NULL))
), other_advice AS MATERIALIZED (
  -- The recommendations that are not on a theme by their review alone, and what they are on: one that names
  -- themes is about those.
  SELECT m.id AS recommendation_id,
         CASE
           WHEN m.theme_ids <> '{}' THEN (
             SELECT bit_or(q.bit) FROM asked AS q WHERE m.theme_ids @> ARRAY[q.id])
           ELSE coalesce(v.themes | r.themes, v.themes, r.themes)
         END AS themes
    FROM recommendation AS m
    LEFT JOIN review_line AS v ON v.review_id = m.review_id
    LEFT JOIN rapid_review_line AS r ON r.rapid_review_id = m.rapid_review_id
   WHERE m.partnership_id = tenant()
     AND (m.theme_ids <> '{}' OR m.review_id IS NULL OR m.rapid_review_id IS NOT NULL)
)

-- name: recurrence_coded
-- fragment
SELECT q.id FROM asked AS q WHERE q.derivation IS NULL

-- name: recurrence_themes
-- The themes that the action a is on. One that follows from a recommendation belongs to the review of that.
-- fragment
LEFT JOIN other_advice AS m ON m.recommendation_id = a.recommendation_id
LEFT JOIN review_line AS v ON v.review_id = a.review_id
LEFT JOIN rapid_review_line AS r
  ON r.rapid_review_id = a.rapid_review_id
 AND a.recommendation_id IS NULL
CROSS JOIN LATERAL (
  SELECT CASE
           WHEN m.recommendation_id IS NOT NULL THEN m.themes
           ELSE coalesce(v.themes | r.themes, v.themes, r.themes)
         END AS themes) AS its

-- name: recurrence_action
-- Whether the action a is on any of them: by the rules of recurrence_themes, in the form that takes the
-- least time for all actions of a partnership.
-- fragment
CASE
  WHEN a.recommendation_id IN (SELECT m.recommendation_id FROM other_advice AS m)
  THEN a.recommendation_id IN (
    SELECT m.recommendation_id FROM other_advice AS m WHERE m.themes IS NOT NULL)
  WHEN a.review_id IN (SELECT v.review_id FROM review_line AS v) THEN true
  ELSE a.recommendation_id IS NULL
    AND a.rapid_review_id IS NOT NULL
    AND a.rapid_review_id IN (SELECT r.rapid_review_id FROM rapid_review_line AS r)
END

-- name: recurrence_agreed
-- The actions a that were agreed by the day and are now as they were left when they were closed.
-- fragment
a.partnership_id = tenant()
AND a.agreed_on <= {{recurrence_as_of}}
AND a.id NOT IN (SELECT o.action_id FROM opened_again AS o)

-- name: recurrence_opened_again
-- What was never opened again is as it now is; for the few others the log says each time that one was
-- closed and until when.
-- fragment
opened_again AS MATERIALIZED (
  SELECT DISTINCT t.subject_id AS action_id
    FROM transition AS t
   WHERE t.partnership_id = tenant()
     AND t.subject = 'action'
     AND t.from_state IN ('closed_assured', 'closed_unverified')
), opened_on_them AS MATERIALIZED (
  SELECT a.id AS action_id, a.agreed_on, its.themes
    FROM action AS a
    {{recurrence_themes}}
   WHERE a.partnership_id = tenant()
     AND a.id = ANY (ARRAY(SELECT o.action_id FROM opened_again AS o))
     AND a.agreed_on <= {{recurrence_as_of}}
     AND its.themes IS NOT NULL
), closed_again AS MATERIALIZED (
  SELECT c.action_id, c.to_state AS closure, c.happened_on AS closed_on, c.until, o.themes
    FROM (SELECT t.subject_id AS action_id, t.to_state, t.happened_on,
                 lead(t.happened_on) OVER (PARTITION BY t.subject_id ORDER BY t.id) AS until
            FROM (SELECT t.id, t.subject_id, t.to_state, t.happened_on
                    FROM transition AS t
                   WHERE t.partnership_id = tenant()
                     AND t.happened_on <= {{recurrence_as_of}}
                     AND t.subject_id = ANY (ARRAY(SELECT o.action_id FROM opened_on_them AS o))
                  -- The few of them are looked up, and not all read for their order.
                  OFFSET 0) AS t) AS c
    JOIN opened_on_them AS o ON o.action_id = c.action_id
   WHERE c.to_state IN ('closed_assured', 'closed_unverified')
)

-- name: recurrence_closed
-- Whether the action a, or what are counted as a, had been closed by the day.
-- fragment
(a.closed_on <= {{recurrence_as_of}} AND a.state IN ('closed_assured', 'closed_unverified'))

-- name: recurrence_closures
-- How many of its actions were closed on each day and still are, and without a day how many are not. They
-- are counted in the order of an index; whether they had been closed is asked of each day and not of each.
-- fragment
{{recurrence_opened_again}}, closed AS MATERIALIZED (
  SELECT CASE WHEN {{recurrence_closed}} THEN a.state END AS closure,
         CASE WHEN {{recurrence_closed}} THEN a.closed_on END AS closed_on,
         a.actions,
         CASE WHEN {{recurrence_closed}} THEN a.actions ELSE 0 END AS closures
    FROM (SELECT a.closed_on, a.state, count(*) AS actions
            FROM action AS a
           WHERE {{recurrence_agreed}}
             AND {{recurrence_action}}
           GROUP BY a.closed_on, a.state) AS a
  UNION ALL
  SELECT NULL, NULL, count(*), 0
    FROM opened_on_them AS o
  UNION ALL
  SELECT c.closure, c.closed_on, 0, 1
    FROM closed_again AS c
   WHERE c.until IS NULL
)

-- name: recurrence_walk
-- How many incidents happened on each day, and the last closure of either kind before it of actions that
-- were closed then. In one walk through the days, because there may be many. What was opened again counts on
-- the days on which it still was closed, up to that on which another was closed that still is: from then on that
-- one is the last.
-- fragment
tally AS MATERIALIZED (
  SELECT i.happened_on AS day, 'incident' AS what, count(*) AS times
    FROM incident_line AS i
   GROUP BY i.happened_on
  UNION ALL
  SELECT v.decided_on, 'review', count(*)
    FROM review_line AS v
   GROUP BY v.decided_on
  UNION ALL
  SELECT c.closed_on, c.closure, c.closures
    FROM closed AS c
   WHERE c.closure IS NOT NULL
), walk AS (
  SELECT t.day, t.what, t.times,
         max(t.day) FILTER (WHERE t.what = 'closed_assured') OVER before AS assured_on,
         max(t.day) FILTER (WHERE t.what = 'closed_unverified') OVER before AS unverified_on
    FROM tally AS t
   WHERE t.what <> 'review'
  -- On the day of a closure itself an incident is not after it.
  WINDOW before AS (ORDER BY t.day, t.what <> 'incident' ROWS UNBOUNDED PRECEDING)
), outdone AS (
  SELECT o.closure, o.closed_on, o.until,
         -- Backwards, so that what is the least is carried along and not looked for again.
         min(o.closed_on) FILTER (WHERE o.stands)
           OVER (PARTITION BY o.closure ORDER BY o.closed_on DESC) AS by_day,
         o.stands
    FROM (SELECT c.closure, c.closed_on, c.until, false AS stands
            FROM closed_again AS c
           WHERE c.until IS NOT NULL
          UNION ALL
          SELECT c.closure, c.closed_on, NULL, true
            FROM closed AS c
           WHERE c.closure IS NOT NULL) AS o
), opened AS MATERIALIZED (
  SELECT d.day::date AS day,
         max(o.closed_on) FILTER (WHERE o.closure = 'closed_assured') AS assured_on,
         max(o.closed_on) FILTER (WHERE o.closure = 'closed_unverified') AS unverified_on
    FROM outdone AS o
   CROSS JOIN LATERAL generate_series(o.closed_on + 1,
           least(o.until, o.by_day, (SELECT max(t.day) FROM tally AS t)), interval '1 day') AS d (day)
   WHERE NOT o.stands
   GROUP BY d.day
), recurrence AS MATERIALIZED (
  SELECT w.day AS happened_on,
         w.times,
         greatest(w.assured_on, opened.assured_on) AS assured_on,
         greatest(w.unverified_on, opened.unverified_on) AS unverified_on
    FROM walk AS w
    LEFT JOIN opened ON opened.day = w.day
   WHERE w.what = 'incident'
     AND coalesce(w.assured_on, w.unverified_on, opened.assured_on, opened.unverified_on) IS NOT NULL
)

-- name: recurrence_closure
-- Which kind of closure was the last before r.
-- fragment
CASE greatest(r.assured_on, r.unverified_on)
  WHEN r.assured_on THEN 'closed_assured'
  WHEN r.unverified_on THEN 'closed_unverified'
END

-- name: recurrence_shown
-- The latest incidents that are one, and the closures to be shown: those of the last thousand entries of
-- the line of time and those that such an incident followed. They are looked up by their days.
-- fragment
latest AS MATERIALIZED (
  SELECT i.incident_id, i.happened_on, r.assured_on, r.unverified_on,
         greatest(r.assured_on, r.unverified_on) AS closed_on,
         {{recurrence_closure}} AS closure
    FROM (SELECT r.*, sum(r.times) OVER (ORDER BY r.happened_on DESC) - r.times AS later
            FROM recurrence AS r) AS r
    JOIN incident_line AS i ON i.happened_on = r.happened_on
   WHERE r.later < 500
   ORDER BY i.happened_on DESC, i.incident_id
   LIMIT 500
), since AS MATERIALIZED (
  SELECT coalesce(max(d.day), '-infinity') AS day
    FROM (SELECT t.day, sum(t.times) OVER (ORDER BY t.day DESC) AS later
            FROM (SELECT f.day, f.times FROM tally AS f ORDER BY f.day DESC LIMIT 1000) AS t) AS d
   WHERE d.later >= 1000
), shown AS MATERIALIZED (
  SELECT a.id AS action_id, a.state AS closure, a.closed_on, NULL::date AS until
    FROM action AS a
   WHERE a.closed_on = ANY (ARRAY(
           SELECT c.closed_on
             FROM closed AS c
            WHERE c.closed_on >= (SELECT s.day FROM since AS s)
           UNION
           SELECT l.closed_on
             FROM latest AS l))
     AND {{recurrence_closed}}
     AND {{recurrence_agreed}}
     AND {{recurrence_action}}
  UNION ALL
  SELECT c.action_id, c.closure, c.closed_on, c.until
    FROM closed_again AS c
), told AS (
  SELECT s.closure, s.closed_on, l.happened_on, (min(s.action_id::text))::uuid AS action_id
    FROM (SELECT DISTINCT l.closure, l.closed_on, l.happened_on FROM latest AS l) AS l
    JOIN shown AS s ON s.closure = l.closure AND s.closed_on = l.closed_on
   WHERE coalesce(s.until >= l.happened_on, true)
   GROUP BY s.closure, s.closed_on, l.happened_on
)

-- name: recurrence_recurrences
-- fragment
(SELECT json_agg(json_build_object(
          'incident_id', l.incident_id,
          'reference', (SELECT i.local_ref
                          FROM incident AS i
                         WHERE i.partnership_id = tenant()
                           AND i.id = l.incident_id),
          'link', '/v1/incidents/' || l.incident_id,
          'happened_on', l.happened_on,
          'days_between', l.happened_on - l.closed_on,
          'closure', l.closure,
          'closed_on', l.closed_on,
          'action_id', t.action_id,
          'action_link', '/v1/actions/' || t.action_id,
          'days_after_assured', l.happened_on - l.assured_on,
          'days_after_unverified', l.happened_on - l.unverified_on)
          ORDER BY l.happened_on DESC, l.incident_id)
   FROM latest AS l
   JOIN told AS t
     ON t.closure = l.closure AND t.closed_on = l.closed_on AND t.happened_on = l.happened_on)

-- name: recurrence_timeline
-- The latest of everything in the order of time.
-- fragment
(SELECT json_agg(json_build_object(
          'on', l.happened_on,
          'what', l.what,
          'id', l.id,
          'reference', CASE l.what
            WHEN 'incident' THEN (
              SELECT i.local_ref FROM incident AS i WHERE i.partnership_id = tenant() AND i.id = l.id)
            WHEN 'review' THEN (
              SELECT v.reference FROM review AS v WHERE v.partnership_id = tenant() AND v.id = l.id)
            ELSE (
              SELECT a.number FROM action AS a WHERE a.partnership_id = tenant() AND a.id = l.id)
          END,
          'link', CASE l.what
            WHEN 'incident' THEN '/v1/incidents/'
            WHEN 'review' THEN '/v1/reviews/'
            ELSE '/v1/actions/'
          END || l.id,
          'closure', l.closure) ORDER BY l.happened_on, l.what, l.id)
   FROM (SELECT f.happened_on, f.what, f.id, f.closure
           FROM (SELECT i.happened_on, 'incident' AS what, i.incident_id AS id, NULL AS closure
                   FROM incident_line AS i
                 UNION ALL
                 SELECT v.decided_on, 'review', v.review_id, NULL
                   FROM review_line AS v
                 UNION ALL
                 SELECT s.closed_on, 'action_closed', s.action_id, s.closure
                   FROM shown AS s) AS f
          WHERE f.happened_on >= (SELECT s.day FROM since AS s)
          ORDER BY f.happened_on DESC, f.id
          LIMIT 1000) AS l)

-- name: theme_recurrence_get
-- How often and when a theme was found, and one line of time with the closures of actions on it.
-- $1 theme_id, $2 as_of, $3 today
WITH asked AS MATERIALIZED (
  SELECT t.id, t.label, t.kind, t.derivation, t.white_other_counts, 1::bigint AS bit,
         least(coalesce($2::date, $3::date), $3::date) AS as_of
    FROM theme AS t
   WHERE t.partnership_id = tenant()
     AND t.id = $1::uuid
), {{recurrence_found}},
{{recurrence_closures}},
{{recurrence_walk}},
{{recurrence_shown}},
year AS (
  SELECT reporting_year(t.month) AS year,
         sum(t.reviews) AS reviews,
         sum(t.incidents) AS incidents
    FROM (SELECT date_trunc('month', t.day)::date AS month,
                 coalesce(sum(t.times) FILTER (WHERE t.what = 'review'), 0) AS reviews,
                 coalesce(sum(t.times) FILTER (WHERE t.what = 'incident'), 0) AS incidents
            FROM tally AS t
           WHERE t.what IN ('review', 'incident')
           GROUP BY 1) AS t
   GROUP BY 1
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
           FROM year AS y), '[]') AS years,
       (SELECT json_build_object(
                 'total', coalesce(sum(c.actions), 0),
                 'closed_assured',
                 coalesce(sum(c.closures) FILTER (WHERE c.closure = 'closed_assured'), 0),
                 'closed_unverified',
                 coalesce(sum(c.closures) FILTER (WHERE c.closure = 'closed_unverified'), 0))
          FROM closed AS c) AS actions,
       CASE
         WHEN EXISTS (SELECT FROM recurrence) THEN 'recurred_after_closure'
         WHEN EXISTS (SELECT FROM closed AS c WHERE c.closure IS NOT NULL)
           OR EXISTS (SELECT FROM closed_again)
         THEN 'not_recurred_after_closure'
         ELSE 'no_action_closed'
       END AS verdict,
       (SELECT json_build_object(
                 'recurrences', coalesce(sum(r.times) FILTER (WHERE r.assured_on IS NOT NULL), 0),
                 'shortest_days', min(r.happened_on - r.assured_on))
          FROM recurrence AS r) AS after_assured,
       (SELECT json_build_object(
                 'recurrences', coalesce(sum(r.times) FILTER (WHERE r.unverified_on IS NOT NULL), 0),
                 'shortest_days', min(r.happened_on - r.unverified_on))
          FROM recurrence AS r) AS after_unverified,
       coalesce({{recurrence_recurrences}}, '[]') AS recurrences,
       coalesce({{recurrence_timeline}}, '[]') AS line
  FROM asked AS q;
