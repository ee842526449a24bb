-- key: reference
-- ask: limit=1000
-- rows
SELECT r.reference, a.name AS agency, r.received_on, coalesce(s.state, 'received') AS state,
       d.outcome AS decision, d.decided_on, d.rationale,
       CASE WHEN d.referrer_told_on <= asked.as_of THEN d.referrer_told_on END AS referrer_told_on,
       CASE WHEN d.chair_told_on <= asked.as_of THEN d.chair_told_on END AS chair_told_on,
       i.local_ref AS incident
  FROM asked
  JOIN referral AS r ON r.partnership_id = asked.partnership
  JOIN agency AS a ON a.id = r.agency_id
  LEFT JOIN stood AS s ON s.subject_id = r.id
  LEFT JOIN LATERAL (
    SELECT x.* FROM referral_decision AS x
     WHERE x.referral_id = r.id AND x.decided_on <= asked.as_of
     ORDER BY x.decided_on DESC, x.created_at DESC LIMIT 1) AS d ON true
  LEFT JOIN incident AS i ON i.id = d.incident_id
 WHERE r.received_on <= asked.as_of
   AND r.received_on BETWEEN asked.first AND asked.last;
-- totals
WITH r AS (
  SELECT coalesce(s.state, 'received') AS state
    FROM asked
    JOIN referral AS r ON r.partnership_id = asked.partnership
    LEFT JOIN stood AS s ON s.subject_id = r.id
   WHERE r.received_on BETWEEN asked.first AND least(asked.last, asked.as_of))
SELECT count(*) AS referrals,
       count(*) FILTER (WHERE state = 'met') AS met,
       count(*) FILTER (WHERE state = 'not_met') AS not_met,
       count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn,
       count(*) FILTER (WHERE state IN ('received', 'returned', 'quality_assured')) AS undecided
  FROM r;
