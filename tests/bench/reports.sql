-- Fills the partnership :partnership with what reports are measured on: :incidents incidents over
-- fifteen years, a review for every second one of them, ten actions for each review, and what belongs
-- to them. Nothing is random: the same numbers make the same records.

SET synchronous_commit = off;
-- Neither the log of changes nor foreign keys: the records are right by how they are made.
SET session_replication_role = replica;

CREATE FUNCTION pg_temp.made_id(kind integer, number bigint) RETURNS uuid
  LANGUAGE sql IMMUTABLE
  AS $$ SELECT (lpad(to_hex(kind), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;

-- One of the words, by the number.
CREATE FUNCTION pg_temp.word(number bigint, VARIADIC words text[]) RETURNS text
  LANGUAGE sql IMMUTABLE
  AS $$ SELECT words[1 + number % cardinality(words)] $$;

-- The agencies, with the two that have become others.
CREATE TEMP TABLE made_agency AS
SELECT :'partnership'::uuid AS partnership_id, pg_temp.made_id(1, n) AS id, n
  FROM generate_series(1, 12) AS n;
INSERT INTO agency (partnership_id, id, slug, name, kind, statutory_partner, valid_to, succeeded_by,
  succeeded_on)
SELECT a.partnership_id, a.id, 'made-' || a.n, 'Made agency ' || a.n,
       pg_temp.word(a.n, 'police', 'nhs', 'education', 'other'), a.n <= 4,
       CASE WHEN a.n > 10 THEN date '2022-06-30' END,
       CASE WHEN a.n > 10 THEN pg_temp.made_id(1, a.n - 5) END,
       CASE WHEN a.n > 10 THEN date '2022-07-01' END
  FROM made_agency AS a;

-- Each number with its days: known of, notified, decided.
CREATE TEMP TABLE made AS
SELECT :'partnership'::uuid AS partnership_id, pg_temp.made_id(1, 1) AS agency_id, n,
       current_date - (n * 5400 / :incidents)::integer - 30 AS aware_on,
       (current_date - (n * 5400 / :incidents)::integer - 30)::timestamptz AS at
  FROM generate_series(1::bigint, :incidents) AS n;

INSERT INTO incident (partnership_id, id, version, state, local_ref, incident_date, date_precision,
  aware_on, aware_by, partnership_aware_on, nature, abuse_neglect_status, notifying_basis, our_role,
  la_of_incident, location_type, harm_types, narrative, duty, duty_rule, code_list_version,
  created_by_agency_id, created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(2, m.n), 3,
       pg_temp.word(m.n, 'closed', 'in_review', 'closed', 'responded', 'recorded'),
       'MADE-' || m.n, m.aware_on - 2, 'exact', m.aware_on, 'duty team', m.aware_on,
       pg_temp.word(m.n, 'child_death', 'serious_harm', 'serious_harm'), 'known', 'in_area',
       pg_temp.word(m.n % 9, 'lead', 'lead', 'lead', 'lead', 'lead', 'lead', 'lead', 'contributing'),
       'E08000028', pg_temp.word(m.n, 'home', 'hospital', 'community'),
       ARRAY[pg_temp.word(m.n, 'neglect', 'physical_abuse', 'sexual_abuse')],
       repeat('What happened is told here. ', 8), 'serious_incident', 'made', code_list_version(),
       m.agency_id, m.at, m.at
  FROM made AS m;

INSERT INTO child (partnership_id, incident_id, id, version, position, index_child,
  created_by_agency_id, role, nature, age_years, age_days, sex, ethnicity, disabilities,
  known_to_any_agency, csc_status, cp_plan, lac_status, placement_type, education_status, created_at,
  updated_at)
SELECT m.partnership_id, pg_temp.made_id(2, m.n), pg_temp.made_id(3, m.n * 4 + c), 1, c, c = 1,
       m.agency_id, 'victim', pg_temp.word(m.n, 'child_death', 'serious_harm', 'serious_harm'),
       nullif(m.n % 18, 0), CASE WHEN m.n % 18 = 0 THEN 40 END, pg_temp.word(m.n + c, 'M', 'F'),
       pg_temp.word(m.n, 'WBRI', 'APKN', 'BCRB', 'MWBC', 'NOBT', 'WOTH'),
       ARRAY[pg_temp.word(m.n, 'NONE', 'NONE', 'LD', 'AUT')], pg_temp.word(m.n, 'yes', 'no'),
       pg_temp.word(m.n, 'cin_plan', 'not_known', 'cp_plan'), pg_temp.word(m.n, 'none', 'current'),
       pg_temp.word(m.n, 'none', 'none', 'current'), pg_temp.word(m.n, NULL, 'U4', 'K2'),
       pg_temp.word(m.n, 'school', 'not_school_age'), m.at, m.at
  FROM made AS m
 CROSS JOIN LATERAL generate_series(1, 1 + (m.n % 10 = 0)::integer) AS c;

-- Four of five were notified, a few of them late.
INSERT INTO notification (partnership_id, id, incident_id, kind, transmission, notified_on, rule,
  created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(4, m.n), pg_temp.made_id(2, m.n), 'serious_incident',
       'record', m.aware_on + 3 + (m.n % 17 = 0)::integer * 9, 'made', m.at, m.at
  FROM made AS m
 WHERE m.n % 5 > 0;
INSERT INTO notification_recipient (partnership_id, notification_id, recipient)
SELECT m.partnership_id, pg_temp.made_id(4, m.n), r.recipient
  FROM made AS m
 CROSS JOIN (VALUES ('panel'), ('dfe'), ('ofsted')) AS r (recipient)
 WHERE m.n % 5 > 0;
INSERT INTO rapid_review (partnership_id, id, version, state, incident_id, notification_id,
  notified_on, created_by_agency_id, created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(5, m.n), 6,
       pg_temp.word(m.n, 'responded', 'closed', 'submitted', 'responded'), pg_temp.made_id(2, m.n),
       pg_temp.made_id(4, m.n), m.aware_on + 3 + (m.n % 17 = 0)::integer * 9, m.agency_id, m.at, m.at
  FROM made AS m
 WHERE m.n % 5 > 0;
INSERT INTO rapid_review_decision (partnership_id, rapid_review_id, id, number, decided_on, outcome,
  rationale, criteria, circumstances, code_list_version, created_at)
SELECT m.partnership_id, pg_temp.made_id(5, m.n), pg_temp.made_id(6, m.n), 1, m.aware_on + 18,
       CASE WHEN m.n % 2 = 0 THEN 'lcspr' ELSE 'no_further_learning' END, 'Why.', '[]', '[]',
       code_list_version(), m.at
  FROM made AS m
 WHERE m.n % 5 > 0;
INSERT INTO rapid_review_submission (partnership_id, rapid_review_id, id, number, decision_id,
  complete, transmission, submitted_on, created_at)
SELECT m.partnership_id, pg_temp.made_id(5, m.n), pg_temp.made_id(7, m.n), 1, pg_temp.made_id(6, m.n),
       true, 'record', m.aware_on + 20 + (m.n % 13 = 0)::integer * 12, m.at
  FROM made AS m
 WHERE m.n % 5 > 0;
INSERT INTO panel_response (partnership_id, rapid_review_id, id, version, number, response, letter_on,
  received_on, created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(5, m.n), pg_temp.made_id(8, m.n), 1, 1,
       pg_temp.word(m.n, 'agreed', 'agreed', 'agreed', 'not_agreed'), m.aware_on + 32, m.aware_on + 33,
       m.at, m.at
  FROM made AS m
 WHERE m.n % 5 > 0 AND m.n % 11 > 0;
INSERT INTO scoping_return (partnership_id, rapid_review_id, id, version, agency_id, sent_on,
  received_on, created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(5, m.n), pg_temp.made_id(9, m.n * 4 + a), 1,
       pg_temp.made_id(1, a), m.aware_on + 3,
       CASE WHEN (m.n + a) % 19 > 0 THEN m.aware_on + 8 + ((m.n + a) % 5)::integer END, m.at, m.at
  FROM made AS m
 CROSS JOIN generate_series(1, 2) AS a
 WHERE m.n % 5 > 0;

INSERT INTO referral (partnership_id, id, version, state, reference, agency_id, received_on, summary,
  decided_on, incident_id, created_by_agency_id, created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(10, m.n), 3, pg_temp.word(m.n, 'accepted', 'not_met'),
       'MADE-REF-' || m.n, m.agency_id, m.aware_on, 'What was brought.', m.aware_on + 1,
       CASE WHEN m.n % 2 = 0 THEN pg_temp.made_id(2, m.n) END, m.agency_id, m.at, m.at
  FROM made AS m;
INSERT INTO referral_decision (partnership_id, id, referral_id, outcome, decided_on, rationale, views,
  referrer_told_on, chair_told_on, incident_id, made_incident, distinct_from, created_at)
SELECT m.partnership_id, pg_temp.made_id(11, m.n), pg_temp.made_id(10, m.n),
       pg_temp.word(m.n, 'met', 'not_met'), m.aware_on + 1, 'Why.', '[]', m.aware_on + 1,
       m.aware_on + 2, CASE WHEN m.n % 2 = 0 THEN pg_temp.made_id(2, m.n) END, m.n % 2 = 0, '{}', m.at
  FROM made AS m;

-- A review of every second one; the newest are still running.
CREATE TEMP TABLE made_review AS
SELECT m.*, pg_temp.made_id(12, m.n) AS review_id,
       m.aware_on + 40 AS decided_on,
       CASE WHEN m.aware_on > current_date - 250 THEN pg_temp.word(m.n / 2, 'in_progress', 'drafted')
            ELSE pg_temp.word(m.n / 2, 'published', 'closed', 'closed', 'embargoed', 'not_published')
       END AS state
  FROM made AS m
 WHERE m.n % 2 = 0;
INSERT INTO review (partnership_id, id, version, state, type, reference, title, decided_on,
  panel_concurred_on, methodology, asked_agency_ids, created_by_agency_id, created_at, updated_at)
SELECT r.partnership_id, r.review_id, 9, r.state,
       pg_temp.word(r.n / 2, 'lcspr', 'lcspr', 'lcspr', 'table_top'), 'MADE-REVIEW-' || r.n,
       'Child ' || r.n, r.decided_on, r.decided_on + 10, 'silp', '{}', r.agency_id, r.at, r.at
  FROM made_review AS r;
INSERT INTO review_incident (partnership_id, review_id, incident_id, id, version, position, linked_at)
SELECT r.partnership_id, r.review_id, pg_temp.made_id(2, r.n), pg_temp.made_id(13, r.n), 1, 1, r.at
  FROM made_review AS r;
INSERT INTO review_publication (partnership_id, id, version, form, planned_on, notice_given_on,
  earliest_publication_on, published_on, not_published_on)
SELECT r.partnership_id, r.review_id, 3, pg_temp.word(r.n / 2, 'full', 'full', 'redacted_or_summary'),
       r.decided_on + 190, r.decided_on + 150, r.decided_on + 165,
       CASE WHEN r.state IN ('published', 'closed') THEN r.decided_on + 190 END,
       CASE WHEN r.state = 'not_published' THEN r.decided_on + 190 END
  FROM made_review AS r
 WHERE r.state IN ('published', 'closed', 'embargoed', 'not_published');
INSERT INTO publication_recipient (partnership_id, code, label, told_by, position)
SELECT :'partnership', 'made', 'Made recipient', 'email', 99;
INSERT INTO review_publication_notice (partnership_id, id, review_id, version, recipient, planned_on,
  sent_on, channel, created_at, updated_at)
SELECT r.partnership_id, pg_temp.made_id(14, r.n), r.review_id, 1, 'made', r.decided_on + 190,
       r.decided_on + 150, 'email', r.at, r.at
  FROM made_review AS r
 WHERE r.state IN ('published', 'closed', 'not_published');
INSERT INTO review_dissemination (partnership_id, id, review_id, version, kind, held_on, audience,
  attendance, created_at)
SELECT r.partnership_id, pg_temp.made_id(15, r.n), r.review_id, 1,
       pg_temp.word(r.n / 2, 'seven_minute_briefing', 'webinar'), r.decided_on + 200, 'practitioners',
       40, r.at
  FROM made_review AS r
 WHERE r.state IN ('published', 'closed');
INSERT INTO review_proceeding (partnership_id, id, review_id, version, type, body, opened_on,
  expected_end_on, ended_on, affects_publication, affects_interviews, created_at, updated_at)
SELECT r.partnership_id, pg_temp.made_id(16, r.n), r.review_id, 1,
       pg_temp.word(r.n / 2, 'criminal_trial', 'inquest'), 'Court', r.decided_on, r.decided_on + 400,
       CASE WHEN r.n % 8 > 0 THEN r.decided_on + 420 END, true, true, r.at, r.at
  FROM made_review AS r
 WHERE r.n % 4 = 0;
INSERT INTO review_embargo (partnership_id, id, review_id, version, reason, embargoed_on, owner,
  review_by, created_at, updated_at)
SELECT r.partnership_id, pg_temp.made_id(17, r.n), r.review_id, 1, 'A trial.', r.decided_on + 180,
       'business manager', r.decided_on + 360, r.at, r.at
  FROM made_review AS r
 WHERE r.state = 'embargoed';

-- Three recommendations of each review and ten actions that follow from them.
INSERT INTO recommendation (partnership_id, id, version, state, number, text, origin, review_id,
  addressee, national_body, level, made_on, accepted, raised_on, raised_to, created_by_agency_id,
  created_at, updated_at)
SELECT r.partnership_id, pg_temp.made_id(18, r.n * 4 + k), 2,
       CASE WHEN k = 3 AND r.n % 5 = 0 THEN 'raised' ELSE 'accepted' END, k::text,
       'What is recommended. ' || r.n, 'lcspr', r.review_id,
       CASE WHEN k = 3 AND r.n % 5 = 0 THEN 'national_body' ELSE 'partnership' END,
       CASE WHEN k = 3 AND r.n % 5 = 0 THEN 'DfE' END, 'system', r.decided_on + 150,
       CASE WHEN k = 3 AND r.n % 5 = 0 THEN NULL ELSE 'yes' END,
       CASE WHEN k = 3 AND r.n % 5 = 0 THEN r.decided_on + 200 END,
       CASE WHEN k = 3 AND r.n % 5 = 0 THEN 'safeguarding unit' END, r.agency_id, r.at, r.at
  FROM made_review AS r
 CROSS JOIN generate_series(1, 3) AS k;
CREATE TEMP TABLE made_action AS
SELECT r.partnership_id, r.agency_id, r.at, r.review_id, r.n * 10 + k AS n, k,
       pg_temp.made_id(19, r.n * 10 + k) AS id,
       pg_temp.made_id(18, r.n * 4 + 1 + k % 2) AS recommendation_id,
       r.decided_on + 160 AS agreed_on,
       r.decided_on + 250 + 10 * k AS due_on,
       (r.n + k) % 12 = 0 AS is_revised,
       k % 3 = 0 AS is_collective,
       CASE WHEN r.decided_on + 260 + 10 * k > current_date
              THEN pg_temp.word(r.n / 2 + k, 'not_started', 'in_progress', 'in_progress')
            WHEN r.decided_on + 260 + 10 * k < current_date - 700
              THEN pg_temp.word(r.n / 2 + k, 'closed_assured', 'closed_assured', 'closed_unverified',
                'closed_assured', 'superseded')
            ELSE pg_temp.word(r.n / 2 + k, 'closed_assured', 'closed_assured', 'closed_unverified',
              'closed_assured', 'complete_pending_assurance', 'in_progress', 'superseded')
       END AS state
  FROM made_review AS r
 CROSS JOIN generate_series(1, 10) AS k
 WHERE r.decided_on + 160 <= current_date;
ANALYZE made_action;
INSERT INTO action (partnership_id, id, version, state, number, text, recommendation_id, review_id,
  responsibility, lead_agency_ids, owner, agreed_on, due_on, original_due_on, level, impact_measure,
  assurance_interval_months, next_assurance_on, completed_on, closed_on, created_by_agency_id,
  created_at, updated_at)
SELECT a.partnership_id, a.id, 5, a.state, a.k::text,
       'What is to be done about it, by whom it concerns and until when. ' || a.n, a.recommendation_id,
       a.review_id, CASE WHEN a.is_collective THEN 'collective' ELSE 'individual' END,
       CASE WHEN a.is_collective
              THEN ARRAY[pg_temp.made_id(1, 1 + a.n % 12), pg_temp.made_id(1, 1 + (a.n + 5) % 12)]
            ELSE ARRAY[pg_temp.made_id(1, 1 + a.n % 12)] END,
       'head of safeguarding', a.agreed_on, a.due_on,
       a.due_on - CASE WHEN a.is_revised THEN 30 ELSE 0 END,
       pg_temp.word(a.n, 'individual', 'group', 'system'), 'An audit finds it.', 6,
       CASE WHEN a.state = 'complete_pending_assurance' THEN a.due_on + 180 END,
       CASE WHEN a.state LIKE 'c%' THEN a.due_on - 3 END,
       CASE WHEN a.state IN ('closed_assured', 'closed_unverified', 'superseded')
              THEN a.due_on + 5 END,
       a.agency_id, a.at, a.at
  FROM made_action AS a;
INSERT INTO action_lead (partnership_id, action_id, id, version, agency_id, leads_from, state,
  completed_on, updated_at)
SELECT a.partnership_id, a.id, pg_temp.made_id(20, a.n * 2 + l.position), 2, l.agency_id, a.agreed_on,
       CASE WHEN a.completed_on IS NULL THEN 'in_progress' ELSE 'complete' END, a.completed_on,
       a.updated_at
  FROM (SELECT t.*, ('x' || right(t.id::text, 12))::bit(48)::bigint AS n
          FROM action AS t
         WHERE t.partnership_id = :'partnership') AS a
 CROSS JOIN unnest(a.lead_agency_ids) WITH ORDINALITY AS l (agency_id, position);
INSERT INTO action_due_revision (partnership_id, action_id, due_from, due_to, revised_on, reason,
  approved_by)
SELECT a.partnership_id, a.id, a.due_on - 30, a.due_on, least(a.due_on - 40, current_date), 'A release.',
       'subgroup'
  FROM made_action AS a
 WHERE a.is_revised;
INSERT INTO action_evidence (partnership_id, action_id, id, version, "on", kind, shows, description,
  agency_id, created_at)
SELECT a.partnership_id, a.id, pg_temp.made_id(21, a.n), 1, least(a.due_on, current_date), 'audit', 'done',
       'What shows it.', a.agency_id, a.at
  FROM made_action AS a
 WHERE a.state LIKE 'c%';
INSERT INTO action_assurance (partnership_id, action_id, id, version, "on", assured_by, outcome,
  next_due_on, created_at)
SELECT a.partnership_id, a.id, pg_temp.made_id(22, a.n), 1, least(a.due_on + 4, current_date),
       'subgroup', 'assured', a.due_on + 180, a.at
  FROM made_action AS a
 WHERE a.state = 'closed_assured';

-- The steps that have led there.
INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
  happened_on, evidence, agency_id, at)
SELECT s.partnership_id, s.subject, s.subject_id, 'made', s.from_state, s.to_state, s.happened_on, '{}',
       s.agency_id, s.at
  FROM (
    SELECT m.partnership_id, 'rapid_review' AS subject, pg_temp.made_id(5, m.n) AS subject_id,
           t.from_state, t.to_state, m.aware_on + t.days AS happened_on, m.agency_id, m.at
      FROM made AS m
     CROSS JOIN (VALUES ('opened', 'met', 14), ('met', 'decided', 18), ('decided', 'submitted', 20),
             ('submitted', 'responded', 33)) AS t (from_state, to_state, days)
     WHERE m.n % 5 > 0
    UNION ALL
    SELECT r.partnership_id, 'review', r.review_id, t.from_state, t.to_state, r.decided_on + t.days,
           r.agency_id, r.at
      FROM made_review AS r
     CROSS JOIN (VALUES ('', 'initiated', 0), ('initiated', 'in_progress', 20),
             ('in_progress', 'drafted', 120), ('drafted', 'signed_off', 150)) AS t (from_state, to_state, days)
     WHERE r.decided_on + t.days <= current_date
    UNION ALL
    SELECT r.partnership_id, 'review', r.review_id, 'signed_off', r.state, r.decided_on + 190,
           r.agency_id, r.at
      FROM made_review AS r
     WHERE r.state NOT IN ('in_progress', 'drafted')
    UNION ALL
    SELECT a.partnership_id, 'action', a.id, '', 'not_started', a.agreed_on, a.agency_id, a.at
      FROM made_action AS a
    UNION ALL
    SELECT a.partnership_id, 'action', a.id, 'not_started', 'in_progress',
           least(a.agreed_on + 20, current_date), a.agency_id, a.at
      FROM made_action AS a
     WHERE a.state <> 'not_started'
    UNION ALL
    SELECT a.partnership_id, 'action', a.id, 'in_progress', 'complete_pending_assurance', a.due_on - 3,
           a.agency_id, a.at
      FROM made_action AS a
     WHERE a.state LIKE 'c%'
    UNION ALL
    SELECT a.partnership_id, 'action', a.id, 'complete_pending_assurance', a.state, a.due_on + 5,
           a.agency_id, a.at
      FROM made_action AS a
     WHERE a.state IN ('closed_assured', 'closed_unverified')
    UNION ALL
    SELECT a.partnership_id, 'action', a.id, 'in_progress', a.state, a.due_on + 5, a.agency_id, a.at
      FROM made_action AS a
     WHERE a.state = 'superseded') AS s
 ORDER BY s.happened_on;

-- The clocks of all of them; those of the newest run still.
INSERT INTO clock (partnership_id, id, subject, subject_id, incident_id, agency_id, owner,
  created_by_agency_id, kind, basis, starts_on, start_event, unit, length, due_on, at_risk_on,
  completed_on, calendar_version, created_at)
SELECT k.partnership_id, gen_random_uuid(), k.subject, k.subject_id, k.incident_id, k.lead_id,
       'business manager', k.agency_id, k.kind, 'made', k.starts_on, 'made', 'calendar_day', 0, k.due_on,
       k.due_on - 1, k.completed_on, 1, k.at
  FROM (
    SELECT m.partnership_id, 'incident' AS subject, pg_temp.made_id(2, m.n) AS subject_id,
           pg_temp.made_id(2, m.n) AS incident_id, NULL::uuid AS lead_id, m.agency_id, 'sin' AS kind,
           m.aware_on AS starts_on, m.aware_on + 7 AS due_on,
           CASE WHEN m.n % 5 > 0 THEN m.aware_on + 3 + (m.n % 17 = 0)::integer * 9 END AS completed_on,
           m.at
      FROM made AS m
    UNION ALL
    SELECT m.partnership_id, 'rapid_review', pg_temp.made_id(5, m.n), pg_temp.made_id(2, m.n), NULL,
           m.agency_id, 'rapid_review', m.aware_on + 3, m.aware_on + 24,
           m.aware_on + 20 + (m.n % 13 = 0)::integer * 12, m.at
      FROM made AS m
     WHERE m.n % 5 > 0
    UNION ALL
    SELECT r.partnership_id, 'review', r.review_id, NULL, NULL, r.agency_id, 'lcspr',
           r.decided_on, r.decided_on + 182,
           CASE WHEN r.state IN ('published', 'closed') THEN r.decided_on + 190 END, r.at
      FROM made_review AS r
    UNION ALL
    SELECT a.partnership_id, 'action', a.id, NULL, pg_temp.made_id(1, 1 + a.n % 12), a.agency_id,
           'action', a.agreed_on, a.due_on,
           CASE WHEN a.state LIKE 'c%' OR a.state = 'superseded' THEN a.due_on - 3 END, a.at
      FROM made_action AS a) AS k;

-- Eight themes, two of them derived, and what each review was coded as.
INSERT INTO theme (partnership_id, id, version, set_id, code, label, kind, aliases, derivation,
  white_other_counts, created_at, updated_at)
SELECT s.partnership_id, pg_temp.made_id(23, n), 1, s.id, 'made_' || n, 'Made theme ' || n,
       pg_temp.word(n - 1, 'demographic', 'demographic', 'factor', 'practice', 'factor', 'practice',
         'factor', 'factor'), '{}', CASE n WHEN 1 THEN 'under_1' WHEN 2 THEN 'black_and_minoritised' END,
       CASE n WHEN 2 THEN false END, now(), now()
  FROM theme_set AS s
 CROSS JOIN generate_series(1, 8) AS n
 WHERE s.partnership_id = :'partnership'
   AND NOT s.is_national;
INSERT INTO review_theme (partnership_id, review_id, id, version, theme_id, evidence, coded_by,
  coded_on, removed_on, created_at)
SELECT v.partnership_id, v.id, gen_random_uuid(), 1, pg_temp.made_id(23, t.n), 'Paragraph 4.',
       'business manager', v.decided_on + 100, NULL, v.created_at
  FROM (SELECT r.*, row_number() OVER (ORDER BY r.id) AS place FROM review AS r) AS v
 CROSS JOIN generate_series(1, 8) AS t (n)
 WHERE v.partnership_id = :'partnership'
   AND (v.place + t.n) % 3 > 0;

-- What is rare, but enough of it that a statement which is slow for one of them is slow: rapid reviews that
-- lapsed and, some of them, were taken up again; decisions not to notify; withdrawals, some reopened; clocks
-- that ended with them or were extended; notifications of an update; links and codings that were removed;
-- reviews that were discontinued; actions that were opened again.
INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
  happened_on, evidence, agency_id, at)
SELECT m.partnership_id, t.subject, pg_temp.made_id(t.kind, m.n), 'made', t.from_state, t.to_state,
       m.aware_on + t.days, '{}', m.agency_id, m.at
  FROM made AS m
  JOIN (VALUES ('rapid_review', 5, 211, 'met', 'lapsed', 15),
               ('rapid_review', 5, 633, 'lapsed', 'met', 16),
               ('incident', 2, 10, 'recorded', 'not_notified', 6),
               ('incident', 2, 301, 'notified', 'withdrawn', 25),
               ('incident', 2, 602, 'withdrawn', 'reopened', 29))
    AS t (subject, kind, each, from_state, to_state, days)
    ON m.n % t.each = 0
   AND (m.n % 5 > 0 OR t.to_state = 'not_notified')
 ORDER BY m.aware_on, t.days;
UPDATE rapid_review AS r
   SET state = 'lapsed'
  FROM made AS m
 WHERE r.partnership_id = m.partnership_id
   AND r.id = pg_temp.made_id(5, m.n)
   AND m.n % 211 = 0
   AND m.n % 633 > 0;
UPDATE clock AS c
   SET cancelled_at = m.at + interval '6 days'
  FROM made AS m
 WHERE c.partnership_id = m.partnership_id
   AND c.subject_id = pg_temp.made_id(2, m.n)
   AND c.kind = 'sin'
   AND m.n % 10 = 0;
UPDATE clock AS c
   SET cancelled_at = m.at + interval '15 days',
       completed_on = NULL
  FROM made AS m
 WHERE c.partnership_id = m.partnership_id
   AND c.subject_id = pg_temp.made_id(5, m.n)
   AND c.kind = 'rapid_review'
   AND m.n % 211 = 0;
UPDATE clock AS c
   SET extended_until = c.due_on + 10,
       extensions = jsonb_build_array(jsonb_build_object('until', c.due_on + 10, 'agreed_on', c.due_on - 2,
         'agreed_with', 'panel', 'reason', 'A trial.'))
  FROM made AS m
 WHERE c.partnership_id = m.partnership_id
   AND c.subject_id IN (pg_temp.made_id(5, m.n), pg_temp.made_id(12, m.n))
   AND c.kind IN ('rapid_review', 'lcspr')
   AND m.n % 97 = 0;
INSERT INTO notification (partnership_id, id, incident_id, kind, transmission, notified_on, rule,
  created_at, updated_at)
SELECT m.partnership_id, pg_temp.made_id(24, m.n), pg_temp.made_id(2, m.n), 'update', 'record',
       m.aware_on + 40, 'made', m.at, m.at
  FROM made AS m
 WHERE m.n % 5 > 0
   AND m.n % 41 = 0;
UPDATE review_incident AS l
   SET removed_at = l.linked_at + interval '30 days'
  FROM made AS m
 WHERE l.partnership_id = m.partnership_id
   AND l.id = pg_temp.made_id(13, m.n)
   AND m.n % 200 = 0;
UPDATE review AS v
   SET discontinued_on = r.decided_on + 60
  FROM made_review AS r
 WHERE v.partnership_id = r.partnership_id
   AND v.id = r.review_id
   AND r.n % 94 = 0;
UPDATE review_theme AS k
   SET removed_on = k.coded_on + 60
  FROM made_review AS r
 WHERE k.partnership_id = r.partnership_id
   AND k.review_id = r.review_id
   AND k.theme_id = pg_temp.made_id(23, 3)
   AND r.n % 62 = 0;
INSERT INTO transition (partnership_id, subject, subject_id, operation, from_state, to_state,
  happened_on, evidence, agency_id, at)
SELECT a.partnership_id, 'action', a.id, 'made', t.from_state, t.to_state, a.due_on + t.days, '{}',
       a.agency_id, a.at
  FROM made_action AS a
 CROSS JOIN (VALUES ('closed_assured', 'in_progress', 30),
                    ('in_progress', 'complete_pending_assurance', 60),
                    ('complete_pending_assurance', 'closed_assured', 70))
   AS t (from_state, to_state, days)
 WHERE a.state = 'closed_assured'
   AND a.n % 151 = 0
   AND a.due_on + 70 <= current_date
 ORDER BY a.due_on, t.days;

-- How each action stood on which days; its triggers are off.
INSERT INTO action_standing
SELECT s.*
  FROM made_action AS a
 CROSS JOIN LATERAL action_standings(a.partnership_id, a.id) AS s;

RESET session_replication_role;
VACUUM ANALYZE;
CHECKPOINT;
