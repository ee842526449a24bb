-- What another area's partnership asks of us for its rapid review: an incident that it leads has no
-- notification and no rapid review of ours, but we owe it a scoping return.
CREATE TABLE scoping_request (
  partnership_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  created_by_agency_id uuid NOT NULL, -- the incident's, for the policy below
  version integer NOT NULL CHECK (version > 0),
  requested_on date NOT NULL,
  due_on date,
  returned_on date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  from_partnership text NOT NULL CHECK (from_partnership <> ''),
  owner_role text,
  nil_return boolean,
  note text,
  PRIMARY KEY (partnership_id, incident_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id)
);
CREATE TRIGGER scoping_request_record_change
  AFTER INSERT OR UPDATE ON scoping_request
  FOR EACH ROW EXECUTE FUNCTION record_change();
ALTER TABLE scoping_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE scoping_request FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON scoping_request TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));
GRANT SELECT, INSERT, UPDATE ON scoping_request TO cspr_api;
CREATE POLICY not_restricted ON scoping_request AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));

-- An immediate action has its own clock, from the day on which it was agreed.
ALTER TABLE immediate_action ADD COLUMN agreed_on date;
ALTER TABLE immediate_action NO FORCE ROW LEVEL SECURITY;
UPDATE immediate_action AS t SET agreed_on = london_day(t.created_at);
ALTER TABLE immediate_action FORCE ROW LEVEL SECURITY;
ALTER TABLE immediate_action ALTER COLUMN agreed_on SET NOT NULL;
