-- every incident's events are numbered without a gap
SELECT incident_id, count(*), max(sequence) FROM event WHERE incident_id IS NOT NULL
 GROUP BY incident_id HAVING count(*) <> max(sequence);
-- every partnership's audit chain has every number
SELECT e.partnership_id, count(*), max(e.sequence), h.sequence FROM audit_entry AS e
  JOIN audit_head AS h ON h.partnership_id = e.partnership_id
 GROUP BY e.partnership_id, h.sequence HAVING count(*) <> max(e.sequence) OR max(e.sequence) <> h.sequence;
-- every action that is not complete has the one clock of its due date running, and no other has one
SELECT a.id, a.state, count(c.id) FROM action AS a
  LEFT JOIN clock AS c ON c.partnership_id = a.partnership_id AND c.subject_id = a.id
   AND c.kind = 'action' AND c.superseded_at IS NULL AND c.cancelled_at IS NULL
   AND c.completed_on IS NULL AND c.due_on = a.due_on
 GROUP BY a.id, a.state
HAVING count(c.id) <> CASE WHEN a.state IN ('not_started', 'in_progress') THEN 1 ELSE 0 END;
-- every action that waits to be assured has the clock of its next check running
SELECT a.id, a.state, a.next_assurance_on FROM action AS a
 WHERE (a.state = 'complete_pending_assurance') <> EXISTS (
   SELECT FROM clock AS c WHERE c.partnership_id = a.partnership_id AND c.subject_id = a.id
      AND c.kind = 'assurance' AND c.superseded_at IS NULL AND c.cancelled_at IS NULL
      AND c.completed_on IS NULL AND c.due_on = a.next_assurance_on);
-- no action is closed as assured without evidence and an assured check since it was completed
SELECT a.id FROM action AS a
 WHERE a.state = 'closed_assured'
   AND NOT (EXISTS (SELECT FROM action_evidence AS e WHERE e.action_id = a.id)
     AND EXISTS (SELECT FROM action_assurance AS s WHERE s.action_id = a.id
                    AND s.outcome = 'assured' AND s."on" >= a.completed_on));
-- no action is complete while a lead of it is not
SELECT a.id, l.agency_id FROM action AS a JOIN action_lead AS l ON l.action_id = a.id
 WHERE a.state IN ('complete_pending_assurance', 'closed_assured')
   AND l.released_on IS NULL AND l.state <> 'complete';
-- the due dates of an action follow one another from the first to the last
SELECT a.id FROM action AS a
 WHERE a.due_on <> a.original_due_on + coalesce((SELECT sum(v.due_to - v.due_from)
         FROM action_due_revision AS v WHERE v.action_id = a.id), 0)::integer;
-- no review was published while an embargo was open
SELECT t.subject_id, e.id FROM transition AS t
  JOIN review_embargo AS e ON e.partnership_id = t.partnership_id AND e.review_id = t.subject_id
 WHERE t.to_state IN ('notice_given', 'published', 'not_published')
   AND e.created_at < t.at AND (e.lifted_on IS NULL OR e.updated_at > t.at);
-- no review was published before its notice had run, unless somebody decided so
SELECT r.id, p.published_on, p.earliest_publication_on FROM review AS r
  JOIN review_publication AS p ON p.partnership_id = r.partnership_id AND p.id = r.id
 WHERE p.published_on < p.earliest_publication_on AND p.override IS NULL;
-- no rapid review is there without a notification
SELECT r.id FROM rapid_review AS r
 WHERE NOT EXISTS (SELECT FROM notification AS n WHERE n.partnership_id = r.partnership_id
   AND n.incident_id = r.incident_id AND n.kind = 'serious_incident');
-- no rapid review was submitted before every statutory partner had signed the decision
SELECT s.id, a.slug FROM rapid_review_submission AS s
  JOIN LATERAL (SELECT d.id, d.decided_on FROM rapid_review_decision AS d
                 WHERE d.partnership_id = s.partnership_id AND d.rapid_review_id = s.rapid_review_id
                   AND d.created_at <= s.created_at ORDER BY d.created_at DESC, d.number DESC LIMIT 1) AS d
    ON true
  JOIN agency AS a ON a.partnership_id = s.partnership_id AND a.statutory_partner
   AND (a.valid_from IS NULL OR a.valid_from <= d.decided_on)
   AND (a.valid_to IS NULL OR a.valid_to >= d.decided_on)
 WHERE NOT EXISTS (SELECT FROM rapid_review_sign_off AS o WHERE o.partnership_id = s.partnership_id
   AND o.decision_id = d.id AND o.agency_id = a.id AND o.created_at <= s.created_at);
-- no state is moved without a step of the log; an incident follows what belongs to it without one
SELECT c.resource, c.resource_id, f.item ->> 'from', f.item ->> 'to' FROM change AS c
 CROSS JOIN LATERAL jsonb_array_elements(c.changes) AS f (item)
 WHERE c.resource IN ('action', 'incident', 'rapid_review', 'recommendation', 'referral', 'review')
   AND f.item ->> 'field' = 'state'
   AND NOT (c.resource = 'incident'
     AND (f.item ->> 'to' IN ('notified', 'rapid_review', 'submitted', 'responded', 'in_review')
       OR f.item ->> 'from' = 'in_review' AND f.item ->> 'to' <> 'closed'))
   AND NOT EXISTS (SELECT FROM transition AS t WHERE t.partnership_id = c.partnership_id
     AND t.subject = c.resource AND t.subject_id = c.resource_id AND t.at = c.at
     AND t.from_state = f.item ->> 'from' AND t.to_state = f.item ->> 'to');
-- the log of steps of everything begins with nothing and ends with the state that it is in
SELECT s.subject, s.id, s.state, l.first_from, l.last_to
  FROM (SELECT 'action' AS subject, partnership_id, id, state FROM action
         UNION ALL SELECT 'rapid_review', partnership_id, id, state FROM rapid_review
         UNION ALL SELECT 'recommendation', partnership_id, id, state FROM recommendation
         UNION ALL SELECT 'referral', partnership_id, id, state FROM referral
         UNION ALL SELECT 'review', partnership_id, id, state FROM review) AS s
 CROSS JOIN LATERAL (SELECT (array_agg(t.from_state ORDER BY t.id))[1] AS first_from,
                            (array_agg(t.to_state ORDER BY t.id DESC))[1] AS last_to
                       FROM transition AS t
                      WHERE t.partnership_id = s.partnership_id AND t.subject = s.subject
                        AND t.subject_id = s.id) AS l
 WHERE l.last_to IS DISTINCT FROM s.state OR l.first_from <> '';
