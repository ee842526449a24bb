-- The rulebook of a partnership (calendar and policies), and its clocks.

-- name: rulebook_get
-- Everything that clocks are counted by, with the version that authenticate compares.
SELECT p.rulebook_version,
       p.area_code,
       (SELECT s.version FROM calendar_state AS s) AS calendar_version,
       (SELECT json_agg(h.date ORDER BY h.date) FROM bank_holiday AS h) AS holidays,
       (SELECT json_agg(json_build_object(
                 'kind', c.kind, 'basis', c.basis, 'start_event', c.start_event, 'unit', c.unit,
                 'length', c.length, 'source', c.source))
          FROM clock_policy AS c
         WHERE c.partnership_id = p.id) AS policies
  FROM partnership AS p
 WHERE p.id = tenant();

-- name: bank_holiday_list
-- All loaded bank holidays of England and Wales, with a key to page by.
-- $1 limit (one more than the page), $2 after_key, $3 year
SELECT h.date,
       h.title,
       h.notes,
       h.date AS "_key"
  FROM bank_holiday AS h
 WHERE ($2::date IS NULL OR h.date > $2::date)
   AND ($3::integer IS NULL OR extract(year FROM h.date) = $3::integer)
 ORDER BY h.date
 LIMIT $1::integer;

-- name: clocks_insert
-- The clocks that start with an incident or a notification; they are the incident's own unless they
-- name another subject.
-- $1 incident_id, $2 clocks (json array)
INSERT INTO clock (partnership_id, id, incident_id, subject, subject_id, created_by_agency_id,
  kind, basis, duty, rule, starts_on, start_event, unit, length, due_on, at_risk_on, completed_on,
  calendar_version)
SELECT i.partnership_id,
       c.id,
       i.id,
       coalesce(c.subject, 'incident'),
       coalesce(c.subject_id, i.id),
       i.created_by_agency_id,
       c.kind,
       c.basis,
       c.duty,
       c.rule,
       c.starts_on,
       c.start_event,
       c.unit,
       c.length,
       c.due_on,
       c.at_risk_on,
       c.completed_on,
       c.calendar_version
  FROM jsonb_to_recordset($2::jsonb) AS c (id uuid, subject text, subject_id uuid, kind text,
    basis text, duty text, rule text, starts_on date, start_event text, unit text, length integer,
    due_on date, at_risk_on date, completed_on date, calendar_version integer)
  JOIN incident AS i ON i.partnership_id = tenant() AND i.id = $1::uuid;

-- name: clocks_reconcile
-- After a correction: an open notification clock that is no longer wanted as it stands is
-- superseded by the wanted one, or cancelled when there is none. Judged clocks stay as they are.
-- $1 incident_id, $2 clocks (json array)
WITH wanted AS (
  SELECT w.id, w.kind, w.basis, w.duty, w.rule, w.starts_on, w.start_event, w.unit, w.length,
         w.due_on, w.at_risk_on, w.calendar_version
    FROM jsonb_to_recordset($2::jsonb) AS w (id uuid, kind text, basis text, duty text, rule text,
      starts_on date, start_event text, unit text, length integer, due_on date, at_risk_on date,
      calendar_version integer)
), closed AS (
  UPDATE clock AS c
     SET superseded_at = CASE WHEN w.kind IS NOT NULL THEN now() END,
         cancelled_at = CASE WHEN w.kind IS NULL THEN now() END
    FROM clock AS o
    LEFT JOIN wanted AS w ON w.kind = o.kind
   WHERE o.partnership_id = tenant()
     AND o.incident_id = $1::uuid
     AND o.kind = 'sin'
     AND o.superseded_at IS NULL
     AND o.cancelled_at IS NULL
     AND o.completed_on IS NULL
     AND (w.starts_on, w.due_on, w.duty, w.rule, w.basis)
           IS DISTINCT FROM (o.starts_on, o.due_on, o.duty, o.rule, o.basis)
     AND c.partnership_id = o.partnership_id
     AND c.id = o.id
  RETURNING c.kind
)
INSERT INTO clock (partnership_id, id, incident_id, subject_id, created_by_agency_id, kind, basis,
  duty, rule, starts_on, start_event, unit, length, due_on, at_risk_on, calendar_version)
SELECT i.partnership_id, w.id, i.id, i.id, i.created_by_agency_id, w.kind, w.basis, w.duty, w.rule,
       w.starts_on, w.start_event, w.unit, w.length, w.due_on, w.at_risk_on, w.calendar_version
  FROM wanted AS w
  JOIN incident AS i ON i.partnership_id = tenant() AND i.id = $1::uuid
 WHERE NOT EXISTS (
   SELECT FROM clock AS c
    WHERE c.partnership_id = tenant()
      AND c.incident_id = $1::uuid
      AND c.kind = w.kind
      AND c.superseded_at IS NULL
      AND c.cancelled_at IS NULL
      AND c.kind NOT IN (SELECT d.kind FROM closed AS d));

-- name: clock_correct
-- An open clock that was counted by the same policy is superseded by one from the corrected day. A
-- judged one stays, and so does one that counts by another policy.
-- $1 incident_id, $2 clock (json object)
WITH wanted AS (
  SELECT w.id, w.kind, w.basis, w.starts_on, w.start_event, w.unit, w.length, w.due_on,
         w.at_risk_on, w.calendar_version
    FROM jsonb_to_record($2::jsonb) AS w (id uuid, kind text, basis text, starts_on date,
      start_event text, unit text, length integer, due_on date, at_risk_on date,
      calendar_version integer)
), closed AS (
  UPDATE clock AS c
     SET superseded_at = now()
    FROM wanted AS w
   WHERE c.partnership_id = tenant()
     AND c.incident_id = $1::uuid
     AND c.kind = w.kind
     AND c.basis = w.basis
     AND c.superseded_at IS NULL
     AND c.cancelled_at IS NULL
     AND c.completed_on IS NULL
     AND (c.starts_on, c.due_on) IS DISTINCT FROM (w.starts_on, w.due_on)
  RETURNING c.partnership_id, c.created_by_agency_id, c.duty, c.rule, c.extensions, c.subject,
            c.subject_id, c.resource_id, c.agency_id, c.owner
)
INSERT INTO clock (partnership_id, id, incident_id, created_by_agency_id, kind, basis, duty, rule,
  starts_on, start_event, unit, length, due_on, at_risk_on, calendar_version, extensions, subject,
  subject_id, resource_id, agency_id, owner)
SELECT d.partnership_id, w.id, $1::uuid, d.created_by_agency_id, w.kind, w.basis, d.duty, d.rule,
       w.starts_on, w.start_event, w.unit, w.length, w.due_on, w.at_risk_on, w.calendar_version,
       d.extensions, d.subject, d.subject_id, d.resource_id, d.agency_id, d.owner
  FROM wanted AS w
 CROSS JOIN closed AS d;

-- name: clock_complete
-- The running clock of that kind is met, in time or late.
-- $1 incident_id, $2 kind, $3 completed_on
UPDATE clock AS c
   SET completed_on = $3::date
 WHERE c.partnership_id = tenant()
   AND c.incident_id = $1::uuid
   AND c.kind = $2::text
   AND c.completed_on IS NULL
   AND c.cancelled_at IS NULL
   AND c.superseded_at IS NULL;

-- name: clock_list_by_incident
-- Every clock of an incident, also those that a correction superseded, oldest first.
-- $1 incident_id
SELECT c.id,
       c.kind,
       c.basis,
       c.duty,
       c.rule,
       c.starts_on,
       c.start_event,
       c.unit,
       c.length,
       c.due_on,
       c.at_risk_on,
       c.completed_on,
       c.extensions,
       c.extended_until,
       c.calendar_version,
       instant_text(c.superseded_at) AS superseded_at,
       c.paused AS "_paused",
       c.cancelled_at IS NOT NULL AS "_cancelled"
  FROM clock AS c
 WHERE c.partnership_id = tenant()
   AND c.incident_id = $1::uuid
 ORDER BY c.created_at, c.kind, c.id;
