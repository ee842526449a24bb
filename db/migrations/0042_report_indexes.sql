-- What the reports look up: actions that had not ended by a day, and the evidence and the checks of a
-- period.

CREATE INDEX action_ended ON action (partnership_id, closed_on);
CREATE INDEX action_evidence_day ON action_evidence (partnership_id, "on", shows, action_id);
CREATE INDEX action_assurance_day ON action_assurance (partnership_id, "on", outcome, action_id);
