-- key: theme set
-- rows
WITH hand AS (
  SELECT DISTINCT k.theme_id, k.review_id
    FROM asked
    JOIN review_theme AS k ON k.partnership_id = asked.partnership
   WHERE k.review_id IN (SELECT id FROM local_reviews)
     AND k.coded_on <= asked.as_of
     AND (k.removed_on IS NULL OR k.removed_on > asked.as_of)),
used AS (
  SELECT t.*, s.code || ' ' || s.edition AS name, s.is_national,
         coalesce(t.used_from, '-infinity') <= asked.as_of
           AND asked.as_of < coalesce(t.retired_on, 'infinity') AS in_use
    FROM asked
    JOIN theme AS t ON t.partnership_id = asked.partnership
    JOIN theme_set AS s ON s.id = t.set_id),
child_says AS (
  SELECT DISTINCT u.id AS theme_id, v.id AS review_id
    FROM asked
   CROSS JOIN used AS u
   CROSS JOIN local_reviews AS v
    JOIN review_incident AS l ON l.review_id = v.id
    JOIN kids AS k ON k.incident_id = l.incident_id
   WHERE u.in_use
     AND coalesce(l.removed_at::date, 'infinity') > asked.as_of
     AND CASE u.derivation
           WHEN 'under_1' THEN k.band = 'Under 1'
           WHEN 'black_and_minoritised' THEN
             k.people IN ('Mixed', 'Asian or Asian British', 'Black or Black British',
               'Other ethnic groups')
             OR u.white_other_counts AND k.people = 'White' AND k.ethnicity <> 'WBRI'
           ELSE false
         END),
tally AS (
  SELECT u.label, u.name, u.kind, u.in_use, u.is_national, u.derivation IS NOT NULL AND u.in_use AS derives,
         (SELECT count(*) FROM hand AS h WHERE h.theme_id = u.id) AS by_hand,
         (SELECT count(*) FROM child_says AS d WHERE d.theme_id = u.id) AS by_child,
         (SELECT count(*) FROM hand AS h
           WHERE h.theme_id = u.id AND (h.theme_id, h.review_id) IN (SELECT * FROM child_says)) AS both
    FROM used AS u)
SELECT t.label AS theme, t.name AS set, t.kind,
       CASE WHEN t.derives THEN t.by_child ELSE t.by_hand END AS count,
       (SELECT count(*) FROM local_reviews) AS denominator,
       round(CASE WHEN t.derives THEN t.by_child ELSE t.by_hand END * 100.0
         / nullif((SELECT count(*) FROM local_reviews), 0), 1) AS percent,
       CASE WHEN t.derives THEN t.by_hand - t.both + t.by_child - t.both END AS disagreements
  FROM tally AS t
 WHERE t.by_hand + t.by_child > 0
    OR t.in_use AND NOT t.is_national;
