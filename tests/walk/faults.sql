-- a sound story
CREATE TEMPORARY TABLE story ON COMMIT DROP AS
  SELECT r.partnership_id, r.id FROM review AS r ORDER BY r.created_at LIMIT 1;
DELETE FROM transition AS t USING story AS r WHERE t.subject_id = r.id;
DELETE FROM review_embargo AS e USING story AS r WHERE e.review_id = r.id;
DELETE FROM review_proceeding AS p USING story AS r WHERE p.review_id = r.id;
DELETE FROM review_publication_notice AS n USING story AS r WHERE n.review_id = r.id;
DELETE FROM review_publication AS u USING story AS r WHERE u.id = r.id;
DELETE FROM review_approval AS a USING story AS r WHERE a.review_id = r.id;
DELETE FROM event AS e USING story AS r WHERE e.body::jsonb -> 'data' ->> 'review_id' = r.id::text
   AND e.type = 'review.published' AND NOT EXISTS (SELECT FROM delivery AS d WHERE d.event_id = e.id);
UPDATE review AS r SET state = 'published', type = 'lcspr' FROM story AS s WHERE r.id = s.id;
DELETE FROM change AS h USING story AS r WHERE h.subject_id = r.id;
INSERT INTO review_approval (partnership_id, id, review_id, version, kind, decided_on, outcome,
  decided_by, created_by_agency_id, created_at, updated_at)
SELECT r.partnership_id, gen_random_uuid(), r.id, 1, 'board', '2024-03-01', 'approved', 'board',
       a.id, now() - interval '4 hours', now()
  FROM story AS r JOIN agency AS a ON a.partnership_id = r.partnership_id AND a.slug = 'council';
INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
  happened_on, evidence, at)
SELECT r.partnership_id, 'review', r.id, 'createReviewTransition', t.begin, t.end, t.on, '{}',
       now() + t.after
  FROM story AS r
 CROSS JOIN (VALUES ('', 'approved', '2024-02-01'::date, interval '0 hours'),
   ('approved', 'signed_off', '2024-03-01', '1 hour'),
   ('signed_off', 'notice_given', '2024-03-04', '2 hours'),
   ('notice_given', 'published', '2024-03-13', '3 hours')) AS t (begin, "end", "on", after)
 ORDER BY t.after;
INSERT INTO review_publication (partnership_id, id, version, form, planned_on, notice_given_on,
  earliest_publication_on, published_on)
SELECT r.partnership_id, r.id, 1, 'full', '2024-03-13', '2024-03-04', '2024-03-13', '2024-03-13'
  FROM story AS r;
INSERT INTO review_publication_notice (partnership_id, id, review_id, version, recipient, sent_on,
  channel, created_at, updated_at)
SELECT r.partnership_id, gen_random_uuid(), r.id, 1, n.recipient, '2024-03-04', 'email',
       now() + interval '2 hours', now()
  FROM story AS r CROSS JOIN (VALUES ('panel'), ('dfe'), ('ofsted')) AS n (recipient);
INSERT INTO event (partnership_id, id, type, body)
SELECT r.partnership_id, gen_random_uuid(), 'review.published',
       jsonb_build_object('data', jsonb_build_object('review_id', r.id))
  FROM story AS r;
-- every incident's events are numbered without a gap
UPDATE event SET sequence = sequence + 1000000
 WHERE id = (SELECT e.id FROM event AS e WHERE e.incident_id IS NOT NULL LIMIT 1);
-- every partnership's audit chain has every number
UPDATE audit_head SET sequence = sequence + 1;
-- every action that is not complete has the one clock of its due date running, and no other has one
UPDATE action SET state = 'in_progress', due_on = due_on + 1000;
-- every action that waits to be assured has the clock of its next check running
UPDATE action SET state = 'complete_pending_assurance', next_assurance_on = '2000-01-01';
-- no action is closed as assured without evidence and an assured check since it was completed
UPDATE action SET state = 'closed_assured', completed_on = '2100-01-01';
-- no action is complete while a lead of it is not
UPDATE action_lead SET state = 'in_progress', completed_on = NULL, released_on = NULL;
UPDATE action SET state = 'complete_pending_assurance';
-- the due dates of an action follow one another from the first to the last
UPDATE action SET due_on = due_on + 1;
-- every day of an action since it was agreed is kept once, as the log of its steps and due dates has it
UPDATE action_standing SET state = 'superseded' WHERE until_on IS NULL;
-- no review was published on a day on which it was under embargo
INSERT INTO review_embargo (partnership_id, id, review_id, version, reason, embargoed_on, owner,
  review_by, lifted_on, lift_reason, created_at, updated_at)
SELECT r.partnership_id, gen_random_uuid(), r.id, 1, 'trial', '2024-03-05', 'chair', '2024-06-01',
       '2024-03-14', 'ended', now(), now()
  FROM story AS r;
-- no review was announced, published or decided against while an embargo was on the books
INSERT INTO review_embargo (partnership_id, id, review_id, version, reason, embargoed_on, owner,
  review_by, created_at, updated_at)
SELECT r.partnership_id, gen_random_uuid(), r.id, 1, 'trial', '2024-03-05', 'chair', '2024-06-01',
       now(), now()
  FROM story AS r;
UPDATE review_embargo AS e SET lifted_on = '2024-03-12', lift_reason = 'late' FROM story AS r
 WHERE e.review_id = r.id;
UPDATE change AS h SET at = now() + interval '9 hours' FROM story AS r
 WHERE h.subject_id = r.id AND h.resource = 'review_embargo' AND h.changes IS NOT NULL;
-- no review was published on a day on which a proceeding held it
INSERT INTO review_proceeding (partnership_id, id, review_id, version, type, affects_publication,
  affects_interviews, opened_on, created_at, updated_at)
SELECT r.partnership_id, gen_random_uuid(), r.id, 1, 'criminal_trial', true, false, '2024-02-01',
       now(), now()
  FROM story AS r;
-- no review was published before seven working days after its notice, unless somebody decided so
UPDATE review_publication AS u SET published_on = '2024-03-12' FROM story AS r WHERE u.id = r.id;
-- no review but a national one was published without a notice to the Panel, DfE and Ofsted
DELETE FROM review_publication_notice AS n USING story AS r
 WHERE n.review_id = r.id AND n.recipient = 'ofsted';
-- nobody in law was told of a publication after the notice that seven working days are counted from
UPDATE review_publication_notice AS n SET sent_on = '2024-03-05' FROM story AS r
 WHERE n.review_id = r.id AND n.recipient = 'dfe';
-- no review was announced or published before the board had signed it off
UPDATE transition AS t SET happened_on = '2024-03-05' FROM story AS r
 WHERE t.subject_id = r.id AND t.to_state = 'signed_off';
-- no review was signed off before the board had approved a draft
UPDATE review_approval AS a SET outcome = 'referred_back' FROM story AS r WHERE a.review_id = r.id;
-- nothing was published in the form not_published, or in none
UPDATE review_publication AS u SET form = NULL FROM story AS r WHERE u.id = r.id;
-- what is not published in full has a reason, somebody who decided, and a Panel that was told
UPDATE review_publication AS u SET form = 'improvements_only', reason = 'x', decided_by = 'y'
  FROM story AS r WHERE u.id = r.id;
-- every publication is told by one event, and no event tells of another
DELETE FROM transition AS t USING story AS r WHERE t.subject_id = r.id AND t.to_state = 'published';
-- no review under embargo has a day of publication, or a notice that counts
UPDATE review AS r SET state = 'embargoed' FROM story AS s WHERE r.id = s.id;
-- every review is as published as its state says
UPDATE review AS r SET state = 'notice_given' FROM story AS s WHERE r.id = s.id;
-- no rapid review is there without a notification
WITH one AS (
  SELECT v.id AS rapid_review_id, to_jsonb(i) AS incident
    FROM rapid_review AS v
    JOIN incident AS i ON i.partnership_id = v.partnership_id AND i.id = v.incident_id
   LIMIT 1),
never_notified AS (
  INSERT INTO incident
  SELECT (jsonb_populate_record(NULL::incident, one.incident || jsonb_build_object(
           'id', gen_random_uuid(), 'local_ref', 'never notified', 'case_system', NULL,
           'external_id', NULL))).*
    FROM one
  RETURNING id)
UPDATE rapid_review AS v
   SET incident_id = n.id
  FROM one, never_notified AS n
 WHERE v.id = one.rapid_review_id;
-- no rapid review was submitted before every statutory partner had signed the decision
INSERT INTO rapid_review_submission (partnership_id, rapid_review_id, id, number, decision_id, complete,
  transmission, submitted_on, created_at)
SELECT d.partnership_id, d.rapid_review_id, gen_random_uuid(), 1000, d.id, true, 'record', d.decided_on,
       now()
  FROM rapid_review_decision AS d LIMIT 1;
UPDATE rapid_review_sign_off SET created_at = now() + interval '1 hour';
-- no state is moved without a step of the log; an incident follows what belongs to it without one
UPDATE rapid_review AS v SET state = 'lapsed' WHERE v.id = (SELECT o.id FROM rapid_review AS o
  WHERE o.state <> 'lapsed' LIMIT 1);
-- the log of steps of everything begins with nothing and ends with the state that it is in
DELETE FROM transition AS t USING story AS r WHERE t.subject_id = r.id AND t.to_state = 'approved';
