-- National figures, and the partnership's own held against them.

-- name: benchmark_figures
-- Every national figure, those that the partnership added too: the latest of the same key, base and
-- period.
-- fragment
(SELECT DISTINCT ON (f.key, f.base, f.period_from) f.id, f.key, f.label, f.base, f.percent, f.count,
        f.n, f.qualifier, f.period_from, f.period_to, f.source, f.created_at,
        f.created_at IS NOT NULL AS own
   FROM (
     SELECT b.id, b.key, b.label, b.base, b.percent, b.count, b.n, b.qualifier, b.period_from,
            b.period_to, b.source, b.created_at
       FROM benchmark AS b
      WHERE b.partnership_id = tenant()
     UNION ALL
     SELECT a.id, a.key, a.label, a.base, a.percent, a.count, a.n, a.qualifier, a.period_from,
            a.period_to, a.source, NULL
       FROM national_benchmark AS a) AS f
  ORDER BY f.key, f.base, f.period_from, f.created_at DESC NULLS LAST, f.id) AS b

-- name: benchmark_columns
-- fragment
b.id,
b.key,
b.label,
b.base,
b.percent,
b.count,
b.n,
b.qualifier,
b.period_from,
b.period_to,
b.source,
b.own

-- name: benchmark_list
-- By key, base and period.
-- $1 limit (one more than the page), $2 after_key, $3 key
SELECT {{benchmark_columns}},
       concat_ws(' ', b.key, b.base, b.period_from) AS "_key"
  FROM {{benchmark_figures}}
 WHERE ($2::text IS NULL OR concat_ws(' ', b.key, b.base, b.period_from) > $2::text)
   AND ($3::text IS NULL OR b.key = $3::text)
 ORDER BY concat_ws(' ', b.key, b.base, b.period_from)
 LIMIT $1::integer;

-- name: benchmark_get
-- One, also where another has taken its place.
-- stored
-- $1 benchmark_id
SELECT {{benchmark_columns}}
  FROM (
    SELECT f.id, f.key, f.label, f.base, f.percent, f.count, f.n, f.qualifier, f.period_from,
           f.period_to, f.source, true AS own
      FROM benchmark AS f
     WHERE f.partnership_id = tenant()
       AND f.id = $1::uuid
    UNION ALL
    SELECT a.id, a.key, a.label, a.base, a.percent, a.count, a.n, a.qualifier, a.period_from,
           a.period_to, a.source, false
      FROM national_benchmark AS a
     WHERE a.id = $1::uuid) AS b;

-- name: benchmark_insert
-- $1 benchmark_id, $2 record (json object)
INSERT INTO benchmark (partnership_id, id, version, key, label, base, percent, count, n, qualifier,
  period_from, period_to, source)
SELECT tenant(), $1::uuid, 1, b.key, b.label, b.base, b.percent, b.count, b.n, b.qualifier,
       b.period_from, b.period_to, b.source
  FROM jsonb_populate_record(NULL::benchmark, $2::jsonb) AS b;

-- name: report_gathers
-- For the report that gathers all there is of each incident: the planner, which does not know how many of
-- them are a partnership's, would hash or sort what indexes have in order already.
SELECT {{planned_for_sets}},
       set_config('enable_hashjoin', 'off', true) AS hash_joins,
       set_config('enable_hashagg', 'off', true) AS hash_groups,
       set_config('enable_bitmapscan', 'off', true) AS bitmaps,
       set_config('random_page_cost', '0.1', true) AS cost,
       set_config('seq_page_cost', '0.1', true) AS cost_in_turn,
       set_config('work_mem', '32MB', true) AS memory;

-- name: benchmark_child_flags
-- What national figures ask of a child h, as bits: 4 known to social care, 8 on a child protection plan,
-- 16 looked after, 32 with mental ill health, 64 in a gang or county lines.
-- fragment
CASE h.csc_status
  WHEN 'cp_plan' THEN 12
  WHEN 'lac' THEN 20
  WHEN 'cin_plan' THEN 4
  WHEN 'referral_or_assessment' THEN 4
  WHEN 'care_leaver' THEN 4
  ELSE 0
END
  | CASE WHEN h.cp_plan = 'current' THEN 8 ELSE 0 END
  | CASE WHEN h.lac_status = 'current' THEN 16 ELSE 0 END
  | CASE WHEN h.mental_health_condition = 'yes' THEN 32 ELSE 0 END
  | CASE WHEN 'gang_or_county_lines' = ANY (h.flags) THEN 64 ELSE 0 END

-- name: benchmark_child_tally
-- One child h, whether aged under one (in 2^21s), whether 15 to 17 (in 2^42s), which no age_band() is.
-- fragment
CASE
  WHEN h.unborn THEN 1
  WHEN h.age_years BETWEEN 15 AND 17 THEN (1::bigint << 42) + 1
  WHEN age_band(h.unborn, h.age_years, h.age_days) = 'under_1' THEN (1::bigint << 21) + 1
  ELSE 1
END

-- name: benchmark_facts
-- Each serious incident that we notified in the period, with what national figures say of such ones.
-- Whether it is counted: a notification that was withdrawn stays a notification, and is no incident; of such
-- a one the age of its index child alone is told. All of it stands in one number, because a count that asks
-- for several columns takes as long as finding them did. Each set comes in the order of incidents from an
-- index that has all that is asked of it, so that nothing is sorted and no table is looked at; most incidents
-- have one child, so that only the others are added up. Of the rapid review's clock, as it stood, the first
-- time that it was submitted counts; one that was cancelled since stood until then.
-- fragment
(SELECT f.incident_id,
        f.tally,
        f.facts & 1 > 0 AS is_counted,
        f.facts & 4 > 0 AS known,
        f.facts & 8 > 0 AS cp_plan,
        f.facts & 16 > 0 AS looked_after,
        f.facts & 32 > 0 AS mental_ill_health,
        f.facts & 64 > 0 AS gang,
        f.facts & 128 > 0 AS neglect,
        f.facts & 256 > 0 AS non_accidental_injury,
        f.facts & 512 > 0 AS risk_taking,
        f.facts & 1024 > 0 AS serious_harm,
        f.facts & 2048 > 0 AS is_on_time,
        f.facts & 4096 > 0 AS is_judged,
        f.facts & 8192 > 0 AS aged_6_to_10,
        f.facts & 16384 > 0 AS aged_11_to_15,
        f.facts & 32768 > 0 AS aged_16_to_17,
        f.tally >> 21 & 2097151 > 0 AS has_under_1,
        f.tally >> 42 > 0 AS has_15_to_17
   FROM (
     SELECT i.id AS incident_id,
            CASE
              WHEN r.incident_id IS NULL THEN 0
              ELSE 1 | coalesce(h.flags, 0) | coalesce(o.flags, 0)
                | CASE WHEN 'neglect' = ANY (i.harm_types) THEN 128 ELSE 0 END
                | CASE WHEN 'non_accidental_injury' = ANY (i.harm_types) THEN 256 ELSE 0 END
                | CASE WHEN 'risk_taking_or_violent_behaviour' = ANY (i.harm_types) THEN 512 ELSE 0 END
                | CASE WHEN coalesce(n.nature_as_notified, i.nature) = 'serious_harm' THEN 1024 ELSE 0 END
                | CASE
                    WHEN t.done_on <= coalesce(t.due_on, t.cancelled_due_on) THEN 6144
                    WHEN t.done_on IS NOT NULL OR coalesce(t.due_on, t.cancelled_due_on) < $1::date THEN 4096
                    ELSE 0
                  END
            END | coalesce(h.band, 0) AS facts,
            CASE
              WHEN r.incident_id IS NULL THEN 0
              ELSE coalesce(h.tally, 0) + coalesce(o.tally, 0)
            END AS tally
       FROM {{report_period}}
       JOIN notification AS n ON n.notified_on BETWEEN period.starts_on AND period.ends_on
       JOIN incident AS i ON i.partnership_id = tenant() AND i.id = n.incident_id
       LEFT JOIN (
         SELECT DISTINCT c.incident_id
           FROM {{counted_rapid_reviews}}) AS r ON r.incident_id = i.id
       LEFT JOIN (
         SELECT h.incident_id, {{benchmark_child_flags}} AS flags, {{benchmark_child_tally}} AS tally,
                CASE age_band(h.unborn, h.age_years, h.age_days)
                  WHEN '6_to_10' THEN 8192
                  WHEN '11_to_15' THEN 16384
                  WHEN '16_to_17' THEN 32768
                END AS band
           FROM child AS h
          WHERE h.partnership_id = tenant()
            AND h.index_child
         OFFSET 0) AS h ON h.incident_id = i.id
       LEFT JOIN (
         SELECT h.incident_id, bit_or({{benchmark_child_flags}}) AS flags,
                sum({{benchmark_child_tally}})::bigint AS tally
           FROM child AS h
          WHERE h.partnership_id = tenant()
            AND NOT h.index_child
          GROUP BY h.incident_id) AS o ON o.incident_id = i.id
       LEFT JOIN (
         SELECT t.incident_id,
                max(t.due_on) FILTER (WHERE t.cancelled_at IS NULL) AS due_on,
                max(t.due_on) FILTER (WHERE t.cancelled_at IS NOT NULL) AS cancelled_due_on,
                min(t.completed_on) FILTER (WHERE t.completed_on <= $1::date) AS done_on
           FROM clock AS t
          WHERE t.partnership_id = tenant()
            AND t.kind = 'rapid_review'
            AND t.superseded_at IS NULL
          GROUP BY t.incident_id) AS t ON t.incident_id = i.id
      WHERE n.partnership_id = tenant()
        AND n.kind = 'serious_incident'
        AND n.notified_on <= $1::date
        AND (i.our_role IS NULL OR i.our_role = 'lead')
     OFFSET 0) AS f) AS f

-- name: report_benchmarks
-- The partnership's own share held against each national figure, on the same base.
-- $1 as_of, $2 year, $3 from, $4 to, $5 force
WITH tallied AS MATERIALIZED (
  SELECT count(*) AS notifications,
         count(*) FILTER (WHERE f.aged_6_to_10) AS aged_6_to_10,
         count(*) FILTER (WHERE f.aged_11_to_15) AS aged_11_to_15,
         count(*) FILTER (WHERE f.aged_16_to_17) AS aged_16_to_17,
         count(*) FILTER (WHERE f.is_counted) AS incidents,
         coalesce(sum(f.tally), 0)::bigint AS tally,
         count(*) FILTER (WHERE f.known) AS known,
         count(*) FILTER (WHERE f.cp_plan) AS cp_plan,
         count(*) FILTER (WHERE f.looked_after) AS looked_after,
         count(*) FILTER (WHERE f.neglect) AS neglect,
         count(*) FILTER (WHERE f.mental_ill_health) AS mental_ill_health,
         count(*) FILTER (WHERE f.risk_taking) AS risk_taking,
         count(*) FILTER (WHERE f.risk_taking AND f.gang) AS gang,
         count(*) FILTER (WHERE f.serious_harm) AS serious_harm,
         count(*) FILTER (WHERE f.serious_harm AND f.non_accidental_injury) AS non_accidental_injury,
         count(*) FILTER (WHERE f.non_accidental_injury AND f.has_under_1) AS under_1_injured,
         count(*) FILTER (WHERE f.is_judged) AS judged,
         count(*) FILTER (WHERE f.is_on_time) AS on_time
    FROM {{benchmark_facts}}),
summed AS (
  SELECT t.*,
         t.tally & 2097151 AS children,
         t.tally >> 21 & 2097151 AS under_1,
         t.tally >> 42 AS aged_15_to_17
    FROM tallied AS t),
reviews AS MATERIALIZED (
  SELECT v.id
    FROM {{counted_reviews}}),
-- Themes are few, and each has its place in an index.
local AS MATERIALIZED (
  SELECT l.key, l.base, l.count, l.n
    FROM summed AS s,
         LATERAL (VALUES
           ('rapid_review_within_15_working_days', 'rapid_reviews', s.on_time, s.judged),
           ('under_1_non_accidental_injury', 'rapid_reviews', s.under_1_injured, s.incidents),
           ('known_to_childrens_social_care', 'rapid_reviews', s.known, s.incidents),
           ('child_protection_plan', 'rapid_reviews', s.cp_plan, s.incidents),
           ('looked_after', 'rapid_reviews', s.looked_after, s.incidents),
           ('serious_incident_notifications', 'notifications', s.notifications, NULL),
           ('aged_6_to_10', 'notifications', s.aged_6_to_10, s.notifications),
           ('aged_11_to_15', 'notifications', s.aged_11_to_15, s.notifications),
           ('aged_16_to_17', 'notifications', s.aged_16_to_17, s.notifications),
           ('incidents_notified', 'incidents', s.incidents, NULL),
           ('children_notified', 'children', s.children, NULL),
           ('children_under_1', 'children', s.under_1, s.children),
           ('children_15_to_17', 'children', s.aged_15_to_17, s.children),
           ('neglect', 'incidents', s.neglect, s.incidents),
           ('child_mental_ill_health', 'incidents', s.mental_ill_health, s.incidents),
           ('risk_taking_or_violent_behaviour', 'incidents', s.risk_taking, s.incidents),
           ('gang_or_county_lines', 'risk_taking_or_violent_behaviour_incidents', s.gang,
             s.risk_taking),
           ('non_accidental_injury', 'serious_harm_incidents', s.non_accidental_injury,
             s.serious_harm)
         ) AS l (key, base, count, n)
  UNION ALL
  SELECT t.code, 'reviews', (
           SELECT count(DISTINCT k.review_id)
             FROM review_theme AS k
            WHERE k.partnership_id = tenant()
              AND k.theme_id = ANY (t.ids)
              AND k.review_id IN (SELECT v.id FROM reviews AS v)
              AND coding_stands(k.coded_on, k.removed_on, $1::date)),
         (SELECT count(*) FROM reviews)
    FROM (
      SELECT t.code, array_agg(t.id) AS ids
        FROM theme AS t
       WHERE t.partnership_id = tenant()
         AND t.code IN (SELECT b.key FROM {{benchmark_figures}})
       GROUP BY t.code) AS t),
held AS (
  SELECT b.id, b.key, b.label, b.base, coalesce(b.percent, percent_of(b.count, b.n)) AS percent,
         b.count, b.n, b.qualifier, b.period_from, b.period_to, b.source,
         l.base AS local_base, l.count AS local_count, l.n AS local_n,
         CASE
           WHEN l.key IS NULL THEN 'not_recorded'
           WHEN l.n IS NULL OR b.n IS NULL AND b.percent IS NULL THEN 'no_share'
           WHEN l.base <> b.base THEN 'bases_differ'
           WHEN l.n < 5 THEN 'too_few'
         END AS refusal
    FROM {{benchmark_figures}}
    LEFT JOIN LATERAL (
      SELECT o.key, o.base, o.count, o.n
        FROM local AS o
       WHERE o.key = b.key
       ORDER BY o.base <> b.base, o.base
       LIMIT 1) AS l ON true),
forced AS (
  SELECT h.*,
         coalesce($5::boolean AND h.refusal IN ('bases_differ', 'too_few') AND h.local_n > 0, false)
           AS is_forced
    FROM held AS h)
SELECT 'row' AS "_part",
       f.key AS "_row",
       f.key,
       f.label,
       f.base,
       f.percent AS national_percent,
       f.qualifier,
       f.count AS national_count,
       f.n AS national_n,
       f.period_from || ' to ' || f.period_to AS period,
       f.source,
       f.local_base,
       f.local_count,
       f.local_n,
       CASE WHEN f.refusal IS NULL OR f.is_forced THEN percent_of(f.local_count, f.local_n) END
         AS local_percent,
       CASE
         WHEN f.refusal IS NULL OR f.is_forced
         THEN percent_of(f.local_count, f.local_n) - f.percent
       END AS difference,
       f.refusal IS NULL OR f.is_forced AS compared,
       f.is_forced AS forced,
       f.refusal,
       '/v1/benchmarks/' || f.id AS link,
       NULL AS "_note"
  FROM forced AS f
UNION ALL
SELECT 'note', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL,
       'Forced: ' || string_agg(DISTINCT f.key, ', ' ORDER BY f.key)
         || ' would be refused and is compared because that was asked for.'
  FROM forced AS f
 WHERE f.is_forced
HAVING count(*) > 0
 ORDER BY 1 DESC, 2, 5, 10;

-- name: benchmark_keys
-- The figures that incidents and children are counted for; the others are themes' of reviews.
-- fragment
'{rapid_review_within_15_working_days,under_1_non_accidental_injury,known_to_childrens_social_care,
  child_protection_plan,looked_after,serious_incident_notifications,aged_6_to_10,aged_11_to_15,
  aged_16_to_17,incidents_notified,children_notified,children_under_1,children_15_to_17,neglect,
  child_mental_ill_health,risk_taking_or_violent_behaviour,gang_or_county_lines,
  non_accidental_injury}'::text[]

-- name: report_benchmarks_records
-- The incidents behind a local figure, or the reviews where it is a theme's: those counted, or with another
-- figure all of its base.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 figure, $7 limit, $8 after_key
SELECT 'incident' AS kind,
       f.incident_id AS id,
       w.local_ref AS reference,
       '/v1/incidents/' || f.incident_id AS link,
       w.local_ref AS "_key"
  FROM {{benchmark_facts}}
  JOIN incident AS w ON w.partnership_id = tenant() AND w.id = f.incident_id
 WHERE ($8::text IS NULL OR w.local_ref > $8::text)
   AND ($5::text IS NULL OR $5::text = ANY ({{benchmark_keys}}))
   AND CASE
         WHEN $5::text IN ('aged_6_to_10', 'aged_11_to_15', 'aged_16_to_17',
           'serious_incident_notifications') THEN true
         WHEN $5::text = 'non_accidental_injury' THEN f.serious_harm
         WHEN $5::text = 'gang_or_county_lines' THEN f.risk_taking
         WHEN $5::text = 'rapid_review_within_15_working_days' THEN f.is_judged
         ELSE f.is_counted
       END
   AND CASE
         WHEN $6::text IS DISTINCT FROM 'local_count' THEN true
         WHEN $5::text = 'aged_6_to_10' THEN f.aged_6_to_10
         WHEN $5::text = 'aged_11_to_15' THEN f.aged_11_to_15
         WHEN $5::text = 'aged_16_to_17' THEN f.aged_16_to_17
         WHEN $5::text = 'under_1_non_accidental_injury'
           THEN f.non_accidental_injury AND f.has_under_1
         WHEN $5::text = 'known_to_childrens_social_care' THEN f.known
         WHEN $5::text = 'child_protection_plan' THEN f.cp_plan
         WHEN $5::text = 'looked_after' THEN f.looked_after
         WHEN $5::text = 'rapid_review_within_15_working_days' THEN f.is_on_time
         WHEN $5::text = 'children_under_1' THEN f.has_under_1
         WHEN $5::text = 'children_15_to_17' THEN f.has_15_to_17
         WHEN $5::text = 'neglect' THEN f.neglect
         WHEN $5::text = 'child_mental_ill_health' THEN f.mental_ill_health
         WHEN $5::text = 'risk_taking_or_violent_behaviour' THEN f.risk_taking
         WHEN $5::text = 'gang_or_county_lines' THEN f.gang
         WHEN $5::text = 'non_accidental_injury' THEN f.non_accidental_injury
         ELSE true
       END
UNION ALL
SELECT 'review', v.id, v.reference, '/v1/reviews/' || v.id, v.reference
  FROM {{counted_reviews}}
 WHERE $5::text <> ALL ({{benchmark_keys}})
   AND ($8::text IS NULL OR v.reference > $8::text)
   AND ($6::text IS DISTINCT FROM 'local_count' OR EXISTS (
     SELECT
       FROM review_theme AS k
       JOIN theme AS t ON t.partnership_id = tenant() AND t.id = k.theme_id
      WHERE k.partnership_id = tenant()
        AND k.review_id = v.id
        AND t.code = $5::text
        AND coding_stands(k.coded_on, k.removed_on, $1::date)))
 ORDER BY 5
 LIMIT $7::integer;
