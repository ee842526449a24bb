-- Reviews: what is learnt from one or several incidents, from the decision to initiate one to the
-- board's sign-off, with everything that its steps are judged by.

CREATE TABLE review (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state <> ''),
  type text NOT NULL CHECK (type <> ''),
  reference text NOT NULL CHECK (reference <> ''),
  title text NOT NULL CHECK (title <> ''),
  decided_on date NOT NULL,
  panel_concurred_on date,
  commissioning_reason text,
  scope_from date,
  scope_to date,
  methodology text,
  target_completion_on date,
  signed_off_on date,
  discontinued_on date,
  discontinued_by text,
  state_reason text,
  -- Whom the report was shared with for a response: these agencies see the review themselves. It
  -- stands here because a subquery in a policy costs every reader.
  asked_agency_ids uuid[] NOT NULL,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT review_reference_key UNIQUE (partnership_id, reference),
  CONSTRAINT review_scope_in_order CHECK (scope_to >= scope_from)
);
CREATE INDEX review_created_at ON review (partnership_id, created_at, id);

-- Several incidents may have one review, and one incident several. What was unlinked stays to be
-- seen; state_before is what the incident was before a review was linked to it.
CREATE TABLE review_incident (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  position integer NOT NULL,
  state_before text,
  linked_at timestamptz NOT NULL,
  removed_at timestamptz,
  PRIMARY KEY (partnership_id, review_id, incident_id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id),
  CONSTRAINT review_incident_incident FOREIGN KEY (partnership_id, incident_id)
    REFERENCES incident (partnership_id, id)
);
CREATE INDEX review_incident_incident ON review_incident (partnership_id, incident_id)
  WHERE removed_at IS NULL;

CREATE TABLE reviewer (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  role text NOT NULL,
  organisation text,
  contract_reference text,
  independence_statement text,
  appointed_on date NOT NULL,
  ended_on date,
  ended_reason text,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  CONSTRAINT reviewer_dates_in_order CHECK (ended_on >= appointed_on),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);

-- Who sits on the review's panel for which agency; the agencies are asked for responses.
CREATE TABLE panel_member (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  agency_id uuid NOT NULL,
  role text NOT NULL,
  member_from date NOT NULL,
  member_until date,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  CONSTRAINT panel_member_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id),
  CONSTRAINT panel_member_dates_in_order CHECK (member_until >= member_from),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);

-- Dated versions: a later one stands beside the earlier ones.
CREATE TABLE terms_of_reference (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  number integer NOT NULL CHECK (number > 0),
  agreed_on date NOT NULL,
  agreed_by text,
  content text,
  document_sha256 text,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  CONSTRAINT terms_of_reference_number UNIQUE (partnership_id, review_id, number),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);

CREATE TABLE family_participation (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  relation text NOT NULL,
  invited_on date,
  response text NOT NULL,
  responded_on date,
  feedback_offered_on date,
  note text,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);

CREATE TABLE review_draft (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  number integer NOT NULL CHECK (number > 0),
  received_on date NOT NULL,
  circulated_on date,
  checked_against_terms boolean NOT NULL,
  document_sha256 text,
  note text,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  CONSTRAINT review_draft_number UNIQUE (partnership_id, review_id, number),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);

-- What each agency says to the final draft, after its own governance body was told.
CREATE TABLE agency_response (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  agency_id uuid NOT NULL,
  draft_number integer,
  shared_on date NOT NULL,
  responded_on date,
  response text,
  governance_body text,
  governance_told_on date,
  overdue_reason text,
  note text,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  CONSTRAINT agency_response_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id),
  CONSTRAINT agency_response_whole CHECK ((responded_on IS NULL) = (response IS NULL)),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);
-- An agency is not asked twice at the same time.
CREATE UNIQUE INDEX agency_response_open ON agency_response (partnership_id, review_id, agency_id)
  WHERE responded_on IS NULL;

-- Of a draft, by the subgroup or the board; of several the last one counts.
CREATE TABLE review_approval (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  kind text NOT NULL,
  draft_number integer,
  decided_on date NOT NULL,
  outcome text NOT NULL,
  decided_by text NOT NULL,
  reason text,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);

-- The clocks of a resource, open or judged.
CREATE INDEX clock_subject ON clock (partnership_id, subject_id, kind);

CREATE TRIGGER review_record_change
  AFTER INSERT OR UPDATE ON review
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
CREATE TRIGGER review_incident_record_change
  AFTER INSERT OR UPDATE ON review_incident
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER reviewer_record_change
  AFTER INSERT OR UPDATE ON reviewer
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER panel_member_record_change
  AFTER INSERT OR UPDATE ON panel_member
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER terms_of_reference_record_change
  AFTER INSERT OR UPDATE ON terms_of_reference
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER family_participation_record_change
  AFTER INSERT OR UPDATE ON family_participation
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER review_draft_record_change
  AFTER INSERT OR UPDATE ON review_draft
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER agency_response_record_change
  AFTER INSERT OR UPDATE ON agency_response
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER review_approval_record_change
  AFTER INSERT OR UPDATE ON review_approval
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');

ALTER TABLE review ENABLE ROW LEVEL SECURITY;
ALTER TABLE review FORCE ROW LEVEL SECURITY;
ALTER TABLE review_incident ENABLE ROW LEVEL SECURITY;
ALTER TABLE review_incident FORCE ROW LEVEL SECURITY;
ALTER TABLE reviewer ENABLE ROW LEVEL SECURITY;
ALTER TABLE reviewer FORCE ROW LEVEL SECURITY;
ALTER TABLE panel_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE panel_member FORCE ROW LEVEL SECURITY;
ALTER TABLE terms_of_reference ENABLE ROW LEVEL SECURITY;
ALTER TABLE terms_of_reference FORCE ROW LEVEL SECURITY;
ALTER TABLE family_participation ENABLE ROW LEVEL SECURITY;
ALTER TABLE family_participation FORCE ROW LEVEL SECURITY;
ALTER TABLE review_draft ENABLE ROW LEVEL SECURITY;
ALTER TABLE review_draft FORCE ROW LEVEL SECURITY;
ALTER TABLE agency_response ENABLE ROW LEVEL SECURITY;
ALTER TABLE agency_response FORCE ROW LEVEL SECURITY;
ALTER TABLE review_approval ENABLE ROW LEVEL SECURITY;
ALTER TABLE review_approval FORCE ROW LEVEL SECURITY;

-- An agency that was asked for its response sees that there is the review, and what it was asked.
CREATE POLICY own_partnership ON review TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR own_agency() = ANY (asked_agency_ids)));
CREATE POLICY own_partnership ON agency_response TO cspr_api
  USING (partnership_id = tenant() AND (own_agency() IS NULL OR agency_id = own_agency()));
CREATE POLICY own_partnership ON review_incident TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON reviewer TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON panel_member TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON terms_of_reference TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON family_participation TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON review_draft TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON review_approval TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);

GRANT SELECT, INSERT, UPDATE ON review, review_incident, reviewer, panel_member,
  terms_of_reference, family_participation, review_draft, agency_response, review_approval
  TO cspr_api;
