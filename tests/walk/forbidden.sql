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
-- every day of an action since it was agreed is kept once, as the log of its steps and due dates has it
SELECT told.id, told.day, told.state, told.due_on FROM (
   SELECT a.id, a.agreed_on, d.day,
          coalesce((SELECT t.to_state FROM transition AS t WHERE t.subject_id = a.id
             AND t.happened_on <= d.day ORDER BY t.id DESC LIMIT 1), 'not_started') AS state,
          coalesce((SELECT v.due_to FROM action_due_revision AS v WHERE v.action_id = a.id
             AND v.revised_on <= d.day ORDER BY v.id DESC LIMIT 1), a.original_due_on) AS due_on
     FROM action AS a
    CROSS JOIN LATERAL (SELECT a.agreed_on - 1 AS day UNION SELECT a.agreed_on
       UNION SELECT t.happened_on + n FROM transition AS t, generate_series(-1, 0) AS n
        WHERE t.subject_id = a.id
       UNION SELECT v.revised_on + n FROM action_due_revision AS v, generate_series(-1, 0) AS n
        WHERE v.action_id = a.id) AS d) AS told
 WHERE CASE WHEN told.day < told.agreed_on THEN 0 ELSE 1 END <> (
   SELECT coalesce(sum(CASE WHEN s.state = told.state AND s.due_on = told.due_on THEN 1 ELSE 2 END), 0)
     FROM action_standing AS s
    WHERE s.action_id = told.id AND s.from_on <= told.day
      AND (s.until_on IS NULL OR s.until_on > told.day));
-- no review was published on a day on which it was under embargo
SELECT u.id, u.published_on, e.embargoed_on, e.lifted_on FROM review_publication AS u
  JOIN review_embargo AS e ON e.partnership_id = u.partnership_id AND e.review_id = u.id
 WHERE u.published_on >= e.embargoed_on AND (e.lifted_on IS NULL OR u.published_on < e.lifted_on);
-- no review was announced, published or decided against while an embargo was on the books
SELECT t.subject_id, t.to_state, e.id FROM transition AS t
  JOIN review_embargo AS e ON e.partnership_id = t.partnership_id AND e.review_id = t.subject_id
 WHERE t.to_state IN ('notice_given', 'published', 'not_published') AND e.created_at < t.at
   AND NOT EXISTS (SELECT FROM change AS h CROSS JOIN jsonb_array_elements(h.changes) AS c
     WHERE h.partnership_id = e.partnership_id AND h.subject_id = e.review_id AND h.resource_id = e.id
       AND c ->> 'field' = 'lifted_on' AND c ->> 'to' IS NOT NULL AND h.at < t.at);
-- no review was published on a day on which a proceeding held it
SELECT t.subject_id, u.published_on, p.id FROM transition AS t
  JOIN review_publication AS u ON u.partnership_id = t.partnership_id AND u.id = t.subject_id
  JOIN review_proceeding AS p ON p.partnership_id = t.partnership_id AND p.review_id = t.subject_id
   AND p.created_at < t.at
 CROSS JOIN LATERAL (SELECT
     (SELECT h.snapshot FROM change AS h WHERE h.partnership_id = p.partnership_id
         AND h.subject_id = p.review_id AND h.resource_id = p.id AND h.snapshot IS NOT NULL)
     || coalesce((SELECT jsonb_object_agg(c ->> 'field', c -> 'to' ORDER BY h.id)
         FROM change AS h CROSS JOIN jsonb_array_elements(h.changes) AS c
        WHERE h.partnership_id = p.partnership_id AND h.subject_id = p.review_id
          AND h.resource_id = p.id AND h.at < t.at), '{}') AS then) AS as_it
 WHERE t.to_state = 'published' AND (as_it.then ->> 'affects_publication')::boolean
   AND coalesce((as_it.then ->> 'opened_on')::date <= u.published_on, true)
   AND coalesce((as_it.then ->> 'ended_on')::date > u.published_on, true);
-- no review was published before seven working days after its notice, unless somebody decided so
SELECT /* An embargo ends a notice, and a national review is published without another. */
       u.id, u.published_on, told.on, r.type FROM review_publication AS u
  JOIN review AS r ON r.partnership_id = u.partnership_id AND r.id = u.id
  JOIN LATERAL (SELECT t.happened_on AS on, t.id FROM transition AS t
     WHERE t.partnership_id = u.partnership_id AND t.subject_id = u.id
       AND t.to_state = 'notice_given' ORDER BY t.id DESC LIMIT 1) AS told ON true
 WHERE u.published_on IS NOT NULL AND u.override IS NULL
   AND NOT (r.type = 'national' AND EXISTS (SELECT FROM transition AS t
     WHERE t.partnership_id = u.partnership_id AND t.subject_id = u.id
       AND t.to_state = 'embargoed' AND t.id > told.id))
   AND 7 > (SELECT count(*) FROM generate_series(told.on, u.published_on - 1, '1 day') AS g (day)
             WHERE extract(isodow FROM g.day) < 6
               AND g.day::date NOT IN (SELECT b.date FROM bank_holiday AS b));
-- no review but a national one was published without a notice to the Panel, DfE and Ofsted
SELECT r.id, l.recipient FROM review AS r
  JOIN review_publication AS u ON u.partnership_id = r.partnership_id AND u.id = r.id
 CROSS JOIN (VALUES ('panel'), ('dfe'), ('ofsted')) AS l (recipient)
 WHERE u.published_on IS NOT NULL AND r.type <> 'national'
   AND NOT EXISTS (SELECT FROM review_publication_notice AS n
     WHERE n.partnership_id = r.partnership_id AND n.review_id = r.id AND n.recipient = l.recipient
       AND n.sent_on <= u.published_on);
-- nobody in law was told of a publication after the notice that seven working days are counted from
SELECT n.review_id, n.recipient, n.sent_on, t.happened_on FROM transition AS t
  JOIN review_publication_notice AS n ON n.partnership_id = t.partnership_id
   AND n.review_id = t.subject_id AND n.created_at = t.at
 WHERE t.to_state = 'notice_given' AND n.recipient IN ('panel', 'dfe', 'ofsted')
   AND n.sent_on > t.happened_on;
-- no review was announced or published before the board had signed it off
SELECT t.subject_id, t.to_state, t.happened_on, u.notice_given_on FROM transition AS t
  JOIN review AS r ON r.partnership_id = t.partnership_id AND r.id = t.subject_id
  LEFT JOIN review_publication AS u ON u.partnership_id = t.partnership_id AND u.id = t.subject_id
 WHERE t.to_state IN ('notice_given', 'published')
   AND NOT EXISTS (SELECT FROM transition AS s WHERE s.partnership_id = t.partnership_id
     AND s.subject_id = t.subject_id AND s.to_state = 'signed_off' AND s.id < t.id
     AND (r.type = 'national' OR s.happened_on
          <= CASE t.to_state WHEN 'published' THEN u.published_on ELSE t.happened_on END));
-- no review was signed off before the board had approved a draft
SELECT t.subject_id FROM transition AS t
 WHERE t.to_state = 'signed_off' AND t.from_state IN ('approved', 'not_stated')
   AND coalesce((SELECT a.outcome FROM review_approval AS a WHERE a.partnership_id = t.partnership_id
                    AND a.review_id = t.subject_id AND a.kind = 'board' AND a.created_at < t.at
                  ORDER BY a.created_at DESC LIMIT 1), '') <> 'approved';
-- nothing was published in the form not_published, or in none
SELECT u.id, u.form FROM review_publication AS u
 WHERE u.published_on IS NOT NULL AND coalesce(u.form, 'not_published') = 'not_published';
-- what is not published in full has a reason, somebody who decided, and a Panel that was told
SELECT u.id, u.form FROM review_publication AS u
 WHERE (u.not_published_on IS NOT NULL OR (u.published_on IS NOT NULL AND u.form <> 'full'))
   AND num_nulls(u.reason, u.decided_by, u.panel_told_on) > 0;
-- every publication is told by one event, and no event tells of another
SELECT r.id, e.told, t.taken FROM review AS r
 CROSS JOIN LATERAL (SELECT count(*) AS taken FROM transition AS t WHERE t.subject_id = r.id
    AND t.partnership_id = r.partnership_id AND t.to_state = 'published') AS t
  LEFT JOIN (SELECT b.partnership_id, b.body::jsonb -> 'data' ->> 'review_id' AS review_id,
                    count(*) AS told FROM event AS b WHERE b.type = 'review.published' GROUP BY 1, 2)
    AS e ON e.partnership_id = r.partnership_id AND e.review_id = r.id::text
 WHERE coalesce(e.told, 0) <> t.taken;
-- no review under embargo has a day of publication, or a notice that counts
SELECT r.id, u.planned_on, u.notice_given_on FROM review AS r
  JOIN review_publication AS u ON u.partnership_id = r.partnership_id AND u.id = r.id
 WHERE r.state = 'embargoed'
   AND num_nonnulls(u.planned_on, u.notice_given_on, u.earliest_publication_on, u.published_on) > 0;
-- every review is as published as its state says
SELECT r.id, r.state, u.published_on, u.not_published_on FROM review AS r
  LEFT JOIN review_publication AS u ON u.partnership_id = r.partnership_id AND u.id = r.id
 WHERE (r.state = 'published' AND u.published_on IS NULL)
    OR (r.state = 'not_published' AND u.not_published_on IS NULL)
    OR (r.state NOT IN ('published', 'not_published', 'assurance', 'closed')
        AND num_nonnulls(u.published_on, u.not_published_on) > 0);
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
