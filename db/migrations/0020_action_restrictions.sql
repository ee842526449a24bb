-- What belongs to an action is as open as the action: an agency that is kept from an incident finds
-- neither the parts of the actions that follow from it nor their clocks. For reading alone, because an
-- action is written in one statement with its leads, which cannot see it yet.

CREATE FUNCTION action_is_open_to_caller(p_action_id uuid) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE EXISTS (
             SELECT FROM action AS a WHERE a.partnership_id = tenant() AND a.id = p_action_id)
         END
$$;
CREATE POLICY not_restricted ON action_lead AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (action_is_open_to_caller(action_id));
CREATE POLICY not_restricted ON action_due_revision AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (action_is_open_to_caller(action_id));
CREATE POLICY not_restricted ON action_evidence AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (action_is_open_to_caller(action_id));
CREATE POLICY not_restricted ON action_assurance AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (action_is_open_to_caller(action_id));
CREATE POLICY action_not_restricted ON clock AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (subject <> 'action' OR action_is_open_to_caller(subject_id));
