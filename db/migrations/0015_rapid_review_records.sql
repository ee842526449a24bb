-- What belongs to a rapid review: scoping, meetings, immediate actions, the decision with its
-- sign-offs, submissions, and what the Panel answers. Nothing is deleted; decisions, submissions and
-- responses are numbered, and the last one is the one that counts.

CREATE TABLE scoping_return (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  agency_id uuid NOT NULL,
  sent_on date NOT NULL,
  owner_role text,
  received_on date,
  nil_return boolean,
  known text,
  author_role text,
  open_at_incident boolean,
  first_involved_on date,
  last_involved_on date,
  key_practice_episodes text,
  good_practice text,
  learning text,
  immediate_action text,
  withdrawn_on date,
  withdrawn_reason text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  FOREIGN KEY (partnership_id, rapid_review_id) REFERENCES rapid_review (partnership_id, id),
  CONSTRAINT scoping_return_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);
CREATE UNIQUE INDEX scoping_return_once ON scoping_return (partnership_id, rapid_review_id, agency_id)
  WHERE withdrawn_on IS NULL;
CREATE INDEX scoping_return_of_agency ON scoping_return (partnership_id, agency_id, rapid_review_id);

CREATE TABLE scoping_chaser (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  scoping_return_id uuid NOT NULL,
  id uuid NOT NULL,
  chased_on date NOT NULL,
  channel text,
  by_role text,
  note text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, scoping_return_id, id),
  CONSTRAINT scoping_chaser_return FOREIGN KEY (partnership_id, rapid_review_id, scoping_return_id)
    REFERENCES scoping_return (partnership_id, rapid_review_id, id)
);

CREATE TABLE rapid_review_meeting (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  id uuid NOT NULL,
  held_on date NOT NULL,
  chair_role text,
  minutes_sha256 text,
  note text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  FOREIGN KEY (partnership_id, rapid_review_id) REFERENCES rapid_review (partnership_id, id)
);
CREATE TABLE rapid_review_attendance (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  meeting_id uuid NOT NULL,
  agency_id uuid NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, meeting_id, agency_id),
  FOREIGN KEY (partnership_id, rapid_review_id, meeting_id)
    REFERENCES rapid_review_meeting (partnership_id, rapid_review_id, id),
  CONSTRAINT rapid_review_attendance_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);

CREATE TABLE immediate_action (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  text text NOT NULL,
  agency_id uuid,
  owner_role text,
  due_on date,
  done_on date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  FOREIGN KEY (partnership_id, rapid_review_id) REFERENCES rapid_review (partnership_id, id),
  CONSTRAINT immediate_action_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);

CREATE TABLE rapid_review_decision (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  decided_on date NOT NULL,
  outcome text NOT NULL,
  rationale text NOT NULL,
  views text,
  criteria jsonb NOT NULL,
  circumstances jsonb NOT NULL,
  code_list_version text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  UNIQUE (partnership_id, rapid_review_id, number),
  FOREIGN KEY (partnership_id, rapid_review_id) REFERENCES rapid_review (partnership_id, id)
);
CREATE TABLE rapid_review_sign_off (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  id uuid NOT NULL,
  agency_id uuid NOT NULL,
  agreed boolean NOT NULL,
  by_role text NOT NULL,
  signed_on date NOT NULL,
  dissent text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  FOREIGN KEY (partnership_id, rapid_review_id, decision_id)
    REFERENCES rapid_review_decision (partnership_id, rapid_review_id, id),
  CONSTRAINT rapid_review_sign_off_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id),
  CONSTRAINT rapid_review_sign_off_once
    UNIQUE (partnership_id, rapid_review_id, decision_id, agency_id)
);

CREATE TABLE rapid_review_submission (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  decision_id uuid NOT NULL,
  complete boolean NOT NULL,
  transmission text NOT NULL,
  submitted_on date NOT NULL,
  document_sha256 text,
  note text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  UNIQUE (partnership_id, rapid_review_id, number),
  FOREIGN KEY (partnership_id, rapid_review_id, decision_id)
    REFERENCES rapid_review_decision (partnership_id, rapid_review_id, id)
);

CREATE TABLE panel_response (
  partnership_id uuid NOT NULL,
  rapid_review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  number integer NOT NULL CHECK (number > 0),
  response text NOT NULL,
  letter_on date,
  received_on date NOT NULL,
  summary text,
  answer text,
  answer_reason text,
  answered_on date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, rapid_review_id, id),
  UNIQUE (partnership_id, rapid_review_id, number),
  FOREIGN KEY (partnership_id, rapid_review_id) REFERENCES rapid_review (partnership_id, id)
);

CREATE TRIGGER scoping_return_record_change
  AFTER INSERT OR UPDATE ON scoping_return
  FOR EACH ROW EXECUTE FUNCTION record_change('rapid_review_id');
CREATE TRIGGER immediate_action_record_change
  AFTER INSERT OR UPDATE ON immediate_action
  FOR EACH ROW EXECUTE FUNCTION record_change('rapid_review_id');
CREATE TRIGGER panel_response_record_change
  AFTER INSERT OR UPDATE ON panel_response
  FOR EACH ROW EXECUTE FUNCTION record_change('rapid_review_id');

DO $$
DECLARE
  named text;
BEGIN
  FOREACH named IN ARRAY ARRAY['scoping_return', 'scoping_chaser', 'rapid_review_meeting',
    'rapid_review_attendance', 'immediate_action', 'rapid_review_decision',
    'rapid_review_sign_off', 'rapid_review_submission', 'panel_response'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', named);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', named);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO cspr_api', named);
  END LOOP;
  -- What the partners weigh is not for a caller that sees its own agency's alone.
  FOREACH named IN ARRAY ARRAY['rapid_review_meeting', 'rapid_review_attendance',
    'immediate_action', 'rapid_review_decision', 'rapid_review_sign_off',
    'rapid_review_submission', 'panel_response'] LOOP
    EXECUTE format('CREATE POLICY own_partnership ON %I TO cspr_api
      USING (partnership_id = tenant() AND own_agency() IS NULL)', named);
  END LOOP;
END $$;
CREATE POLICY own_partnership ON scoping_return TO cspr_api
  USING (partnership_id = tenant() AND (own_agency() IS NULL OR agency_id = own_agency()));
CREATE POLICY own_partnership ON scoping_chaser TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM scoping_return AS s
       WHERE s.partnership_id = scoping_chaser.partnership_id
         AND s.rapid_review_id = scoping_chaser.rapid_review_id
         AND s.id = scoping_chaser.scoping_return_id)));

-- Whom scoping asks finds the rapid review behind the request, as far as its own return needs it.
ALTER POLICY own_partnership ON rapid_review
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency() OR EXISTS (
      SELECT FROM scoping_return AS s
       WHERE s.partnership_id = rapid_review.partnership_id
         AND s.agency_id = own_agency()
         AND s.rapid_review_id = rapid_review.id)));

-- The recipients in law get the submission as they get the notification.
ALTER TABLE webhook_endpoint NO FORCE ROW LEVEL SECURITY;
UPDATE webhook_endpoint AS e
   SET event_types = e.event_types || '{rapid_review.submitted}'
 WHERE e.recipient IS NOT NULL
   AND NOT 'rapid_review.submitted' = ANY (e.event_types);
ALTER TABLE webhook_endpoint FORCE ROW LEVEL SECURITY;
