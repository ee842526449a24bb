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

-- Applies the effects of a step in their order: {change: start, correct, complete or lapse; kind,
-- subject, subject_id, resource_id, incident_id, agency_id, owner; and for a start the counted
-- clock}. A clock that was judged is never touched.
CREATE FUNCTION clocks_apply(p_effects jsonb) RETURNS integer
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  e record;
  present record;
  started integer := 0;
BEGIN
  FOR e IN
    SELECT x.change, x.id, x.kind, x.basis, x.starts_on, x.start_event, x.unit, x.length, x.due_on,
           x.at_risk_on, x.completed_on, x.calendar_version, x.subject, x.subject_id,
           x.resource_id, x.incident_id, x.agency_id, x.owner, x.duty, x.rule
      FROM jsonb_to_recordset(p_effects) AS x (change text, id uuid, kind text, basis text,
        starts_on date, start_event text, unit text, length integer, due_on date, at_risk_on date,
        completed_on date, calendar_version integer, subject text, subject_id uuid,
        resource_id uuid, incident_id uuid, agency_id uuid, owner text, duty text, rule text)
  LOOP
    SELECT c.id, c.starts_on, c.due_on, c.agency_id, c.completed_on
      INTO present
      FROM clock AS c
     WHERE c.partnership_id = tenant()
       AND c.subject_id = e.subject_id
       AND c.kind = e.kind
       AND c.resource_id IS NOT DISTINCT FROM e.resource_id
       AND c.superseded_at IS NULL
       AND c.cancelled_at IS NULL
     ORDER BY c.completed_on NULLS FIRST, c.created_at DESC
     LIMIT 1;
    -- What has been judged stays; only a start makes another one beside it.
    CONTINUE WHEN present.completed_on IS NOT NULL AND e.change <> 'start';
    IF e.change = 'complete' THEN
      UPDATE clock AS c
         SET completed_on = e.completed_on
       WHERE c.partnership_id = tenant() AND c.id = present.id;
    ELSIF e.change = 'lapse' THEN
      UPDATE clock AS c
         SET cancelled_at = now()
       WHERE c.partnership_id = tenant() AND c.id = present.id;
    ELSE
      CONTINUE WHEN present.completed_on IS NULL
        AND (present.starts_on, present.due_on) = (e.starts_on, e.due_on);
      UPDATE clock AS c
         SET superseded_at = now()
       WHERE c.partnership_id = tenant() AND c.id = present.id AND c.completed_on IS NULL;
      INSERT INTO clock (partnership_id, id, incident_id, created_by_agency_id, kind, basis, duty,
        rule, starts_on, start_event, unit, length, due_on, at_risk_on, calendar_version, subject,
        subject_id, resource_id, agency_id, owner)
      SELECT tenant(), e.id, e.incident_id, coalesce(i.created_by_agency_id, caller_agency()),
             e.kind, e.basis, coalesce(e.duty, i.duty), coalesce(e.rule, i.duty_rule), e.starts_on,
             e.start_event, e.unit, e.length, e.due_on, e.at_risk_on, e.calendar_version,
             e.subject, e.subject_id, e.resource_id, e.agency_id, e.owner
        FROM (SELECT) AS one
        LEFT JOIN incident AS i ON i.partnership_id = tenant() AND i.id = e.incident_id;
      started := started + 1;
    END IF;
  END LOOP;
  RETURN started;
END $$;

-- What an agency does is told to every endpoint, also where it belongs to no incident and so is none
-- of the events that the agency itself sees.
ALTER POLICY own_partnership ON event WITH CHECK (partnership_id = tenant());
ALTER POLICY own_partnership ON delivery WITH CHECK (partnership_id = tenant());

-- As before, and tells the caller's scopes, because some steps take more than their operation does.
DROP FUNCTION authenticate(text, text[], text[], bigint, text);
CREATE FUNCTION authenticate(
  p_key_hash text, p_scopes text[], p_whole_scopes text[], p_rulebook bigint, p_request_id text,
  OUT key_id uuid, OUT partnership_id uuid, OUT agency_id uuid, OUT rulebook_version bigint,
  OUT scopes text[]
)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  allowed boolean;
  settings text;
BEGIN
  SELECT k.id,
         k.partnership_id,
         k.agency_id,
         p.rulebook_version,
         k.scopes,
         k.scopes && p_scopes,
         concat(
           set_config('app.partnership_id', k.partnership_id::text, true),
           set_config('app.agency_id', k.agency_id::text, true),
           set_config('app.key_id', k.id::text, true),
           set_config('app.request_id', p_request_id, true),
           set_config('app.own_agency_id',
             CASE WHEN k.scopes && p_whole_scopes THEN '' ELSE k.agency_id::text END, true))
    INTO key_id, partnership_id, agency_id, rulebook_version, scopes, allowed, settings
    FROM api_key AS k
    JOIN partnership AS p ON p.id = k.partnership_id
   WHERE k.key_hash = p_key_hash
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
  IF key_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'CS401', MESSAGE = 'The API key is unknown, expired or revoked.';
  END IF;
  IF NOT allowed THEN
    RAISE EXCEPTION USING ERRCODE = 'CS403',
      MESSAGE = format('The API key needs the scope %s.', array_to_string(p_scopes, ' or '));
  END IF;
  IF p_rulebook <> rulebook_version THEN
    RAISE EXCEPTION USING ERRCODE = 'CS900', MESSAGE = 'The rules have changed meanwhile.';
  END IF;
END $$;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION authenticate(text, text[], text[], bigint, text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION authenticate(text, text[], text[], bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate(text, text[], text[], bigint, text) TO cspr_api;
