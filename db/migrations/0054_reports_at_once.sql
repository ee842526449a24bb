-- Whether the caller sees all of the partnership is asked once for a statement, and not for each row: a
-- report asks it of hundreds of thousands (docs/adr/0015).
ALTER POLICY not_limited ON incident
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE own_is_open(created_by_agency_id, id) END);
ALTER POLICY not_limited ON child
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE own_is_open(created_by_agency_id, incident_id) END);
ALTER POLICY not_limited ON clock
  USING (CASE
           WHEN (SELECT sees_all()) THEN true
           ELSE clock_is_open(created_by_agency_id, agency_id, incident_id)
         END);
ALTER POLICY subject_not_limited ON clock
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE clock_subject_is_open(subject, subject_id) END);
ALTER POLICY not_limited ON notification
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE notification_is_open(incident_id) END);
ALTER POLICY not_limited ON rapid_review
  USING (CASE
           WHEN (SELECT sees_all()) THEN true
           ELSE rapid_review_is_open(id, created_by_agency_id, incident_id)
         END);
ALTER POLICY not_limited ON review
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE review_is_open(id, asked_agency_ids) END);
ALTER POLICY not_limited ON review_incident
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE shared_is_open(incident_id) END);

-- What reports count incidents by, without reading the incidents.
CREATE INDEX incident_counted ON incident (partnership_id, id)
  INCLUDE (nature, our_role, harm_types, created_by_agency_id);
