-- The report on themes.

-- name: theme_is_derivable
-- Whether a theme t is counted by the records of children on the day.
-- fragment
(t.derivation IS NOT NULL AND theme_is_in_use(t.used_from, t.retired_on, $1::date))

-- name: theme_follows
-- Whether a theme t follows from the facts f of a review's children.
-- fragment
CASE
       WHEN t.derivation = 'under_1' THEN f.under_1
       WHEN t.white_other_counts THEN f.minoritised
       ELSE f.minoritised_not_white
     END

-- name: led_to_reviews
-- How many incidents that were notified on a day led to reviews, by the day, from and to which days: what
-- rapid_reviews_by_year told of them then. Each counts once on a day, however many reviews it led to.
-- fragment
(SELECT s.notified_on, lower(s.span) AS led_on, upper(s.span) AS led_to, count(*) AS led
   FROM (SELECT i.notified_on, unnest(range_agg(daterange(i.led_on, i.led_to))) AS span
           FROM (SELECT r.id,
                        r.notified_on,
                        greatest(v.decided_on, r.notified_on) AS led_on,
                        (l.removed_at AT TIME ZONE 'Europe/London')::date AS led_to
                   FROM review AS v
                   JOIN review_incident AS l ON l.partnership_id = v.partnership_id AND l.review_id = v.id
                   JOIN rapid_review AS r ON r.partnership_id = l.partnership_id AND r.incident_id = l.incident_id
                  WHERE v.partnership_id = tenant()
                    AND {{is_lcspr}}
                    AND r.notified_on <= $1::date
                    AND (r.incident_id IN ({{incidents_of_others}})) IS FALSE
                    AND {{rapid_review_stands}}) AS i
          WHERE i.led_to IS NULL
             OR i.led_to > i.led_on
          GROUP BY i.id, i.notified_on) AS s
  GROUP BY s.notified_on, s.span) AS c

-- name: theme_facts
-- The counted reviews, and what the records of the children of each say: parts of a statement. The public
-- is told of as many as are told together.
-- fragment
decided AS MATERIALIZED (
  SELECT v.id, v.decided_on
    FROM {{counted_reviews}}),
told AS (
  SELECT CASE
           WHEN for_public()
           THEN (
             SELECT told_together_until((SELECT array_agg(v.decided_on) FROM decided AS v),
                      array_agg(c.notified_on), array_agg(c.led_on), array_agg(c.led_to),
                      array_agg(c.led))
               FROM {{led_to_reviews}})
         END AS until),
counted AS MATERIALIZED (
  SELECT v.id
    FROM decided AS v
   WHERE NOT for_public()
      OR v.decided_on <= (SELECT t.until FROM told AS t)),
fact AS MATERIALIZED (
  SELECT l.review_id,
         bool_or(child_has_theme('under_1', NULL, h.unborn, h.age_years, h.age_days, h.ethnicity))
           AS under_1,
         bool_or(child_has_theme('black_and_minoritised', true, h.unborn, h.age_years, h.age_days,
           h.ethnicity)) AS minoritised,
         bool_or(child_has_theme('black_and_minoritised', false, h.unborn, h.age_years, h.age_days,
           h.ethnicity)) AS minoritised_not_white
    FROM counted AS v
    JOIN review_incident AS l ON l.review_id = v.id
    JOIN child AS h ON h.partnership_id = l.partnership_id AND h.incident_id = l.incident_id
   WHERE l.partnership_id = tenant()
     AND link_stands(l.removed_at, $1::date)
   GROUP BY l.review_id)

-- name: theme_codings
-- What a theme t was coded in on the day.
-- fragment
review_theme AS k
         WHERE k.partnership_id = tenant()
           AND k.theme_id = t.id
           AND coding_stands(k.coded_on, k.removed_on, $1::date)

-- name: report_themes
-- How many of the counted reviews have each theme: every theme of the partnership's own sets that is in
-- use on the day, and each other one that any of them has. Theme by theme, because there are few, and
-- each has its place in an index.
-- $1 as_of, $2 year, $3 from, $4 to, $5 set, $6 kind
WITH {{theme_facts}},
base AS (
  SELECT count(*) AS reviews
    FROM counted),
tally AS MATERIALIZED (
  SELECT t.id,
         t.label,
         t.kind,
         t.set_id,
         t.used_from,
         t.retired_on,
         {{theme_is_derivable}} AS is_derivable,
         (SELECT count(*)
            FROM {{theme_codings}}
             AND k.review_id IN (SELECT v.id FROM counted AS v)) AS coded,
         CASE
           WHEN {{theme_is_derivable}}
           THEN (SELECT count(*) FROM fact AS f WHERE {{theme_follows}})
         END AS derived,
         CASE
           WHEN {{theme_is_derivable}}
           THEN (
             SELECT count(*)
               FROM {{theme_codings}}
                AND k.review_id IN (SELECT f.review_id FROM fact AS f WHERE {{theme_follows}}))
         END AS coded_too
    FROM theme AS t
   WHERE t.partnership_id = tenant()),
line AS (
  SELECT t.id,
         t.label,
         t.kind,
         concat_ws(' ', s.code, s.edition) AS set,
         s.is_national,
         coalesce(t.derived, t.coded) AS count,
         CASE
           WHEN NOT for_public() THEN t.coded + t.derived - 2 * t.coded_too
         END AS disagreements
    FROM tally AS t
    JOIN theme_set AS s ON s.partnership_id = tenant() AND s.id = t.set_id
   WHERE ($5::text IS NULL OR s.code = $5::text)
     AND ($6::text IS NULL OR t.kind = $6::text)
     AND (t.coded > 0
       OR t.derived > 0
       OR NOT s.is_national AND theme_is_in_use(t.used_from, t.retired_on, $1::date)))
SELECT 'row' AS "_part",
       l.label AS "_row",
       NULL AS "_note",
       l.label AS theme,
       l.kind,
       l.set,
       l.count,
       b.reviews AS denominator,
       percent_of(l.count, b.reviews) AS percent,
       l.disagreements,
       NULL::numeric AS themes_per_review,
       l.id AS theme_id,
       l.id AS row,
       '/v1/themes/' || l.id AS link,
       -- The order would tell the public which of two hidden counts is the larger.
       CASE WHEN NOT for_public() THEN l.count END AS "_order"
  FROM line AS l
 CROSS JOIN base AS b
UNION ALL
SELECT 'total', NULL, NULL, NULL, NULL, NULL,
       CASE WHEN NOT for_public() THEN coalesce(sum(l.count), 0)::bigint END, b.reviews, NULL,
       sum(l.disagreements)::bigint,
       CASE
         WHEN NOT for_public() THEN round(coalesce(sum(l.count), 0) / nullif(b.reviews, 0), 2)
       END, NULL, NULL, NULL, NULL
  FROM base AS b
  LEFT JOIN line AS l ON true
 GROUP BY b.reviews
UNION ALL
SELECT 'note', NULL,
       format('%s: what was coded of %s is not what the records of the children say.',
         l.label, CASE l.disagreements WHEN 1 THEN '1 review' ELSE l.disagreements || ' reviews' END),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM line AS l
 WHERE l.disagreements > 0
UNION ALL
SELECT 'note', NULL,
       format('Told are reviews decided on by %s: others are told later, at least %s together.',
         to_char(t.until, 'FMDD FMMonth YYYY'), told_together_least()),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM told AS t
 WHERE t.until < $1::date
 ORDER BY 1 DESC, "_order" DESC NULLS LAST, theme;

-- name: report_themes_records
-- The reviews behind a figure; of a row by its theme's label or id.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 figure, $7 limit, $8 after_key
WITH {{theme_facts}},
wanted AS MATERIALIZED (
  SELECT t.id, t.derivation, t.white_other_counts, {{theme_is_derivable}} AS is_derivable
    FROM theme AS t
   WHERE t.partnership_id = tenant()
     AND ($5::text IS NULL OR t.label = $5::text OR t.id::text = $5::text)),
found AS MATERIALIZED (
  SELECT k.review_id, t.id AS theme_id, t.is_derivable, true AS coded, false AS derived
    FROM wanted AS t
   CROSS JOIN LATERAL (
     SELECT k.review_id
       FROM {{theme_codings}}) AS k
  UNION ALL
  SELECT f.review_id, t.id, true, false, true
    FROM wanted AS t
    JOIN fact AS f ON {{theme_follows}}
   WHERE t.is_derivable),
of_the_figure AS MATERIALIZED (
  SELECT DISTINCT f.review_id
    FROM (SELECT f.review_id, f.theme_id
            FROM found AS f
           GROUP BY f.review_id, f.theme_id, f.is_derivable
          HAVING CASE
                   WHEN NOT f.is_derivable THEN true
                   WHEN $6::text = 'disagreements' THEN bool_or(f.coded) <> bool_or(f.derived)
                   ELSE bool_or(f.derived)
                 END) AS f)
SELECT 'review' AS kind,
       v.id,
       v.reference,
       '/v1/reviews/' || v.id AS link,
       v.reference AS "_key"
  FROM counted AS c
  JOIN review AS v ON v.partnership_id = tenant() AND v.id = c.id
 WHERE ($8::text IS NULL OR v.reference > $8::text)
   AND ($6::text = 'denominator' OR $5::text IS NULL AND $6::text IS NULL
     OR v.id IN (SELECT h.review_id FROM of_the_figure AS h))
 ORDER BY v.reference
 LIMIT $7::integer;
