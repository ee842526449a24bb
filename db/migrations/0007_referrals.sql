-- Referrals: what any agency brings to the business unit, before anybody has decided whether it is
-- an incident to notify.

CREATE TABLE referral (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state <> ''),
  reference text NOT NULL CHECK (reference <> ''),
  agency_id uuid NOT NULL,
  referred_by text,
  received_on date NOT NULL,
  incident_date date,
  aware_on date,
  nature text,
  abuse_neglect_status text,
  la_of_incident text,
  location_type text,
  summary text NOT NULL,
  immediate_actions text,
  children jsonb NOT NULL DEFAULT '[]',
  quality_assured_on date,
  quality_note text,
  decided_on date,
  incident_id uuid,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT referral_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CONSTRAINT referral_reference_key UNIQUE (partnership_id, reference)
);
CREATE INDEX referral_created_at ON referral (partnership_id, created_at, id);
CREATE INDEX referral_incident ON referral (partnership_id, incident_id);

CREATE TRIGGER referral_record_change
  AFTER INSERT OR UPDATE ON referral
  FOR EACH ROW EXECUTE FUNCTION record_change('id');

ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
-- An agency sees what it referred itself, whoever wrote it down.
CREATE POLICY own_partnership ON referral TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR agency_id = own_agency() OR created_by_agency_id = own_agency()));
GRANT SELECT, INSERT, UPDATE ON referral TO cspr_api;
