-- What a rapid review is told of where its themes were found before: theme_recurrence.sql has the rules.

-- name: recurrence_bits
-- How many themes are looked at together: not more than a number has bits.
-- fragment
60

-- name: recurrence_reviewed_on
-- fragment
(SELECT q.happened_on FROM reviewed AS q)

-- name: recurrence_assured_before
-- Whether the action a was closed before what is reviewed happened.
-- fragment
(a.closed_on < {{recurrence_reviewed_on}} AND a.state = 'closed_assured')

-- name: recurrence_unverified_before
-- fragment
(a.closed_on < {{recurrence_reviewed_on}} AND a.state = 'closed_unverified')

-- name: rapid_review_recurrence_get
-- For each theme of a rapid review's incident where it was found before, and which actions on it were
-- closed before: evidence for the first two criteria of its decision.
-- $1 rapid_review_id, $2 today
WITH reviewed AS MATERIALIZED (
  SELECT i.id AS incident_id, coalesce(i.incident_date, i.aware_on) AS happened_on
    FROM incident AS i
   WHERE i.partnership_id = tenant()
     AND i.id = (
       SELECT r.incident_id FROM rapid_review AS r WHERE r.partnership_id = tenant() AND r.id = $1::uuid)
), found AS MATERIALIZED (
  SELECT t.id, t.label, t.kind, t.derivation, t.white_other_counts,
         row_number() OVER (ORDER BY t.id) - 1 AS place
    FROM reviewed AS q
    JOIN theme AS t ON t.partnership_id = tenant()
   WHERE CASE
           WHEN t.derivation IS NOT NULL THEN
             theme_is_in_use(t.used_from, t.retired_on, $2::date)
             AND EXISTS (
               SELECT
                 FROM child AS h
                WHERE h.partnership_id = tenant()
                  AND h.incident_id = q.incident_id
                  AND child_has_theme(t.derivation, t.white_other_counts, h.unborn, h.age_years,
                        h.age_days, h.ethnicity))
           ELSE
             t.id IN (
               SELECT k.theme_id
                 FROM incident_theme AS k
                WHERE k.partnership_id = tenant()
                  AND k.incident_id = (SELECT q.incident_id FROM reviewed AS q)
                  AND k.removed_on IS NULL
               UNION ALL
               SELECT k.theme_id
                 FROM review_theme AS k
                WHERE k.partnership_id = tenant()
                  AND k.review_id = ANY (ARRAY(
                    SELECT l.review_id
                      FROM review_incident AS l
                     WHERE l.partnership_id = tenant()
                       AND l.incident_id = (SELECT q.incident_id FROM reviewed AS q)
                       AND l.removed_at IS NULL))
                  AND k.removed_on IS NULL)
         END
), judged AS (
  -- All of its themes at once; of more than there are bits, so many at a time.
  SELECT b.*
    FROM (SELECT DISTINCT f.place / {{recurrence_bits}} AS part FROM found AS f) AS p
   CROSS JOIN LATERAL (
     WITH asked AS MATERIALIZED (
       SELECT f.id, f.label, f.kind, f.derivation, f.white_other_counts, $2::date AS as_of,
              1::bigint << (f.place % {{recurrence_bits}})::integer AS bit
         FROM found AS f
        WHERE f.place / {{recurrence_bits}} = p.part
     ), {{recurrence_found}},
     {{recurrence_opened_again}}, origin AS MATERIALIZED (
       -- What stems from the same is on the same themes.
       SELECT a.review_id,
              CASE WHEN a.recommendation_id IS NULL THEN a.rapid_review_id END AS rapid_review_id,
              CASE WHEN a.recommendation_id IN (SELECT m.recommendation_id FROM other_advice AS m)
                     THEN a.recommendation_id END AS recommendation_id,
              count(*) FILTER (WHERE a.agreed_on < {{recurrence_reviewed_on}}) AS actions,
              count(*) FILTER (WHERE {{recurrence_assured_before}}) AS assured,
              max(a.closed_on) FILTER (WHERE {{recurrence_assured_before}}) AS assured_on,
              count(*) FILTER (WHERE {{recurrence_unverified_before}}) AS unverified,
              max(a.closed_on) FILTER (WHERE {{recurrence_unverified_before}}) AS unverified_on
         FROM action AS a
        WHERE {{recurrence_agreed}}
          -- Of several themes most are on one or another, which is not worth asking of each.
          AND CASE WHEN (SELECT count(*) > 2 FROM asked) THEN true ELSE {{recurrence_action}} END
        GROUP BY 1, 2, 3
     ), standing AS MATERIALIZED (
       SELECT its.themes, sum(a.actions) AS actions, sum(a.assured) AS assured,
              max(a.assured_on) AS assured_on, sum(a.unverified) AS unverified,
              max(a.unverified_on) AS unverified_on
         FROM origin AS a
         {{recurrence_themes}}
        GROUP BY its.themes
       UNION ALL
       SELECT o.themes, 1, 0, NULL, 0, NULL
         FROM opened_on_them AS o
        WHERE o.agreed_on < {{recurrence_reviewed_on}}
       UNION ALL
       SELECT a.themes, 0,
              ({{recurrence_assured_before}})::integer,
              CASE WHEN {{recurrence_assured_before}} THEN a.closed_on END,
              ({{recurrence_unverified_before}})::integer,
              CASE WHEN {{recurrence_unverified_before}} THEN a.closed_on END
         FROM (SELECT c.themes, c.closed_on, c.closure AS state
                 FROM closed_again AS c
                WHERE coalesce(c.until >= {{recurrence_reviewed_on}}, true)) AS a
        WHERE a.closed_on < {{recurrence_reviewed_on}}
     ), last AS MATERIALIZED (
       SELECT r.*, greatest(r.assured_on, r.unverified_on) AS closed_on,
              {{recurrence_closure}} AS closure
         FROM (SELECT q.bit, sum(s.actions) AS actions, sum(s.assured) AS closed_assured,
                      max(s.assured_on) AS assured_on, sum(s.unverified) AS closed_unverified,
                      max(s.unverified_on) AS unverified_on
                 FROM asked AS q
                 JOIN standing AS s ON s.themes & q.bit <> 0
                GROUP BY q.bit) AS r
     ), shown AS MATERIALIZED (
       SELECT a.id AS action_id, a.state AS closure, a.closed_on, its.themes
         FROM action AS a
         {{recurrence_themes}}
        WHERE a.closed_on = ANY (ARRAY(SELECT l.closed_on FROM last AS l))
          AND {{recurrence_agreed}}
       UNION ALL
       SELECT c.action_id, c.closure, c.closed_on, c.themes
         FROM closed_again AS c
        WHERE coalesce(c.until >= {{recurrence_reviewed_on}}, true)
     ), incidents_before AS MATERIALIZED (
       SELECT i.themes, count(*) AS incidents, max(i.happened_on) AS last_on
         FROM incident_line AS i
        WHERE i.happened_on < {{recurrence_reviewed_on}}
        GROUP BY i.themes
     ), reviews_before AS MATERIALIZED (
       SELECT v.themes, count(*) AS reviews
         FROM review_line AS v
        WHERE v.decided_on < {{recurrence_reviewed_on}}
        GROUP BY v.themes
     )
     SELECT q.id, q.label, q.kind,
            (SELECT coalesce(sum(i.incidents), 0) FROM incidents_before AS i WHERE i.themes & q.bit <> 0)
              AS incidents,
            (SELECT max(i.last_on) FROM incidents_before AS i WHERE i.themes & q.bit <> 0) AS last_on,
            (SELECT coalesce(sum(v.reviews), 0) FROM reviews_before AS v WHERE v.themes & q.bit <> 0)
              AS reviews,
            coalesce(l.actions, 0) AS actions, coalesce(l.closed_assured, 0) AS closed_assured,
            coalesce(l.closed_unverified, 0) AS closed_unverified, l.assured_on, l.unverified_on,
            l.closure, l.closed_on,
            (SELECT (min(s.action_id::text))::uuid
               FROM shown AS s
              WHERE s.closed_on = l.closed_on
                AND s.closure = l.closure
                AND s.themes & q.bit <> 0) AS action_id
       FROM asked AS q
       LEFT JOIN last AS l ON l.bit = q.bit) AS b
)
SELECT $1::uuid AS rapid_review_id,
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
                  'actions_before', j.actions,
                  'closed_assured_before', j.closed_assured,
                  'closed_unverified_before', j.closed_unverified,
                  'verdict', CASE
                    WHEN j.closed_on IS NOT NULL THEN 'recurred_after_closure'
                    WHEN j.incidents + j.reviews > 0 THEN 'found_before'
                    ELSE 'not_found_before'
                  END,
                  'days_between', q.happened_on - j.closed_on,
                  'closure', j.closure,
                  'closed_on', j.closed_on,
                  'action_link', '/v1/actions/' || j.action_id,
                  'days_after_assured', q.happened_on - j.assured_on,
                  'days_after_unverified', q.happened_on - j.unverified_on,
                  'criteria', array_remove(ARRAY[
                    CASE WHEN j.actions > 0 THEN 'c1_improvements' END,
                    CASE WHEN j.incidents + j.reviews > 0 THEN 'c2_recurrent_themes' END], NULL),
                  'link', '/v1/themes/' || j.id || '/recurrence')
                  ORDER BY j.closed_on IS NULL, j.incidents DESC, j.label)
           FROM judged AS j), '[]') AS themes
  FROM reviewed AS q;
