-- What every process shares: a log of its steps, clocks that belong to any resource, and who may
-- take a step.

-- A history belongs to an incident, a referral or a review.
ALTER TABLE change RENAME COLUMN incident_id TO subject_id;

-- The trigger's argument names the column of the resource that a row is part of.
CREATE OR REPLACE FUNCTION record_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  after jsonb := to_jsonb(NEW);
  before jsonb;
  -- A row of a table without that column is the resource itself.
  subject uuid := coalesce(after ->> coalesce(TG_ARGV[0], 'incident_id'), after ->> 'id')::uuid;
  difference jsonb;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO change (partnership_id, subject_id, resource, resource_id, version, key_id,
      agency_id, snapshot)
    VALUES (NEW.partnership_id, subject, TG_TABLE_NAME, NEW.id, NEW.version, caller_key(),
      caller_agency(), jsonb_strip_nulls(after));
    RETURN NULL;
  END IF;

  before := to_jsonb(OLD);
  SELECT jsonb_agg(jsonb_build_object('field', n.key, 'from', before -> n.key, 'to', n.value)
           ORDER BY n.key)
    INTO difference
    FROM jsonb_each(after) AS n
   WHERE n.value IS DISTINCT FROM before -> n.key
     AND n.key NOT IN ('version', 'updated_at');
  IF difference IS NOT NULL THEN
    INSERT INTO change (partnership_id, subject_id, resource, resource_id, version, key_id,
      agency_id, changes)
    VALUES (NEW.partnership_id, subject, TG_TABLE_NAME, NEW.id, NEW.version, caller_key(),
      caller_agency(), difference);
  END IF;
  RETURN NULL;
END $$;

-- Each step that led from one state to another: never changed, never deleted.
CREATE TABLE transition (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  subject text NOT NULL,
  subject_id uuid NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  operation text NOT NULL,
  from_state text NOT NULL,
  to_state text NOT NULL,
  happened_on date NOT NULL,
  reason text,
  evidence jsonb NOT NULL,
  key_id uuid,
  agency_id uuid,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, subject_id, id)
);
ALTER TABLE transition ENABLE ROW LEVEL SECURITY;
ALTER TABLE transition FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON transition TO cspr_api
  USING (partnership_id = tenant() AND (own_agency() IS NULL OR agency_id = own_agency()));
GRANT SELECT, INSERT ON transition TO cspr_api;

-- A clock belongs to a resource (subject), perhaps to one record of it (resource_id), perhaps to
-- somebody who owes it. Its incident is known where there is one.
ALTER TABLE clock
  ALTER COLUMN incident_id DROP NOT NULL,
  ALTER COLUMN duty DROP NOT NULL,
  ALTER COLUMN rule DROP NOT NULL,
  ADD COLUMN subject text NOT NULL DEFAULT 'incident',
  ADD COLUMN subject_id uuid,
  ADD COLUMN resource_id uuid,
  ADD COLUMN agency_id uuid,
  ADD COLUMN owner text,
  -- The day from which it is at risk: one working day before it is due.
  ADD COLUMN at_risk_on date;
-- The owner of the tables is held by their policies too, unless they say otherwise for a moment.
ALTER TABLE clock NO FORCE ROW LEVEL SECURITY;
UPDATE clock SET subject_id = incident_id;
ALTER TABLE clock FORCE ROW LEVEL SECURITY;
ALTER TABLE clock ALTER COLUMN subject_id SET NOT NULL;
DROP INDEX clock_one_of_a_kind;
CREATE UNIQUE INDEX clock_one_notification ON clock (partnership_id, incident_id)
  WHERE superseded_at IS NULL AND cancelled_at IS NULL AND kind = 'sin';
CREATE UNIQUE INDEX clock_one_open_of_a_kind
  ON clock (partnership_id, subject_id, kind, coalesce(resource_id, subject_id))
  WHERE superseded_at IS NULL AND cancelled_at IS NULL AND completed_on IS NULL;

DROP POLICY own_partnership ON clock;
-- An agency sees the clocks of its own incidents, and those that it owes.
CREATE POLICY own_partnership ON clock TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()
      OR agency_id = own_agency()));

-- How a clock of each kind is counted where a partnership has not changed it. A kind that comes later is
-- every partnership's, too.
CREATE TABLE default_clock_policy (
  kind text PRIMARY KEY,
  basis text NOT NULL,
  start_event text NOT NULL,
  unit text NOT NULL CHECK (unit IN ('working_day', 'calendar_day', 'month')),
  length integer NOT NULL,
  source text NOT NULL
);
INSERT INTO default_clock_policy (kind, basis, start_event, unit, length, source)
VALUES
  ('sin', 'aware_by_local_authority', 'local authority became aware',
    'working_day', 5, 'Children Act 2004 s16C; Working Together 2023 chapter 5'),
  ('scoping', 'scoping_sent', 'scoping request sent',
    'working_day', 5, 'local procedure of the partnership'),
  ('rapid_review', 'notification_sent', 'notification sent to the Panel',
    'working_day', 15, 'Working Together 2023 chapter 5; Panel guidance'),
  ('lcspr', 'decision_to_initiate', 'decision to initiate the review',
    'month', 6, 'Working Together 2023 chapter 5'),
  ('agency_response', 'report_shared', 'report shared with the agency',
    'calendar_day', 14, 'local procedure of the partnership'),
  ('publication_notice', 'publication_planned', 'planned day of publication',
    'working_day', -7, 'Working Together 2023 chapter 5');

CREATE OR REPLACE FUNCTION partnership_created() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  INSERT INTO audit_head (partnership_id) VALUES (NEW.id);
  INSERT INTO clock_policy (partnership_id, kind, basis, start_event, unit, length, source)
  SELECT NEW.id, d.kind, d.basis, d.start_event, d.unit, d.length, d.source
    FROM default_clock_policy AS d;
  RETURN NULL;
END $$;

CREATE FUNCTION default_clock_policy_added() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  INSERT INTO clock_policy (partnership_id, kind, basis, start_event, unit, length, source)
  SELECT p.id, NEW.kind, NEW.basis, NEW.start_event, NEW.unit, NEW.length, NEW.source
    FROM partnership AS p
      ON CONFLICT (partnership_id, kind) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER default_clock_policy_added
  AFTER INSERT ON default_clock_policy
  FOR EACH ROW EXECUTE FUNCTION default_clock_policy_added();
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION default_clock_policy_added() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
GRANT SELECT ON default_clock_policy TO cspr_admin;

-- What an agency does is told to every endpoint, also where it belongs to no incident and so is none
-- of the events that the agency itself sees.
ALTER POLICY own_partnership ON event WITH CHECK (partnership_id = tenant());
ALTER POLICY own_partnership ON delivery WITH CHECK (partnership_id = tenant());
