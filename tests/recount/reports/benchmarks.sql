-- key: key base period
-- ask: force=false
-- ask: force=true
-- rows
WITH sent AS (
  SELECT t.*, r.id IS NOT NULL AS stands,
         (SELECT k.band FROM kids AS k WHERE k.incident_id = t.incident_id AND k.index_child) AS band
    FROM told AS t
    LEFT JOIN rapid AS r ON r.incident_id = t.incident_id
   WHERE t.kind = 'serious_incident'),
seen AS (
  SELECT s.incident_id, coalesce(s.nature_as_notified, o.nature) AS nature,
         coalesce(o.harm_types, '{}') AS harm
    FROM sent AS s
    JOIN ours AS o ON o.id = s.incident_id
   WHERE s.stands),
young AS (
  SELECT k.* FROM kids AS k WHERE k.incident_id IN (SELECT incident_id FROM seen)),
own (key, base, count, n) AS (
  SELECT 'rapid_review_within_15_working_days', 'rapid_reviews',
         (SELECT count(*) FROM timed WHERE submitted_on <= due_on),
         (SELECT count(*) FROM timed, asked WHERE submitted_on IS NOT NULL OR due_on < asked.as_of)
  UNION ALL SELECT v.key, 'rapid_reviews',
         (SELECT count(*) FROM seen WHERE incident_id IN (
            SELECT y.incident_id FROM young AS y
             WHERE CASE v.key
                     WHEN 'known_to_childrens_social_care' THEN y.csc_status IN (
                       'referral_or_assessment', 'cin_plan', 'cp_plan', 'lac', 'care_leaver')
                     WHEN 'child_protection_plan'
                       THEN y.cp_plan = 'current' OR y.csc_status = 'cp_plan'
                     WHEN 'looked_after' THEN y.lac_status = 'current' OR y.csc_status = 'lac'
                     ELSE y.band = 'Under 1' AND 'non_accidental_injury' = ANY (seen.harm)
                   END)),
         (SELECT count(*) FROM seen)
    FROM unnest(ARRAY['known_to_childrens_social_care', 'child_protection_plan', 'looked_after',
           'under_1_non_accidental_injury']) AS v (key)
  UNION ALL SELECT 'serious_incident_notifications', 'notifications', (SELECT count(*) FROM sent), NULL
  UNION ALL SELECT 'aged_' || replace(v.band, ' ', '_'), 'notifications',
         (SELECT count(*) FROM sent WHERE sent.band = v.band), (SELECT count(*) FROM sent)
    FROM unnest(ARRAY['6 to 10', '11 to 15', '16 to 17']) AS v (band)
  UNION ALL SELECT 'incidents_notified', 'incidents', (SELECT count(*) FROM seen), NULL
  UNION ALL SELECT 'children_notified', 'children', (SELECT count(*) FROM young), NULL
  UNION ALL SELECT 'children_under_1', 'children',
         (SELECT count(*) FROM young WHERE band = 'Under 1'), (SELECT count(*) FROM young)
  UNION ALL SELECT 'children_15_to_17', 'children',
         (SELECT count(*) FROM young WHERE age_years IN (15, 16, 17) AND unborn IS DISTINCT FROM true),
         (SELECT count(*) FROM young)
  UNION ALL SELECT 'neglect', 'incidents',
         (SELECT count(*) FROM seen WHERE 'neglect' = ANY (harm)), (SELECT count(*) FROM seen)
  UNION ALL SELECT 'child_mental_ill_health', 'incidents',
         (SELECT count(DISTINCT incident_id) FROM young WHERE mental_health_condition = 'yes'),
         (SELECT count(*) FROM seen)
  UNION ALL SELECT 'risk_taking_or_violent_behaviour', 'incidents',
         (SELECT count(*) FROM seen WHERE 'risk_taking_or_violent_behaviour' = ANY (harm)),
         (SELECT count(*) FROM seen)
  UNION ALL SELECT 'gang_or_county_lines', 'risk_taking_or_violent_behaviour_incidents',
         (SELECT count(*) FROM seen
           WHERE 'risk_taking_or_violent_behaviour' = ANY (harm)
             AND EXISTS (SELECT 1 FROM young AS y
                          WHERE y.incident_id = seen.incident_id
                            AND 'gang_or_county_lines' = ANY (y.flags))),
         (SELECT count(*) FROM seen WHERE 'risk_taking_or_violent_behaviour' = ANY (harm))
  UNION ALL SELECT 'non_accidental_injury', 'serious_harm_incidents',
         (SELECT count(*) FROM seen WHERE nature = 'serious_harm' AND 'non_accidental_injury' = ANY (harm)),
         (SELECT count(*) FROM seen WHERE nature = 'serious_harm')
  UNION ALL SELECT t.code, 'reviews',
         (SELECT count(*) FROM local_reviews AS v
           WHERE EXISTS (SELECT 1 FROM review_theme AS k, theme AS o
                          WHERE k.review_id = v.id AND o.id = k.theme_id AND o.code = t.code
                            AND k.coded_on <= asked.as_of
                            AND coalesce(k.removed_on, 'infinity') > asked.as_of)),
         (SELECT count(*) FROM local_reviews)
    FROM (SELECT DISTINCT t.code FROM theme AS t, asked WHERE t.partnership_id = asked.partnership) AS t,
         asked),
figures AS (
  SELECT f.*, coalesce(f.percent, round(f.count * 100.0 / f.n, 1)) AS share, o.count AS own_count,
         o.n AS own_n, o.base AS own_base, o.key IS NOT NULL AS kept
    FROM national_benchmark AS f
    LEFT JOIN own AS o ON o.key = f.key
  UNION ALL
  SELECT f.id, f.key, f.label, f.base, f.percent, f.count, f.n, f.qualifier, f.period_from, f.period_to,
         f.source, coalesce(f.percent, round(f.count * 100.0 / f.n, 1)), o.count, o.n, o.base,
         o.key IS NOT NULL
    FROM benchmark AS f
    JOIN asked ON f.partnership_id = asked.partnership
    LEFT JOIN own AS o ON o.key = f.key),
judged AS (
  SELECT f.*, CASE
           WHEN NOT f.kept THEN 'not_recorded'
           WHEN f.own_n IS NULL OR f.share IS NULL AND f.n IS NULL THEN 'no_share'
           WHEN f.own_base <> f.base THEN 'bases_differ'
           WHEN f.own_n < 5 THEN 'too_few'
         END AS refusal
    FROM figures AS f),
held AS (
  SELECT j.*, j.refusal IN ('bases_differ', 'too_few') AND j.own_n > 0 AND :'force' = 'true' IS TRUE
           AS pressed
    FROM judged AS j)
SELECT key, base, period_from::text || ' to ' || period_to::text AS period, label, source, qualifier,
       share AS national_percent, count AS national_count, n AS national_n,
       own_base AS local_base, own_count AS local_count, own_n AS local_n, refusal,
       refusal IS NULL OR coalesce(pressed, false) AS compared,
       coalesce(pressed, false) AS forced,
       CASE WHEN refusal IS NULL OR pressed THEN round(own_count * 100.0 / own_n, 1) END AS local_percent,
       CASE WHEN refusal IS NULL OR pressed THEN round(own_count * 100.0 / own_n, 1) - share END
         AS difference
  FROM held;
