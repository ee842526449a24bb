-- The clocks of a review or a rapid review are as open as it is: a review of several incidents has clocks
-- of the first one alone, and none of its clocks is for an agency that is kept from any of them.
CREATE POLICY review_not_restricted ON clock AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           WHEN subject = 'review' THEN review_is_open_to_caller(subject_id)
           WHEN subject = 'rapid_review' THEN rapid_review_is_open_to_caller(subject_id)
           ELSE true
         END);
