-- What the reports of the partnership share. Every report's statement is asked as of a day: what
-- happened later is left out. Its rows have "_part" (row, total or note), and each part its columns;
-- "_row" names a row for the records behind it.

-- name: report_audience
-- Whom what follows is for.
-- $1 audience
SELECT set_config('app.audience', coalesce($1::text, ''), true);

-- name: planned_by_indexes
-- What every statement that counts much is planned with. It is planned anew for what it is asked with: that
-- takes a few milliseconds, and a plan for any values, which a session would keep, took up to twice as long
-- to carry out (on 100,000 incidents the action tracker 584 ms of a processor and not 340, rapid reviews by
-- year 409 and not 201). And an index leads through the partnership's part of a table, where the planner
-- would read all of it, wide as it is.
-- fragment
set_config('plan_cache_mode', 'force_custom_plan', true) AS planned,
set_config('enable_seqscan', 'off', true) AS whole_tables

-- name: planned_for_sets
-- The planner takes row-level security to leave a few rows of each table, and would look up every row of
-- the next one by itself, where there are tens of thousands.
-- fragment
{{planned_by_indexes}},
set_config('enable_nestloop', 'off', true) AS nested_loops

-- name: report_joins_whole_tables
-- For reports that do. Measured on 100,000 incidents: less than half the time.
SELECT {{planned_for_sets}},
       set_config('work_mem', '16MB', true) AS memory;

-- name: report_of_a_period
-- For reports that find by its days what belongs to a period, and say what they look up for it. What is
-- read lies in memory, so that the planner has to weigh how many rows it looks at, and not how many pages.
SELECT {{planned_for_sets}},
       set_config('random_page_cost', '0.1', true) AS cost,
       set_config('seq_page_cost', '0.1', true) AS cost_in_turn,
       set_config('work_mem', '16MB', true) AS memory;

-- name: incidents_of_others
-- Those that we only contribute to or are informed of. They are the fewer: what is counted is asked not
-- to be of one of them, because all of ours would be more to read.
-- fragment
SELECT o.id
  FROM incident AS o
 WHERE o.partnership_id = tenant()
   AND o.our_role <> 'lead'

-- name: report_period
-- The days that are reported on.
-- fragment
(SELECT coalesce($3::date, reporting_year_starts($2::text), '-infinity') AS starts_on,
        coalesce($4::date, reporting_year_ends($2::text), 'infinity') AS ends_on) AS period

-- name: rapid_review_stands
-- Whether a rapid review r had not lapsed by the day, or was taken up again. Those that had are few and found
-- by an index of their own, and the log is asked of them alone, by a subquery: a join would read all of it.
-- fragment
r.id NOT IN (
  SELECT t.subject_id
    FROM transition AS t
   WHERE t.partnership_id = tenant()
     AND t.to_state = 'lapsed'
     AND t.happened_on <= $1::date
     AND t.id = (
       SELECT max(later.id)
         FROM transition AS later
        WHERE later.partnership_id = t.partnership_id
          AND later.subject_id = t.subject_id
          AND later.happened_on <= $1::date))

-- name: is_lcspr
-- Whether a review v is a local child safeguarding practice review, decided on by the day.
-- fragment
v.type = 'lcspr'
AND v.decided_on <= $1::date

-- name: counted_rapid_reviews
-- The rapid reviews that count as ours on the day: of an incident that we lead, and not lapsed by
-- then. An incident has one at a time, so that a row is an incident too. Each is of the reporting
-- year of its notification, because that is what is reported, and not when the incident occurred.
-- fragment
(SELECT r.id,
        r.incident_id,
        r.notified_on,
        reporting_year(r.notified_on) AS year,
        EXISTS (
          SELECT
            FROM review_incident AS l
            JOIN review AS v ON v.partnership_id = l.partnership_id AND v.id = l.review_id
           WHERE l.partnership_id = r.partnership_id
             AND l.incident_id = r.incident_id
             AND link_stands(l.removed_at, $1::date)
             AND {{is_lcspr}}) AS led_to_lcspr
   FROM {{report_period}}
   JOIN rapid_review AS r ON r.notified_on BETWEEN period.starts_on AND period.ends_on
  WHERE r.partnership_id = tenant()
    AND r.notified_on <= $1::date
    AND (r.incident_id IN ({{incidents_of_others}})) IS FALSE
    AND {{rapid_review_stands}}) AS c

-- name: report_rapid_reviews_by_year
-- Table 1 of a report to a scrutiny board: rapid reviews of each reporting year and how many of
-- their incidents led to a local child safeguarding practice review. Years without any stand
-- between those that have some.
-- $1 as_of, $2 year, $3 from, $4 to
WITH by_day AS MATERIALIZED (
  SELECT c.notified_on, count(*) AS rapid_reviews, count(*) FILTER (WHERE c.led_to_lcspr) AS lcsprs
    FROM {{counted_rapid_reviews}}
   GROUP BY c.notified_on),
counted AS MATERIALIZED (
  SELECT reporting_year(d.notified_on) AS year, sum(d.rapid_reviews) AS rapid_reviews,
         sum(d.lcsprs) AS lcsprs
    FROM by_day AS d
   GROUP BY 1),
years AS (
  SELECT reporting_year(y::date) AS year
    FROM (SELECT min(reporting_year_starts(c.year)) AS first,
                 max(reporting_year_starts(c.year)) AS last
            FROM counted AS c) AS bounds,
         generate_series(bounds.first, bounds.last, interval '1 year') AS y)
SELECT CASE WHEN grouping(y.year) = 0 THEN 'row' ELSE 'total' END AS "_part",
       y.year AS "_row",
       y.year,
       coalesce(sum(c.rapid_reviews), 0)::bigint AS rapid_reviews,
       coalesce(sum(c.lcsprs), 0)::bigint AS lcsprs,
       percent_of(sum(c.lcsprs)::bigint, sum(c.rapid_reviews)::bigint) AS percent,
       CASE WHEN grouping(y.year) = 0 THEN reporting_year_ends(y.year) > $1::date END AS part_year
  FROM years AS y
  LEFT JOIN counted AS c ON c.year = y.year
 GROUP BY GROUPING SETS ((y.year), ())
 ORDER BY y.year NULLS LAST;

-- name: report_rapid_reviews_by_year_records
-- The rapid reviews behind a figure.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 figure, $7 limit, $8 after_key
SELECT 'rapid_review' AS kind,
       c.id,
       i.local_ref AS reference,
       '/v1/rapid-reviews/' || c.id AS link,
       i.local_ref AS "_key"
  FROM {{counted_rapid_reviews}}
  JOIN incident AS i ON i.partnership_id = tenant() AND i.id = c.incident_id
 WHERE ($5::text IS NULL OR c.year = $5::text)
   AND ($6::text IS DISTINCT FROM 'lcsprs' OR c.led_to_lcspr)
   AND ($8::text IS NULL OR i.local_ref > $8::text)
 ORDER BY i.local_ref
 LIMIT $7::integer;
