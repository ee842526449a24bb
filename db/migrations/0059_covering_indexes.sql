-- What reports ask of each incident comes from indexes alone, in the order of incidents: no table is looked
-- at, and nothing is sorted. What the policies of a table name is among it, or the table would be. Every text in
-- them is a code, so that no entry comes near what an index can hold.

DROP INDEX notification_once;
CREATE UNIQUE INDEX notification_once ON notification (partnership_id, incident_id, kind)
  INCLUDE (notified_on, nature_as_notified)
  WHERE kind NOT IN ('update', 'withdrawal');

DROP INDEX rapid_review_incident;
CREATE INDEX rapid_review_incident ON rapid_review (partnership_id, incident_id)
  INCLUDE (id, notified_on, created_by_agency_id);

DROP INDEX clock_judged;
CREATE INDEX clock_judged ON clock (partnership_id, kind, incident_id, subject_id)
  INCLUDE (id, subject, starts_on, due_on, completed_on, cancelled_at, extended_until, created_by_agency_id,
    agency_id)
  WHERE superseded_at IS NULL AND kind IN ('sin', 'rapid_review', 'lcspr');

DROP INDEX review_decided_on;
CREATE INDEX review_decided_on ON review (partnership_id, decided_on, id) INCLUDE (type, asked_agency_ids);

DROP INDEX child_one_index_child;
CREATE UNIQUE INDEX child_one_index_child ON child (partnership_id, incident_id)
  INCLUDE (unborn, age_years, age_days, csc_status, cp_plan, lac_status, mental_health_condition, flags,
    created_by_agency_id)
  WHERE index_child;
CREATE INDEX child_beside_index_child ON child (partnership_id, incident_id)
  INCLUDE (unborn, age_years, age_days, csc_status, cp_plan, lac_status, mental_health_condition, flags,
    created_by_agency_id)
  WHERE NOT index_child;
