-- Bank holidays, the policies by which clocks are counted, and the clocks themselves.

CREATE TABLE bank_holiday (
  date date PRIMARY KEY,
  title text NOT NULL,
  notes text,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE calendar_state (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL
);
INSERT INTO calendar_state (version) VALUES (0);

-- Each clock names the policy it used. A partnership can have its own in place of the defaults.
CREATE TABLE clock_policy (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  kind text NOT NULL,
  basis text NOT NULL,
  start_event text NOT NULL,
  unit text NOT NULL CHECK (unit IN ('working_day', 'calendar_day', 'month')),
  length integer NOT NULL,
  source text NOT NULL,
  PRIMARY KEY (partnership_id, kind)
);

-- What the program may keep in memory about a partnership carries a version: authenticate()
-- compares it, so that no clock is ever made from rules that have changed.
CREATE FUNCTION calendar_changed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  -- A statement that changed nothing calls this too.
  IF EXISTS (SELECT FROM changed) THEN
    UPDATE calendar_state AS s SET version = s.version + 1;
    UPDATE partnership AS p SET rulebook_version = p.rulebook_version + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER calendar_grew
  AFTER INSERT ON bank_holiday REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION calendar_changed();
CREATE TRIGGER calendar_altered
  AFTER UPDATE ON bank_holiday REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION calendar_changed();
CREATE TRIGGER calendar_shrank
  AFTER DELETE ON bank_holiday REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION calendar_changed();

CREATE FUNCTION clock_policy_changed() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  UPDATE partnership AS p
     SET rulebook_version = p.rulebook_version + 1
   WHERE p.id = coalesce(NEW.partnership_id, OLD.partnership_id);
  RETURN NULL;
END $$;
CREATE TRIGGER clock_policy_changed
  AFTER INSERT OR UPDATE OR DELETE ON clock_policy
  FOR EACH ROW EXECUTE FUNCTION clock_policy_changed();

-- What every partnership starts with: the head of its audit chain and the default policies.
CREATE FUNCTION partnership_created() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  INSERT INTO audit_head (partnership_id) VALUES (NEW.id);
  INSERT INTO clock_policy (partnership_id, kind, basis, start_event, unit, length, source)
  VALUES
    (NEW.id, 'sin', 'aware_by_local_authority', 'local authority became aware',
      'working_day', 5, 'Children Act 2004 s16C; Working Together 2023 chapter 5'),
    (NEW.id, 'scoping', 'scoping_sent', 'scoping request sent',
      'working_day', 5, 'local procedure of the partnership'),
    (NEW.id, 'rapid_review', 'notification_sent', 'notification sent to the Panel',
      'working_day', 15, 'Working Together 2023 chapter 5; Panel guidance'),
    (NEW.id, 'lcspr', 'decision_to_initiate', 'decision to initiate the review',
      'month', 6, 'Working Together 2023 chapter 5'),
    (NEW.id, 'agency_response', 'report_shared', 'report shared with the agency',
      'calendar_day', 14, 'local procedure of the partnership'),
    (NEW.id, 'publication_notice', 'publication_planned', 'planned day of publication',
      'working_day', -7, 'Working Together 2023 chapter 5');
  RETURN NULL;
END $$;
CREATE TRIGGER partnership_created
  AFTER INSERT ON partnership
  FOR EACH ROW EXECUTE FUNCTION partnership_created();

-- A clock is never changed once it was judged. A corrected start supersedes an open one: the old
-- row stays, and the new one names its own start.
CREATE TABLE clock (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  incident_id uuid NOT NULL,
  created_by_agency_id uuid NOT NULL, -- the incident's, for the policy below
  kind text NOT NULL,
  basis text NOT NULL,
  duty text NOT NULL,
  rule text NOT NULL,
  starts_on date NOT NULL,
  start_event text NOT NULL,
  unit text NOT NULL,
  length integer NOT NULL,
  due_on date NOT NULL,
  completed_on date,
  paused boolean NOT NULL DEFAULT false,
  extensions jsonb NOT NULL DEFAULT '[]',
  calendar_version integer NOT NULL,
  cancelled_at timestamptz,
  superseded_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id)
);
-- How a clock stands on a day; domain/clock.c says the same of one that is shown.
CREATE FUNCTION clock_state(
  cancelled boolean, completed_on date, paused boolean, due_on date, on_day date
) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN cancelled THEN 'cancelled'
           WHEN completed_on <= least(due_on, on_day) THEN 'met'
           WHEN completed_on <= on_day THEN 'met_late'
           WHEN paused THEN 'paused'
           WHEN due_on < on_day THEN 'breached'
           ELSE 'running'
         END
$$;

CREATE UNIQUE INDEX clock_one_of_a_kind ON clock (partnership_id, incident_id, kind)
  WHERE superseded_at IS NULL AND cancelled_at IS NULL AND kind IN ('sin', 'rapid_review');
CREATE INDEX clock_incident ON clock (partnership_id, incident_id);
CREATE INDEX clock_due ON clock (partnership_id, due_on, id) WHERE superseded_at IS NULL;
CREATE INDEX clock_open_due ON clock (partnership_id, due_on, id)
  WHERE superseded_at IS NULL AND cancelled_at IS NULL AND completed_on IS NULL;

ALTER TABLE clock_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE clock_policy FORCE ROW LEVEL SECURITY;
ALTER TABLE clock ENABLE ROW LEVEL SECURITY;
ALTER TABLE clock FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON clock_policy TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_partnership ON clock TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));
CREATE POLICY all_partnerships ON clock_policy TO cspr_admin USING (true);

-- The triggers above write for whoever made the partnership or changed the calendar.
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION calendar_changed() OWNER TO cspr_admin;
ALTER FUNCTION clock_policy_changed() OWNER TO cspr_admin;
ALTER FUNCTION partnership_created() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;

GRANT SELECT ON bank_holiday, calendar_state, clock_policy TO cspr_api;
GRANT SELECT, INSERT, UPDATE ON clock TO cspr_api;
GRANT SELECT, INSERT, UPDATE ON bank_holiday, calendar_state, clock_policy TO cspr_admin;
