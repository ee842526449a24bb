-- What the recurrence of a common theme rests on: that of 33,000 reviews and of 330,000 actions on it.

-- An action by its recommendation, with what is counted and what its policy asks for, so that a walk
-- through all of them looks no further.
DROP INDEX action_recommendation;
CREATE INDEX action_recommendation ON action (partnership_id, recommendation_id)
  INCLUDE (id, state, agreed_on, closed_on, review_id, rapid_review_id, lead_agency_ids,
    created_by_agency_id);

-- The recommendations that are not about the themes of one review alone.
CREATE INDEX recommendation_other ON recommendation (partnership_id, id)
  INCLUDE (theme_ids, review_id, rapid_review_id, addressee_agency_ids, created_by_agency_id)
  WHERE theme_ids <> '{}' OR review_id IS NULL OR rapid_review_id IS NOT NULL;

-- Whether the caller is limited is asked once, and not for each recommendation.
CREATE FUNCTION recommendation_is_open(
  p_created_by_agency_id uuid, p_addressee_agency_ids uuid[], p_rapid_review_id uuid, p_review_id uuid
) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN (own_agency() IS NULL OR p_created_by_agency_id = own_agency()
      OR p_addressee_agency_ids && own_agencies())
    AND (coalesce(current_setting('app.hidden_incidents', true), '') = ''
      OR (rapid_review_is_open_to_caller(p_rapid_review_id)
        AND review_is_open_to_caller(p_review_id)));
END $$;
DROP POLICY not_restricted_by_rapid_review ON recommendation;
DROP POLICY not_restricted_by_review ON recommendation;
ALTER POLICY own_partnership ON recommendation USING (partnership_id = tenant());
CREATE POLICY not_limited ON recommendation AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN (SELECT sees_all()) THEN true
           ELSE recommendation_is_open(created_by_agency_id, addressee_agency_ids, rapid_review_id,
             review_id)
         END);

-- The few actions that were opened again after they had been closed.
CREATE INDEX transition_reopened ON transition (partnership_id, subject_id)
  WHERE subject = 'action' AND from_state IN ('closed_assured', 'closed_unverified');

-- An incident with the days that it is known and counted by.
DROP INDEX incident_aware_on;
CREATE INDEX incident_aware_on ON incident (partnership_id, aware_on, id)
  INCLUDE (incident_date, created_by_agency_id);
