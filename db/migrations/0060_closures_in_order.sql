-- What the recurrence of a common theme is counted from, in the order in which it is counted.

-- The actions by the day and the kind of their end, with what is asked of each and what their policy names:
-- the walk through all of a partnership's that followed their recommendations had to sort them out itself.
DROP INDEX action_ended;
CREATE INDEX action_ended ON action (partnership_id, closed_on, state)
  INCLUDE (id, recommendation_id, review_id, agreed_on, rapid_review_id, lead_agency_ids,
    created_by_agency_id);

-- That walk is gone, and with it what it read.
DROP INDEX action_recommendation;
CREATE INDEX action_recommendation ON action (partnership_id, recommendation_id);
