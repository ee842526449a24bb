-- key: section measure breakdown
-- period: year
-- ask: nature=as_notified age_bands=dfe
-- ask: nature=current age_bands=ar2020
-- rows
WITH counted AS (
  SELECT r.*, CASE
           WHEN :'nature' = 'current' AND coalesce(o.death_date <= asked.as_of, true) THEN o.nature
           ELSE coalesce(t.nature_as_notified, o.nature)
         END AS nature
    FROM rapid AS r
    JOIN ours AS o ON o.id = r.incident_id
    JOIN notification AS t ON t.id = r.notification_id, asked),
concerned AS (
  SELECT k.*, CASE
           WHEN :'age_bands' = 'dfe' OR k.unborn THEN k.band
           WHEN k.age_years IN (11, 12, 13, 14) THEN '11 to 14'
           WHEN k.age_years IN (15, 16, 17) THEN '15 to 17'
           ELSE k.band
         END AS years
    FROM kids AS k
   WHERE k.incident_id IN (SELECT incident_id FROM rapid)),
settled AS (
  SELECT DISTINCT first_value(d.outcome) OVER w AS outcome, first_value(d.decided_on) OVER w AS on_day,
         d.referral_id
    FROM referral_decision AS d, asked
   WHERE d.partnership_id = asked.partnership
     AND d.decided_on <= asked.as_of
  WINDOW w AS (PARTITION BY d.referral_id ORDER BY d.decided_on DESC, d.created_at DESC, d.id DESC)),
referred AS (
  SELECT s.* FROM settled AS s, asked WHERE s.on_day BETWEEN asked.first AND asked.last),
sent AS (
  SELECT * FROM told
   WHERE kind NOT IN ('update', 'withdrawal')),
refused AS (
  SELECT t.subject_id
    FROM transition AS t
    JOIN ours AS o ON o.id = t.subject_id, asked
   WHERE t.to_state = 'not_notified'
     AND t.happened_on <= asked.as_of
     AND t.happened_on BETWEEN asked.first AND asked.last),
looked AS (
  SELECT incident_id FROM sent UNION SELECT subject_id FROM refused),
made AS (
  SELECT m.*, CASE WHEN m.decided_on > asked.as_of THEN NULL ELSE m.accepted END AS said
    FROM recommendation AS m, asked
   WHERE m.partnership_id = asked.partnership
     AND m.made_on <= asked.as_of
     AND m.made_on BETWEEN asked.first AND asked.last),
work AS (
  SELECT t.*,
         t.state NOT IN ('complete_pending_assurance', 'closed_assured', 'closed_unverified',
           'not_accepted', 'superseded') AS is_open,
         EXISTS (SELECT 1 FROM action_evidence AS e
                  WHERE e.partnership_id = asked.partnership AND e.action_id = t.id
                    AND e."on" <= asked.as_of) AS proved,
         EXISTS (SELECT 1 FROM action_evidence AS e
                  WHERE e.partnership_id = asked.partnership AND e.action_id = t.id
                    AND e."on" <= asked.as_of AND e."on" BETWEEN asked.first AND asked.last
                    AND e.shows = 'impact') AS changed,
         EXISTS (SELECT 1 FROM action_assurance AS e
                  WHERE e.partnership_id = asked.partnership AND e.action_id = t.id
                    AND e."on" <= asked.as_of AND e."on" BETWEEN asked.first AND asked.last
                    AND e.outcome = 'assured') AS checked
    FROM tasks AS t, asked
   WHERE t.agreed_on <= asked.last
     AND (t.state IN ('not_started', 'in_progress', 'complete_pending_assurance')
       OR t.since >= asked.first)),
lines (section, measure, breakdown, unit, count, denominator) AS (
  SELECT 'Referrals', 'Considered', 'All', 'referral', (SELECT count(*) FROM referred), NULL::bigint
  UNION ALL SELECT 'Referrals', 'Agreed', 'All', 'referral',
    (SELECT count(*) FROM referred WHERE outcome = 'met'), (SELECT count(*) FROM referred)
  UNION ALL SELECT 'Notifications', 'Considered', 'All', 'incident', (SELECT count(*) FROM looked), NULL
  UNION ALL SELECT 'Notifications', 'Agreed', 'All', 'incident',
    (SELECT count(DISTINCT incident_id) FROM sent), (SELECT count(*) FROM looked)
  UNION ALL SELECT 'Notifications', 'Submitted', v.label, 'notification',
    (SELECT count(*) FROM sent WHERE kind = v.kind), (SELECT count(*) FROM sent)
    FROM (VALUES ('serious_incident', 'Serious incident'),
                 ('looked_after_child_death', 'Death of a looked-after child'),
                 ('care_leaver_death', 'Death of a care leaver')) AS v (kind, label)
  UNION ALL SELECT 'Reviews', 'Rapid reviews', 'All', 'rapid review',
    (SELECT count(*) FROM rapid), NULL
  UNION ALL SELECT 'Reviews', 'Rapid reviews resulting in an LCSPR', 'All', 'rapid review',
    (SELECT count(*) FROM rapid WHERE became_lcspr), (SELECT count(*) FROM rapid)
  UNION ALL SELECT 'Reviews', 'LCSPRs decided on', 'All', 'review',
    (SELECT count(*) FROM local_reviews), NULL
  UNION ALL SELECT 'Incidents', 'Nature', v.label, 'incident',
    (SELECT count(*) FROM counted WHERE nature = v.nature), (SELECT count(*) FROM counted)
    FROM (VALUES ('child_death', 'Child death'), ('serious_harm', 'Serious harm'),
                 ('other', 'Other')) AS v (nature, label)
  UNION ALL SELECT 'Children', 'Sex', v.label, 'child',
    (SELECT count(*) FROM concerned
      WHERE CASE sex WHEN 'M' THEN 'Male' WHEN 'F' THEN 'Female' ELSE 'Not known' END = v.label),
    (SELECT count(*) FROM concerned)
    FROM (VALUES ('Female'), ('Male'), ('Not known')) AS v (label)
  UNION ALL SELECT 'Children', 'Age', v.label, 'child',
    (SELECT count(*) FROM concerned WHERE years = v.label), (SELECT count(*) FROM concerned)
    FROM unnest(CASE :'age_bands'
           WHEN 'dfe' THEN ARRAY['11 to 15', '16 to 17'] ELSE ARRAY['11 to 14', '15 to 17'] END
           || ARRAY['Unborn', 'Under 1', '1 to 5', '6 to 10', '18 to 24', 'Not known']) AS v (label)
  UNION ALL SELECT 'Children', 'Ethnicity', v.label, 'child',
    (SELECT count(*) FROM concerned WHERE people = v.label), (SELECT count(*) FROM concerned)
    FROM unnest(ARRAY['White', 'Mixed', 'Asian or Asian British', 'Black or Black British',
           'Other ethnic groups', 'Not known']) AS v (label)
  UNION ALL SELECT 'Recommendations', 'Made', v.label, 'recommendation',
    (SELECT count(*) FROM made WHERE origin = v.origin), (SELECT count(*) FROM made)
    FROM (VALUES ('rapid_review', 'By rapid reviews'), ('lcspr', 'By LCSPRs'),
                 ('national', 'By national reviews'),
                 ('other_learning', 'By other learning')) AS v (origin, label)
  UNION ALL SELECT 'Recommendations', 'Decision', v.label, 'recommendation',
    (SELECT count(*) FROM made WHERE coalesce(said, '') = v.said), (SELECT count(*) FROM made)
    FROM (VALUES ('yes', 'Accepted'), ('partly', 'Partly accepted'), ('no', 'Not accepted'),
                 ('', 'Not decided')) AS v (said, label)
  UNION ALL SELECT 'Recommendations', 'Raised with a national body', 'All', 'recommendation',
    (SELECT count(*) FROM made, asked WHERE addressee = 'national_body' AND raised_on <= asked.as_of),
    (SELECT count(*) FROM made WHERE addressee = 'national_body')
  UNION ALL SELECT 'Actions', 'State', v.label, 'action',
    (SELECT count(*) FROM work WHERE state = v.state), (SELECT count(*) FROM work)
    FROM (VALUES ('not_started', 'Not started'), ('in_progress', 'In progress'),
                 ('complete_pending_assurance', 'Complete, not yet assured'),
                 ('closed_assured', 'Closed and assured'),
                 ('closed_unverified', 'Closed without verification'),
                 ('not_accepted', 'Not accepted'), ('superseded', 'Superseded')) AS v (state, label)
  UNION ALL SELECT 'Improvements', 'Evidence of impact', 'All', 'action',
    (SELECT count(*) FROM work WHERE changed), (SELECT count(*) FROM work)
  UNION ALL SELECT 'Improvements', 'Found assured by a check', 'All', 'action',
    (SELECT count(*) FROM work WHERE checked), (SELECT count(*) FROM work)
  UNION ALL SELECT 'No progress', 'Overdue', 'All', 'action',
    (SELECT count(*) FROM work, asked WHERE is_open AND due_on < asked.as_of),
    (SELECT count(*) FROM work WHERE is_open)
  UNION ALL SELECT 'No progress', 'Without evidence', 'All', 'action',
    (SELECT count(*) FROM work WHERE is_open AND NOT proved), (SELECT count(*) FROM work WHERE is_open)
  UNION ALL SELECT 'No progress', 'Overdue and without evidence', 'All', 'action',
    (SELECT count(*) FROM work, asked WHERE is_open AND NOT proved AND due_on < asked.as_of),
    (SELECT count(*) FROM work WHERE is_open))
SELECT l.*, round(l.count * 100.0 / nullif(l.denominator, 0), 1) AS percent
  FROM lines AS l;
