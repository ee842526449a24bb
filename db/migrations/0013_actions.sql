-- What is learnt: recommendations, the actions that follow from them, the evidence that they were
-- done, and the checks that it changed something.

CREATE TABLE recommendation (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state <> ''),
  number text,
  text text NOT NULL CHECK (text <> ''),
  origin text NOT NULL CHECK (origin <> ''),
  review_id uuid,
  rapid_review_id uuid,
  addressee text NOT NULL CHECK (addressee <> ''),
  -- Those of recommendation_agency that are named now: they see it themselves. It stands here because
  -- a subquery in a policy costs every reader.
  addressee_agency_ids uuid[] NOT NULL DEFAULT '{}',
  national_body text,
  breadth text,
  level text,
  made_on date NOT NULL,
  accepted text,
  decided_on date,
  state_reason text,
  raised_on date,
  raised_to text,
  response text,
  responded_on date,
  closed_on date,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT recommendation_review FOREIGN KEY (partnership_id, review_id)
    REFERENCES review (partnership_id, id),
  CONSTRAINT recommendation_rapid_review FOREIGN KEY (partnership_id, rapid_review_id)
    REFERENCES rapid_review (partnership_id, id)
);
CREATE INDEX recommendation_created_at ON recommendation (partnership_id, created_at, id);
CREATE INDEX recommendation_review ON recommendation (partnership_id, review_id);
CREATE INDEX recommendation_rapid_review ON recommendation (partnership_id, rapid_review_id);

CREATE TABLE recommendation_agency (
  partnership_id uuid NOT NULL,
  recommendation_id uuid NOT NULL,
  agency_id uuid NOT NULL,
  released_on date, -- no longer named since then
  PRIMARY KEY (partnership_id, recommendation_id, agency_id),
  FOREIGN KEY (partnership_id, recommendation_id) REFERENCES recommendation (partnership_id, id),
  CONSTRAINT recommendation_agency_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);
CREATE INDEX recommendation_agency_agency ON recommendation_agency (partnership_id, agency_id);

CREATE TABLE action (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state <> ''),
  number text,
  text text NOT NULL CHECK (text <> ''),
  recommendation_id uuid,
  review_id uuid,
  rapid_review_id uuid,
  responsibility text NOT NULL CHECK (responsibility <> ''),
  lead_agency_ids uuid[] NOT NULL, -- those of action_lead that are not released, as above
  owner text,
  agreed_on date NOT NULL,
  due_on date NOT NULL,
  original_due_on date NOT NULL,
  level text,
  impact_measure text,
  assurance_interval_months integer NOT NULL CHECK (assurance_interval_months > 0),
  next_assurance_on date,
  completed_on date,
  closed_on date,
  state_reason text,
  superseded_by uuid,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT action_recommendation FOREIGN KEY (partnership_id, recommendation_id)
    REFERENCES recommendation (partnership_id, id),
  CONSTRAINT action_review FOREIGN KEY (partnership_id, review_id)
    REFERENCES review (partnership_id, id),
  CONSTRAINT action_rapid_review FOREIGN KEY (partnership_id, rapid_review_id)
    REFERENCES rapid_review (partnership_id, id),
  CONSTRAINT action_superseded_by FOREIGN KEY (partnership_id, superseded_by)
    REFERENCES action (partnership_id, id)
);
CREATE INDEX action_due ON action (partnership_id, due_on, id);
CREATE INDEX action_review ON action (partnership_id, review_id, due_on, id);
CREATE INDEX action_rapid_review ON action (partnership_id, rapid_review_id);
CREATE INDEX action_recommendation ON action (partnership_id, recommendation_id);

-- An agency's own part of an action. Never taken away: one that no longer leads is released.
CREATE TABLE action_lead (
  partnership_id uuid NOT NULL,
  action_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  agency_id uuid NOT NULL,
  leads_from date NOT NULL,
  state text NOT NULL CHECK (state IN ('not_started', 'in_progress', 'complete')),
  completed_on date,
  note text,
  released_on date,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, action_id, id),
  CONSTRAINT action_lead_once UNIQUE (partnership_id, action_id, agency_id),
  FOREIGN KEY (partnership_id, action_id) REFERENCES action (partnership_id, id),
  CONSTRAINT action_lead_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);
CREATE INDEX action_lead_agency ON action_lead (partnership_id, agency_id, action_id);

-- Each time that the due date was moved: only added to.
CREATE TABLE action_due_revision (
  partnership_id uuid NOT NULL,
  action_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  due_from date NOT NULL,
  due_to date NOT NULL,
  revised_on date NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  approved_by text NOT NULL CHECK (approved_by <> ''),
  PRIMARY KEY (partnership_id, action_id, id),
  FOREIGN KEY (partnership_id, action_id) REFERENCES action (partnership_id, id)
);

CREATE TABLE action_evidence (
  partnership_id uuid NOT NULL,
  action_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  "on" date NOT NULL,
  kind text NOT NULL CHECK (kind <> ''),
  shows text NOT NULL CHECK (shows <> ''),
  description text NOT NULL CHECK (description <> ''),
  document_sha256 text,
  agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, action_id, id),
  FOREIGN KEY (partnership_id, action_id) REFERENCES action (partnership_id, id),
  CONSTRAINT action_evidence_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);
CREATE INDEX action_evidence_on ON action_evidence (partnership_id, action_id, "on", id);

CREATE TABLE action_assurance (
  partnership_id uuid NOT NULL,
  action_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  "on" date NOT NULL,
  assured_by text NOT NULL CHECK (assured_by <> ''),
  outcome text NOT NULL CHECK (outcome IN ('assured', 'partly', 'not_assured')),
  note text,
  next_due_on date NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, action_id, id),
  FOREIGN KEY (partnership_id, action_id) REFERENCES action (partnership_id, id)
);
CREATE INDEX action_assurance_on ON action_assurance (partnership_id, action_id, "on", id);

CREATE TRIGGER recommendation_record_change
  AFTER INSERT OR UPDATE ON recommendation
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
CREATE TRIGGER action_record_change
  AFTER INSERT OR UPDATE ON action
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
CREATE TRIGGER action_lead_record_change
  AFTER INSERT OR UPDATE ON action_lead
  FOR EACH ROW EXECUTE FUNCTION record_change('action_id');
CREATE TRIGGER action_evidence_record_change
  AFTER INSERT OR UPDATE ON action_evidence
  FOR EACH ROW EXECUTE FUNCTION record_change('action_id');
CREATE TRIGGER action_assurance_record_change
  AFTER INSERT OR UPDATE ON action_assurance
  FOR EACH ROW EXECUTE FUNCTION record_change('action_id');

-- A lead that has been renamed or merged before is named by what it is now.
CREATE FUNCTION action_lead_is_valid() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  IF EXISTS (
    SELECT FROM agency AS a
     WHERE a.partnership_id = NEW.partnership_id
       AND a.id = NEW.agency_id
       AND a.valid_to < NEW.leads_from) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'action_lead_agency_ended',
      MESSAGE = 'The agency has ended.';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER action_lead_is_valid
  BEFORE INSERT ON action_lead
  FOR EACH ROW EXECUTE FUNCTION action_lead_is_valid();

-- The clocks of an action are owed by its owner, and by its lead where there is one alone.
CREATE FUNCTION action_clock_owed() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  SELECT a.owner, CASE WHEN cardinality(a.lead_agency_ids) = 1 THEN a.lead_agency_ids[1] END
    INTO NEW.owner, NEW.agency_id
    FROM action AS a
   WHERE a.partnership_id = NEW.partnership_id
     AND a.id = NEW.subject_id;
  RETURN NEW;
END $$;
CREATE TRIGGER action_clock_owed
  BEFORE INSERT ON clock
  FOR EACH ROW WHEN (NEW.subject = 'action') EXECUTE FUNCTION action_clock_owed();

CREATE FUNCTION action_owed() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  UPDATE clock AS c
     SET owner = NEW.owner,
         agency_id = CASE WHEN cardinality(NEW.lead_agency_ids) = 1 THEN NEW.lead_agency_ids[1] END
   WHERE c.partnership_id = NEW.partnership_id
     AND c.subject_id = NEW.id
     AND c.completed_on IS NULL
     AND c.cancelled_at IS NULL
     AND c.superseded_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER action_owed
  AFTER UPDATE ON action
  FOR EACH ROW WHEN ((NEW.owner, NEW.lead_agency_ids) IS DISTINCT FROM (OLD.owner, OLD.lead_agency_ids))
  EXECUTE FUNCTION action_owed();

-- The colour of an action on a day, as partnerships' action trackers have it: worked out from what is
-- stored, and never typed. The first that holds:
--
--   red    it was not accepted; or it is not complete and its due date has passed
--   blue   closed, and assured with evidence
--   grey   closed without verification, or superseded
--   amber  its due date was revised; or it is not complete and due within four weeks
--   green  on track, also while it is complete and waits for assurance
CREATE FUNCTION action_rag(state text, due_on date, is_revised boolean, on_day date) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN state = 'not_accepted' THEN 'red'
           WHEN state IN ('not_started', 'in_progress') AND due_on < on_day THEN 'red'
           WHEN state = 'closed_assured' THEN 'blue'
           WHEN state IN ('closed_unverified', 'superseded') THEN 'grey'
           WHEN is_revised THEN 'amber'
           WHEN state IN ('not_started', 'in_progress') AND due_on <= on_day + 28 THEN 'amber'
           ELSE 'green'
         END
$$;

-- The day on which a new action was agreed, where it is not said: today, or before it was due.
CREATE FUNCTION action_agreed_on(p_action jsonb, p_today date) RETURNS date
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT coalesce((p_action ->> 'agreed_on')::date,
    least(p_today, (p_action ->> 'original_due_on')::date, (p_action ->> 'due_on')::date))
$$;

ALTER TABLE recommendation ENABLE ROW LEVEL SECURITY;
ALTER TABLE recommendation FORCE ROW LEVEL SECURITY;
ALTER TABLE recommendation_agency ENABLE ROW LEVEL SECURITY;
ALTER TABLE recommendation_agency FORCE ROW LEVEL SECURITY;
ALTER TABLE action ENABLE ROW LEVEL SECURITY;
ALTER TABLE action FORCE ROW LEVEL SECURITY;
ALTER TABLE action_lead ENABLE ROW LEVEL SECURITY;
ALTER TABLE action_lead FORCE ROW LEVEL SECURITY;
ALTER TABLE action_due_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE action_due_revision FORCE ROW LEVEL SECURITY;
ALTER TABLE action_evidence ENABLE ROW LEVEL SECURITY;
ALTER TABLE action_evidence FORCE ROW LEVEL SECURITY;
ALTER TABLE action_assurance ENABLE ROW LEVEL SECURITY;
ALTER TABLE action_assurance FORCE ROW LEVEL SECURITY;

-- An agency sees what is addressed to it or led by it, or was by one that it has followed.
CREATE POLICY own_partnership ON recommendation TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()
      OR addressee_agency_ids && (SELECT own_agencies())));
CREATE POLICY own_partnership ON recommendation_agency TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR agency_id = ANY ((SELECT own_agencies())::uuid[])));
CREATE POLICY own_partnership ON action TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()
      OR lead_agency_ids && (SELECT own_agencies())));
-- The parts of an action belong to whoever sees the action: its other leads too.
CREATE POLICY own_partnership ON action_lead TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL
      OR EXISTS (SELECT FROM action AS a WHERE a.partnership_id = tenant() AND a.id = action_id)));
CREATE POLICY own_partnership ON action_due_revision TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL
      OR EXISTS (SELECT FROM action AS a WHERE a.partnership_id = tenant() AND a.id = action_id)));
CREATE POLICY own_partnership ON action_evidence TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL
      OR EXISTS (SELECT FROM action AS a WHERE a.partnership_id = tenant() AND a.id = action_id)));
CREATE POLICY own_partnership ON action_assurance TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL
      OR EXISTS (SELECT FROM action AS a WHERE a.partnership_id = tenant() AND a.id = action_id)));

GRANT SELECT, INSERT, UPDATE ON recommendation, recommendation_agency, action, action_lead
  TO cspr_api;
GRANT SELECT, INSERT ON action_due_revision, action_evidence, action_assurance TO cspr_api;

INSERT INTO default_clock_policy (kind, basis, start_event, unit, length, source)
VALUES
  ('action', 'due_date_agreed', 'action agreed',
    'calendar_day', 0, 'action plan of the partnership: each action has a date of its own'),
  ('assurance', 'agreed_interval', 'completed, published or last checked',
    'month', 3, 'action plan of the partnership: assurance at agreed intervals');
