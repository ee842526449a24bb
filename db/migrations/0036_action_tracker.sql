-- What the tracker of half a million actions rests on.

-- As before, for who is limited. Whether the caller is, is asked once and not for each row: a count of
-- all actions would spend half its time on it.
CREATE FUNCTION action_is_open(
  p_created_by_agency_id uuid, p_lead_agency_ids uuid[], p_rapid_review_id uuid, p_review_id uuid
) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN (own_agency() IS NULL OR p_created_by_agency_id = own_agency()
      OR p_lead_agency_ids && own_agencies())
    AND (coalesce(current_setting('app.hidden_incidents', true), '') = ''
      OR (rapid_review_is_open_to_caller(p_rapid_review_id)
        AND review_is_open_to_caller(p_review_id)));
END $$;
DROP POLICY not_restricted_by_rapid_review ON action;
DROP POLICY not_restricted_by_review ON action;
ALTER POLICY own_partnership ON action USING (partnership_id = tenant());
CREATE POLICY not_limited ON action AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN (SELECT sees_all()) THEN true
           ELSE action_is_open(created_by_agency_id, lead_agency_ids, rapid_review_id, review_id)
         END);

-- By its due date, with what a count and the policy ask for, so that neither looks further.
DROP INDEX action_due;
CREATE INDEX action_due ON action (partnership_id, due_on, id)
  INCLUDE (state, original_due_on, agreed_on, closed_on, review_id, rapid_review_id, lead_agency_ids,
    created_by_agency_id);

-- The due dates that were moved after a day.
CREATE INDEX action_due_revision_on ON action_due_revision (partnership_id, revised_on, action_id);

