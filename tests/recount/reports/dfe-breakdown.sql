-- key: time_period breakdown_topic breakdown nature_of_notification
-- rows
WITH one AS (
  SELECT t.id, t.notified_on,
         to_char(t.notified_on - interval '90 days', 'YYYY')::integer AS about,
         CASE coalesce(t.as_notified ->> 'nature', o.nature)
           WHEN 'child_death' THEN 'Child death'
           WHEN 'serious_harm' THEN 'Serious harm'
           ELSE 'Other'
         END AS nature,
         coalesce(t.as_notified -> 'children' -> 0, (
           SELECT to_jsonb(k) FROM kids AS k WHERE k.incident_id = t.incident_id AND k.index_child))
           AS child
    FROM told AS t
    JOIN ours AS o ON o.id = t.incident_id
   WHERE t.kind = 'serious_incident' OR t.kind = 'looked_after_child_death'),
dated AS (
  SELECT one.*,
         CASE
           WHEN to_char(notified_on, 'MMDD') >= '0401' THEN date_part('year', notified_on)
           ELSE date_part('year', notified_on) - 1
         END::integer AS year
    FROM one),
topics AS (
  SELECT d.year, d.nature, x.topic, x.part
    FROM dated AS d,
         LATERAL (VALUES
           ('CLA', CASE
              WHEN child ->> 'lac_status' = 'current' THEN 'Looked after'
              WHEN child ->> 'csc_status' = 'lac' THEN 'Looked after'
              WHEN child ->> 'lac_status' IN ('previous', 'none') THEN 'Not looked after'
              ELSE 'Not known' END),
           ('Sex', CASE child ->> 'sex' WHEN 'M' THEN 'Male' WHEN 'F' THEN 'Female' ELSE 'Not known' END),
           ('Age', CASE
              WHEN child ->> 'unborn' = 'true' THEN 'Unborn'
              WHEN (child ->> 'age_years')::integer > 17 THEN '18 to 24'
              WHEN (child ->> 'age_years')::integer > 15 THEN '16 to 17'
              WHEN (child ->> 'age_years')::integer > 10 THEN '11 to 15'
              WHEN (child ->> 'age_years')::integer > 5 THEN '6 to 10'
              WHEN (child ->> 'age_years')::integer > 0 THEN '1 to 5'
              WHEN (child ->> 'age_years') = '0' OR child ->> 'age_days' IS NOT NULL THEN 'Under 1'
              ELSE 'Not known' END),
           ('Ethnicity', CASE
              WHEN child ->> 'ethnicity' ~ '^W' THEN 'White'
              WHEN child ->> 'ethnicity' ~ '^M' THEN 'Mixed'
              WHEN child ->> 'ethnicity' ~ '^(A|CHNE)' THEN 'Asian or Asian British'
              WHEN child ->> 'ethnicity' ~ '^B' THEN 'Black or Black British'
              WHEN child ->> 'ethnicity' = 'OOTH' THEN 'Other ethnic groups'
              ELSE 'Not known' END),
           ('Disability', CASE
              WHEN coalesce(child ->> 'disabilities', 'null') IN ('null', '["not_known"]', '[]')
                THEN 'Not known'
              WHEN child ->> 'disabilities' = '["NONE"]' THEN 'Not disabled'
              ELSE 'Disabled' END),
           ('Placement type', CASE coalesce(child ->> 'dfe_placement_group', child ->> 'placement_type')
              WHEN 'at_home' THEN 'At home'
              WHEN 'foster_carers' THEN 'With foster carers'
              WHEN 'hospital' THEN 'Hospital or mother and baby unit'
              WHEN 'secure_or_young_offender_institution'
                THEN 'Secure unit or young offender institution'
              WHEN 'P1' THEN 'At home'
              WHEN 'U1' THEN 'With relatives'
              WHEN 'U5' THEN 'With foster carers'
              WHEN 'K2' THEN 'Residential children''s home'
              WHEN 'S1' THEN 'Residential children''s home'
              WHEN 'R2' THEN 'Hospital or mother and baby unit'
              WHEN 'R3' THEN 'Hospital or mother and baby unit'
              WHEN 'H5' THEN 'Semi-independent'
              WHEN 'K3' THEN 'Semi-independent'
              WHEN 'K1' THEN 'Secure unit or young offender institution'
              WHEN 'R5' THEN 'Secure unit or young offender institution'
              WHEN 'A3' THEN 'Other'
              WHEN 'Z1' THEN 'Other'
              ELSE 'Not known' END),
           ('CIN plan', CASE coalesce(child ->> 'csc_status', 'not_known')
              WHEN 'cin_plan' THEN 'Yes' WHEN 'not_known' THEN 'Not known' ELSE 'No' END),
           ('CPP', CASE
              WHEN 'current' = child ->> 'cp_plan' OR 'cp_plan' = child ->> 'csc_status' THEN 'Yes'
              WHEN child ->> 'cp_plan' IN ('none', 'previous') THEN 'No'
              ELSE 'Not known' END),
           ('Known to any agency', CASE child ->> 'known_to_any_agency'
              WHEN 'yes' THEN 'Yes' WHEN 'no' THEN 'No' ELSE 'Not known' END)
         ) AS x (topic, part)),
wanted AS (
  SELECT y AS year, t.topic, p.part, n.nature
    FROM generate_series((SELECT min(year) FROM dated), (SELECT max(year) FROM dated)) AS y,
         (VALUES
           ('CLA', ARRAY['Looked after', 'Not looked after', 'Not known']),
           ('Sex', ARRAY['Male', 'Female', 'Not known']),
           ('Age', ARRAY['Unborn', 'Under 1', '1 to 5', '6 to 10', '11 to 15', '16 to 17', '18 to 24',
             'Not known']),
           ('Ethnicity', ARRAY['White', 'Mixed', 'Asian or Asian British', 'Black or Black British',
             'Other ethnic groups', 'Not known']),
           ('Disability', ARRAY['Disabled', 'Not disabled', 'Not known']),
           ('Placement type', ARRAY['At home', 'With relatives', 'With foster carers',
             'Residential children''s home', 'Hospital or mother and baby unit', 'Semi-independent',
             'Secure unit or young offender institution', 'Other', 'Not known']),
           ('CIN plan', ARRAY['Yes', 'No', 'Not known']),
           ('CPP', ARRAY['Yes', 'No', 'Not known']),
           ('Known to any agency', ARRAY['Yes', 'No', 'Not known'])) AS t (topic, parts),
         unnest(t.parts) AS p (part),
         unnest(ARRAY['Child death', 'Serious harm', 'Other']) AS n (nature))
SELECT w.year::text || right((w.year + 1)::text, 2) AS time_period,
       'Financial year' AS time_identifier,
       'Local authority' AS geographic_level,
       'E92000001' AS country_code,
       (SELECT area_code FROM partnership, asked WHERE id = asked.partnership) AS la_code,
       w.topic AS breakdown_topic,
       w.part AS breakdown,
       w.nature AS nature_of_notification,
       (SELECT count(*)
          FROM topics AS t
         WHERE (t.year, t.topic, t.part, t.nature) = (w.year, w.topic, w.part, w.nature))
         AS number_notifications
  FROM wanted AS w;
-- totals
SELECT count(*) AS number_notifications
  FROM told
 WHERE kind IN ('serious_incident', 'looked_after_child_death');
