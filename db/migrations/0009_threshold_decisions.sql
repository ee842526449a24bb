-- The threshold decision of a referral: whether the criteria are met, what each partner thought, who
-- was told. Decisions are never changed; where a referral is taken up again, another follows.

CREATE TABLE referral_decision (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  referral_id uuid NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('met', 'not_met')),
  decided_on date NOT NULL,
  rationale text NOT NULL,
  views jsonb NOT NULL,
  referrer_told_on date NOT NULL,
  chair_told_on date NOT NULL,
  incident_id uuid,
  made_incident boolean NOT NULL,
  -- Ids, as text: the similar incidents that were looked at and are others.
  distinct_from text[] NOT NULL,
  decided_by_key_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, referral_id) REFERENCES referral (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CHECK ((outcome = 'met') = (incident_id IS NOT NULL))
);
CREATE INDEX referral_decision_referral
  ON referral_decision (partnership_id, referral_id, created_at, id);
CREATE INDEX referral_decision_incident ON referral_decision (partnership_id, incident_id);

ALTER TABLE referral_decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_decision FORCE ROW LEVEL SECURITY;
-- Who sees the referral sees what was decided of it.
CREATE POLICY own_partnership ON referral_decision TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM referral AS r
       WHERE r.partnership_id = referral_decision.partnership_id
         AND r.id = referral_decision.referral_id)));
GRANT SELECT, INSERT ON referral_decision TO cspr_api;

-- Incidents that may be the same are looked for by either date.
CREATE INDEX incident_incident_date ON incident (partnership_id, incident_date);
