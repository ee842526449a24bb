-- The partnership's share of DfE's statistics of serious incident notifications.

-- name: dfe_notifications
-- What DfE counts: each notification reported in the period, the deaths of looked-after children
-- without abuse or neglect too, those of care leavers not; with the index child as it was notified, or
-- where that was not kept with what the records of it say.
-- fragment
(SELECT n.id,
        n.incident_id,
        n.notified_on,
        extract(year FROM n.notified_on - interval '3 months')::integer AS year,
        coalesce(n.nature_as_notified, i.nature) AS nature,
        n.characteristics,
        n.characteristics IS NULL AS is_of_records,
        h.lac_status, h.csc_status, h.sex, h.unborn, h.age_years, h.age_days, h.ethnicity,
        h.disabilities, h.dfe_placement_group, h.placement_type, h.cp_plan, h.known_to_any_agency
   FROM {{report_period}}
   JOIN notification AS n ON n.notified_on BETWEEN period.starts_on AND period.ends_on
   LEFT JOIN incident AS i
     ON i.partnership_id = tenant()
    AND i.id = CASE WHEN n.nature_as_notified IS NULL THEN n.incident_id END
   LEFT JOIN child AS h
     ON h.partnership_id = tenant()
    AND h.incident_id = CASE WHEN n.characteristics IS NULL THEN n.incident_id END
    AND h.index_child
  WHERE n.partnership_id = tenant()
    AND n.notified_on <= $1::date
    AND n.kind IN ('serious_incident', 'looked_after_child_death')
    AND (n.incident_id IN ({{incidents_of_others}})) IS FALSE) AS d

-- name: dfe_characteristics
-- What the records of a child d say of it.
-- fragment
child_characteristics(d.lac_status, d.csc_status, d.sex, d.unborn, d.age_years, d.age_days, d.ethnicity,
  d.disabilities, d.dfe_placement_group, d.placement_type, d.cp_plan, d.known_to_any_agency)

-- name: dfe_breakdowns
-- DfE's topics in the order of child_characteristics(), with each breakdown.
-- fragment
(VALUES
  (1, 'CLA', 1, 'yes', 'Looked after'),
  (1, 'CLA', 2, 'no', 'Not looked after'),
  (1, 'CLA', 3, 'not_known', 'Not known'),
  (2, 'Sex', 1, 'female', 'Female'),
  (2, 'Sex', 2, 'male', 'Male'),
  (2, 'Sex', 3, 'not_known', 'Not known'),
  (3, 'Age', 1, 'unborn', 'Unborn'),
  (3, 'Age', 2, 'under_1', 'Under 1'),
  (3, 'Age', 3, '1_to_5', '1 to 5'),
  (3, 'Age', 4, '6_to_10', '6 to 10'),
  (3, 'Age', 5, '11_to_15', '11 to 15'),
  (3, 'Age', 6, '16_to_17', '16 to 17'),
  (3, 'Age', 7, '18_to_24', '18 to 24'),
  (3, 'Age', 8, 'not_known', 'Not known'),
  (4, 'Ethnicity', 1, 'white', 'White'),
  (4, 'Ethnicity', 2, 'mixed', 'Mixed'),
  (4, 'Ethnicity', 3, 'asian', 'Asian or Asian British'),
  (4, 'Ethnicity', 4, 'black', 'Black or Black British'),
  (4, 'Ethnicity', 5, 'other', 'Other ethnic groups'),
  (4, 'Ethnicity', 6, 'not_known', 'Not known'),
  (5, 'Disability', 1, 'yes', 'Disabled'),
  (5, 'Disability', 2, 'no', 'Not disabled'),
  (5, 'Disability', 3, 'not_known', 'Not known'),
  (6, 'Placement type', 1, 'at_home', 'At home'),
  (6, 'Placement type', 2, 'relatives', 'With relatives'),
  (6, 'Placement type', 3, 'foster_carers', 'With foster carers'),
  (6, 'Placement type', 4, 'residential_childrens_home', 'Residential children''s home'),
  (6, 'Placement type', 5, 'hospital', 'Hospital or mother and baby unit'),
  (6, 'Placement type', 6, 'semi_independent', 'Semi-independent'),
  (6, 'Placement type', 7, 'secure_or_young_offender_institution',
    'Secure unit or young offender institution'),
  (6, 'Placement type', 8, 'other', 'Other'),
  (6, 'Placement type', 9, 'not_known', 'Not known'),
  (7, 'CIN plan', 1, 'yes', 'Yes'),
  (7, 'CIN plan', 2, 'no', 'No'),
  (7, 'CIN plan', 3, 'not_known', 'Not known'),
  (8, 'CPP', 1, 'yes', 'Yes'),
  (8, 'CPP', 2, 'no', 'No'),
  (8, 'CPP', 3, 'not_known', 'Not known'),
  (9, 'Known to any agency', 1, 'yes', 'Yes'),
  (9, 'Known to any agency', 2, 'no', 'No'),
  (9, 'Known to any agency', 3, 'not_known', 'Not known')
) AS b (topic_number, topic, place, code, label)

-- name: dfe_natures
-- What notifications are of.
-- fragment
(VALUES
  (1, 'child_death', 'Child death'),
  (2, 'serious_harm', 'Serious harm'),
  (3, 'other', 'Other')) AS t (place, nature, label)

-- name: report_dfe_breakdown
-- Notifications of each year by DfE's topics and the nature that was notified, every breakdown with
-- its zero. Counted by what stands in the records, in three sets of what has few values together, and
-- called by DfE's names after that.
-- $1 as_of, $2 year, $3 from, $4 to
WITH counted AS MATERIALIZED (
  SELECT d.year, d.nature, d.is_of_records, count(*) AS notifications,
         d.lac_status, d.csc_status, d.sex, d.unborn, d.age_years, d.age_days, d.ethnicity,
         d.disabilities, d.dfe_placement_group, d.placement_type, d.cp_plan, d.known_to_any_agency,
         d.characteristics[1] AS looked_after, d.characteristics[2] AS named_sex,
         d.characteristics[3] AS age, d.characteristics[4] AS ethnic_group,
         d.characteristics[5] AS disability, d.characteristics[6] AS placement,
         d.characteristics[7] AS cin_plan, d.characteristics[8] AS protection_plan,
         d.characteristics[9] AS known,
         CASE
           WHEN grouping(d.sex) = 0 THEN '{1,2,7,8,9}'
           WHEN grouping(d.ethnicity) = 0 THEN '{3,4}'
           ELSE '{5,6}'
         END::integer[] AS topics
    FROM {{dfe_notifications}}
   GROUP BY d.year, d.nature, d.is_of_records, GROUPING SETS (
     (d.lac_status, d.csc_status, d.sex, d.cp_plan, d.known_to_any_agency, d.characteristics[1],
       d.characteristics[2], d.characteristics[7], d.characteristics[8], d.characteristics[9]),
     (d.unborn, d.age_years, d.age_days, d.ethnicity, d.characteristics[3], d.characteristics[4]),
     (d.disabilities, d.dfe_placement_group, d.placement_type, d.characteristics[5],
       d.characteristics[6]))),
cells AS MATERIALIZED (
  SELECT d.year, d.nature, d.topic_number, d.characteristics[d.topic_number] AS code,
         sum(d.notifications) AS notifications
    FROM (
      SELECT d.year, d.nature, d.notifications, unnest(d.topics) AS topic_number,
             CASE
               WHEN d.is_of_records THEN {{dfe_characteristics}}
               ELSE ARRAY[d.looked_after, d.named_sex, d.age, d.ethnic_group, d.disability, d.placement,
                 d.cin_plan, d.protection_plan, d.known]
             END AS characteristics
        FROM counted AS d) AS d
   GROUP BY 1, 2, 3, 4),
years AS (
  SELECT y AS year,
         make_date(y, 4, 1) AS starts_on,
         least(make_date(y + 1, 3, 31), $1::date, period.ends_on) AS ends_on
    FROM {{report_period}},
         (SELECT min(c.year) AS first, max(c.year) AS last FROM counted AS c) AS bounds,
         generate_series(bounds.first, bounds.last) AS y)
SELECT 'row' AS "_part",
       y.year || to_char((y.year + 1) % 100, 'FM00') AS "_row",
       y.year || to_char((y.year + 1) % 100, 'FM00') AS time_period,
       'Financial year' AS time_identifier,
       'Q' || (1 + (extract(month FROM greatest(period.starts_on, y.starts_on))::integer + 8) % 12 / 3)
         || '-Q' || (1 + (extract(month FROM y.ends_on)::integer + 8) % 12 / 3) AS quarter,
       'Local authority' AS geographic_level,
       'E92000001' AS country_code,
       p.area_code AS la_code,
       b.topic AS breakdown_topic,
       b.label AS breakdown,
       t.label AS nature_of_notification,
       coalesce(c.notifications, 0)::bigint AS number_notifications,
       concat_ws('/', y.year || to_char((y.year + 1) % 100, 'FM00'), b.topic, b.label, t.label) AS row,
       b.topic_number AS "_topic",
       b.place AS "_place",
       t.place AS "_nature"
  FROM {{report_period}}
  JOIN partnership AS p ON p.id = tenant()
 CROSS JOIN years AS y
 CROSS JOIN {{dfe_breakdowns}}
 CROSS JOIN {{dfe_natures}}
  LEFT JOIN cells AS c
    ON c.year = y.year
   AND c.topic_number = b.topic_number
   AND c.code = b.code
   AND c.nature = t.nature
UNION ALL
SELECT 'total', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       coalesce(sum(c.notifications), 0)::bigint, NULL, NULL, NULL, NULL
  FROM cells AS c
 WHERE c.topic_number = 1
 ORDER BY 1, 3, 14, 15, 16;

-- name: report_dfe_breakdown_records
-- The notifications that are counted: of a cell by its name, or of a year.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 figure, $7 limit, $8 after_key
SELECT 'notification' AS kind,
       d.id,
       (SELECT i.local_ref
          FROM incident AS i
         WHERE i.partnership_id = tenant()
           AND i.id = d.incident_id) AS reference,
       '/v1/notifications/' || d.id AS link,
       concat_ws(' ', d.notified_on, d.id) AS "_key"
  FROM {{dfe_notifications}}
 WHERE ($5::text IS NULL
    OR d.year || to_char((d.year + 1) % 100, 'FM00') = $5::text
    OR $5::text IN (
      SELECT concat_ws('/', d.year || to_char((d.year + 1) % 100, 'FM00'), b.topic, b.label, t.label)
        FROM {{dfe_breakdowns}}
        JOIN {{dfe_natures}} ON t.nature = d.nature
       WHERE b.code = (coalesce(d.characteristics, {{dfe_characteristics}}))[b.topic_number]))
   AND ($6::text IS NULL OR $6::text = 'number_notifications')
   AND ($8::text IS NULL OR concat_ws(' ', d.notified_on, d.id) > $8::text)
 ORDER BY concat_ws(' ', d.notified_on, d.id)
 LIMIT $7::integer;
