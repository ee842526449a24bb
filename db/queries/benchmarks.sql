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
-- them are a partnership's, would sort where a hash does.
SELECT {{planned_for_sets}},
       set_config('enable_sort', 'off', true) AS sorts,
       set_config('work_mem', '32MB', true) AS memory;

-- name: benchmark_child_flags
-- What national figures ask of a child h, as bits: 4 known to social care, 8 on a child protection plan,
-- 16 looked after, 32 with mental ill health, 64 in a gang or county lines; and of the index child 128
-- aged 6 to 10, 256 11 to 15, 512 16 to 17.
-- fragment
CASE WHEN h.csc_status IN ('referral_or_assessment', 'cin_plan', 'cp_plan', 'lac', 'care_leaver')
     THEN 4 ELSE 0 END
  | CASE WHEN h.cp_plan = 'current' OR h.csc_status = 'cp_plan' THEN 8 ELSE 0 END
  | CASE WHEN h.lac_status = 'current' OR h.csc_status = 'lac' THEN 16 ELSE 0 END
  | CASE WHEN h.mental_health_condition = 'yes' THEN 32 ELSE 0 END
  | CASE WHEN h.flags @> '{gang_or_county_lines}' THEN 64 ELSE 0 END
  | CASE
      WHEN h.index_child THEN
        CASE age_band(h.unborn, h.age_years, h.age_days)
          WHEN '6_to_10' THEN 128
          WHEN '11_to_15' THEN 256
          WHEN '16_to_17' THEN 512
          ELSE 0
        END
      ELSE 0
    END

-- name: benchmark_child_tally
-- One child h, whether aged under one (in thousands), whether 15 to 17 (in millions), which no age_band() is.
-- fragment
CASE
  WHEN h.unborn THEN 1
  WHEN h.age_years BETWEEN 15 AND 17 THEN 1000001
  WHEN age_band(h.unborn, h.age_years, h.age_days) = 'under_1' THEN 1001
  ELSE 1
END

-- name: benchmark_facts
-- Each serious incident that we notified in the period, with what national figures say of such ones.
-- Whether it is counted: a notification that was withdrawn stays a notification, and is no incident.
-- What belongs to an incident is narrow and comes together in one pass: joined table by table, each would
-- be put in order by incident anew. Of the flags 1 says that it was notified and 2 that it is counted. Of
-- its rapid review's clock, as it stood, the first time that it was submitted counts; one that was
-- cancelled since stood until then.
-- fragment
(SELECT f.incident_id,
        i.local_ref,
        f.flags & 2 > 0 AS is_counted,
        coalesce(f.nature_as_notified, i.nature) AS nature,
        coalesce(i.harm_types @> '{neglect}', false) AS neglect,
        coalesce(i.harm_types @> '{non_accidental_injury}', false) AS non_accidental_injury,
        coalesce(i.harm_types @> '{risk_taking_or_violent_behaviour}', false) AS risk_taking,
        f.tally % 1000 AS children,
        f.tally / 1000 % 1000 AS children_under_1,
        f.tally / 1000000 AS children_15_to_17,
        CASE
          WHEN f.flags & 128 > 0 THEN '6_to_10'
          WHEN f.flags & 256 > 0 THEN '11_to_15'
          WHEN f.flags & 512 > 0 THEN '16_to_17'
        END AS index_band,
        f.flags & 4 > 0 AS known,
        f.flags & 8 > 0 AS cp_plan,
        f.flags & 16 > 0 AS looked_after,
        f.flags & 32 > 0 AS mental_ill_health,
        f.flags & 64 > 0 AS gang,
        f.done_on <= coalesce(f.due_on, f.cancelled_due_on) AS is_on_time,
        f.done_on IS NOT NULL OR coalesce(f.due_on, f.cancelled_due_on) < $1::date AS is_judged
   FROM (
     SELECT f.incident_id, bit_or(f.flags) AS flags, coalesce(sum(f.tally), 0) AS tally,
            max(f.nature_as_notified) AS nature_as_notified, max(f.due_on) AS due_on,
            max(f.cancelled_due_on) AS cancelled_due_on, min(f.done_on) AS done_on
       FROM (
         SELECT n.incident_id, 1 AS flags, NULL::integer AS tally, n.nature_as_notified,
                NULL::date AS due_on, NULL::date AS cancelled_due_on, NULL::date AS done_on
           FROM {{report_period}}
           JOIN notification AS n ON n.notified_on BETWEEN period.starts_on AND period.ends_on
          WHERE n.partnership_id = tenant()
            AND n.kind = 'serious_incident'
            AND n.notified_on <= $1::date
         UNION ALL
         SELECT c.incident_id, 2, NULL, NULL, NULL, NULL, NULL
           FROM {{counted_rapid_reviews}}
         UNION ALL
         SELECT h.incident_id, {{benchmark_child_flags}}, {{benchmark_child_tally}}, NULL, NULL, NULL, NULL
           FROM child AS h
          WHERE h.partnership_id = tenant()
         UNION ALL
         SELECT t.incident_id, 0, NULL, NULL,
                CASE WHEN t.cancelled_at IS NULL THEN t.due_on END,
                CASE WHEN t.cancelled_at IS NOT NULL THEN t.due_on END,
                CASE WHEN t.completed_on <= $1::date THEN t.completed_on END
           FROM clock AS t
          WHERE t.partnership_id = tenant()
            AND t.kind = 'rapid_review'
            AND t.superseded_at IS NULL) AS f
      GROUP BY f.incident_id
     HAVING bit_or(f.flags) & 1 > 0) AS f
   JOIN incident AS i ON i.partnership_id = tenant() AND i.id = f.incident_id
  WHERE i.our_role IS NULL
     OR i.our_role = 'lead'
 OFFSET 0) AS f

-- name: report_benchmarks
-- The partnership's own share held against each national figure, on the same base.
-- $1 as_of, $2 year, $3 from, $4 to, $5 force
WITH summed AS MATERIALIZED (
  SELECT count(*) AS notifications,
         count(*) FILTER (WHERE f.index_band = '6_to_10') AS aged_6_to_10,
         count(*) FILTER (WHERE f.index_band = '11_to_15') AS aged_11_to_15,
         count(*) FILTER (WHERE f.index_band = '16_to_17') AS aged_16_to_17,
         count(*) FILTER (WHERE f.is_counted) AS incidents,
         coalesce(sum(f.children) FILTER (WHERE f.is_counted), 0)::bigint AS children,
         coalesce(sum(f.children_under_1) FILTER (WHERE f.is_counted), 0)::bigint AS under_1,
         coalesce(sum(f.children_15_to_17) FILTER (WHERE f.is_counted), 0)::bigint AS aged_15_to_17,
         count(*) FILTER (WHERE f.is_counted AND f.known) AS known,
         count(*) FILTER (WHERE f.is_counted AND f.cp_plan) AS cp_plan,
         count(*) FILTER (WHERE f.is_counted AND f.looked_after) AS looked_after,
         count(*) FILTER (WHERE f.is_counted AND f.neglect) AS neglect,
         count(*) FILTER (WHERE f.is_counted AND f.mental_ill_health) AS mental_ill_health,
         count(*) FILTER (WHERE f.is_counted AND f.risk_taking) AS risk_taking,
         count(*) FILTER (WHERE f.is_counted AND f.risk_taking AND f.gang) AS gang,
         count(*) FILTER (WHERE f.is_counted AND f.nature = 'serious_harm') AS serious_harm,
         count(*) FILTER (WHERE f.is_counted AND f.nature = 'serious_harm'
           AND f.non_accidental_injury) AS non_accidental_injury,
         count(*) FILTER (WHERE f.is_counted AND f.non_accidental_injury
           AND f.children_under_1 > 0) AS under_1_injured,
         count(*) FILTER (WHERE f.is_counted AND f.is_judged) AS judged,
         count(*) FILTER (WHERE f.is_counted AND f.is_on_time) AS on_time
    FROM {{benchmark_facts}}),
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
       f.local_ref AS reference,
       '/v1/incidents/' || f.incident_id AS link,
       f.local_ref AS "_key"
  FROM {{benchmark_facts}}
 WHERE ($8::text IS NULL OR f.local_ref > $8::text)
   AND ($5::text IS NULL OR $5::text = ANY ({{benchmark_keys}}))
   AND CASE
         WHEN $5::text IN ('aged_6_to_10', 'aged_11_to_15', 'aged_16_to_17',
           'serious_incident_notifications') THEN true
         WHEN $5::text = 'non_accidental_injury' THEN f.is_counted AND f.nature = 'serious_harm'
         WHEN $5::text = 'gang_or_county_lines' THEN f.is_counted AND f.risk_taking
         WHEN $5::text = 'rapid_review_within_15_working_days' THEN f.is_counted AND f.is_judged
         ELSE f.is_counted
       END
   AND CASE
         WHEN $6::text IS DISTINCT FROM 'local_count' THEN true
         WHEN $5::text LIKE 'aged\_%' THEN 'aged_' || f.index_band = $5::text
         WHEN $5::text = 'under_1_non_accidental_injury'
           THEN f.non_accidental_injury AND f.children_under_1 > 0
         WHEN $5::text = 'known_to_childrens_social_care' THEN f.known
         WHEN $5::text = 'child_protection_plan' THEN f.cp_plan
         WHEN $5::text = 'looked_after' THEN f.looked_after
         WHEN $5::text = 'rapid_review_within_15_working_days' THEN f.is_on_time
         WHEN $5::text = 'children_under_1' THEN f.children_under_1 > 0
         WHEN $5::text = 'children_15_to_17' THEN f.children_15_to_17 > 0
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
