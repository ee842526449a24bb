-- What a report of a period finds by its days, and what a rapid review led to.

CREATE INDEX rapid_review_notified_on ON rapid_review (partnership_id, notified_on);
CREATE INDEX review_decided_on ON review (partnership_id, decided_on, id) INCLUDE (asked_agency_ids);
CREATE INDEX recommendation_made_on ON recommendation (partnership_id, made_on);
CREATE INDEX referral_decision_decided_on ON referral_decision (partnership_id, decided_on);

-- Of links that were removed since, too: a day before that has them.
CREATE INDEX review_incident_of_incident ON review_incident (partnership_id, incident_id);
DROP INDEX review_incident_incident;
