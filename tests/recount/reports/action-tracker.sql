-- key: link
-- ask: limit=1000
-- first
DROP TABLE IF EXISTS tracked;
CREATE TEMP TABLE tracked AS
SELECT t.id, t.state, t.due_on, a.original_due_on, a.level, a.responsibility, a.review_id,
       CASE
         WHEN t.state = 'not_accepted' THEN 'red'
         WHEN t.state IN ('closed_unverified', 'superseded') THEN 'grey'
         WHEN t.state = 'closed_assured' THEN 'blue'
         WHEN t.state IN ('not_started', 'in_progress') AND asked.as_of > t.due_on THEN 'red'
         WHEN t.due_on <> a.original_due_on THEN 'amber'
         WHEN t.state IN ('not_started', 'in_progress') AND t.due_on - asked.as_of <= 28 THEN 'amber'
         ELSE 'green'
       END AS rag,
       (SELECT max(s.id) FROM transition AS s
         WHERE s.subject_id = t.id AND s.to_state = 'complete_pending_assurance'
           AND s.happened_on <= asked.as_of) AS completion
  FROM tasks AS t
  JOIN action AS a ON a.id = t.id, asked
 WHERE t.due_on BETWEEN asked.first AND asked.last;
-- rows
WITH checks AS (
  SELECT DISTINCT ON (s.action_id) s.*
    FROM action_assurance AS s, asked
   WHERE s.partnership_id = asked.partnership
     AND s."on" <= asked.as_of
   ORDER BY s.action_id, s."on" DESC, s.created_at DESC)
SELECT '/v1/actions/' || t.id AS link, v.reference AS review, t.responsibility, t.level, t.due_on,
       t.original_due_on, t.state, t.rag,
       (SELECT jsonb_agg(g.name ORDER BY g.slug) FROM action_lead AS l JOIN agency AS g ON g.id = l.agency_id
         WHERE l.action_id = t.id) AS lead_agencies,
       (SELECT count(*) FROM action_evidence AS e
         WHERE e.action_id = t.id AND e."on" <= (SELECT as_of FROM asked)) AS evidence_count,
       c."on" AS last_assurance_on, c.outcome AS last_assurance_outcome,
       CASE WHEN t.state = 'complete_pending_assurance' THEN
         CASE WHEN c."on" >= f.happened_on THEN c.next_due_on
              ELSE (f.happened_on + interval '3 months')::date END
       END AS next_assurance_on
  FROM tracked AS t
  LEFT JOIN review AS v ON v.id = t.review_id
  LEFT JOIN transition AS f ON f.id = t.completion AND f.subject_id = t.id
  LEFT JOIN checks AS c ON c.action_id = t.id;
-- totals
SELECT count(*) AS actions,
       count(*) FILTER (WHERE rag = 'red') AS red,
       count(*) FILTER (WHERE rag = 'amber') AS amber,
       count(*) FILTER (WHERE rag = 'green') AS green,
       count(*) FILTER (WHERE rag = 'blue') AS blue,
       count(*) FILTER (WHERE rag = 'grey') AS grey,
       count(*) FILTER (WHERE state = 'not_started') AS not_started,
       count(*) FILTER (WHERE state = 'in_progress') AS in_progress,
       count(*) FILTER (WHERE state = 'complete_pending_assurance') AS complete_pending_assurance,
       count(*) FILTER (WHERE state = 'closed_assured') AS closed_assured,
       count(*) FILTER (WHERE state = 'closed_unverified') AS closed_unverified,
       count(*) FILTER (WHERE state = 'not_accepted') AS not_accepted,
       count(*) FILTER (WHERE state = 'superseded') AS superseded
  FROM tracked;
