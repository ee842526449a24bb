-- Deadlines over every clock of a partnership: as they stood on any day, with their extensions and
-- their earlier versions, and found without a walk over all of them.

ALTER TABLE clock
  -- The first of the versions of which this is one, and how many there were before it. Null is the
  -- first. A correction or another calendar makes a new version and supersedes the one before.
  ADD COLUMN origin_id uuid,
  ADD COLUMN revision integer NOT NULL DEFAULT 0,
  -- The day on which that first version was recorded.
  ADD COLUMN first_recorded_on date,
  -- The due day was agreed with who owes it, and not counted by the policy.
  ADD COLUMN agreed boolean NOT NULL DEFAULT false,
  -- The latest of the days in extensions.
  ADD COLUMN extended_until date,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

CREATE FUNCTION london_day(at timestamptz) RETURNS date
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT (at AT TIME ZONE 'Europe/London')::date $$;

CREATE FUNCTION clock_touched() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER clock_touched BEFORE UPDATE ON clock
  FOR EACH ROW EXECUTE FUNCTION clock_touched();

-- What a clock is whatever the day: what is open is running or breached by its due day alone. The
-- index by it finds a few clocks of one standing among any number of others.
CREATE FUNCTION clock_standing(
  superseded_at timestamptz, cancelled_at timestamptz, completed_on date, paused boolean,
  due_on date
) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN superseded_at IS NOT NULL THEN 'superseded'
           WHEN cancelled_at IS NOT NULL THEN 'cancelled'
           WHEN completed_on <= due_on THEN 'met'
           WHEN completed_on IS NOT NULL THEN 'met_late'
           WHEN paused THEN 'paused'
           ELSE 'open'
         END
$$;
CREATE INDEX clock_by_standing ON clock (partnership_id,
  clock_standing(superseded_at, cancelled_at, completed_on, paused, due_on), due_on, id);
-- What stood on a past day: also what was superseded since. The condition holds for every clock, and
-- only what asks for past days has it, so that nothing else is led through all of them by this index.
DROP INDEX clock_due;
DROP INDEX clock_open_due;
CREATE INDEX clock_due ON clock (partnership_id, due_on, id) WHERE revision >= 0;

-- A clock that takes the place of an open one is its next version, and what was agreed stays. Both
-- are written in one transaction, in either order.
CREATE FUNCTION clock_follows() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  before record;
BEGIN
  SELECT c.id, c.origin_id, c.revision, c.first_recorded_on, c.created_at, c.extensions,
         c.extended_until
    INTO before
    FROM clock AS c
   WHERE c.partnership_id = NEW.partnership_id
     AND c.subject_id = NEW.subject_id
     AND c.kind = NEW.kind
     AND c.resource_id IS NOT DISTINCT FROM NEW.resource_id
     AND c.cancelled_at IS NULL
     AND c.completed_on IS NULL
     AND (c.superseded_at IS NULL OR c.superseded_at = now())
   ORDER BY c.revision DESC
   LIMIT 1;
  IF FOUND THEN
    NEW.origin_id := coalesce(before.origin_id, before.id);
    NEW.revision := before.revision + 1;
    NEW.first_recorded_on := coalesce(before.first_recorded_on, london_day(before.created_at));
    NEW.extensions := before.extensions;
    NEW.extended_until := before.extended_until;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER clock_follows BEFORE INSERT ON clock
  FOR EACH ROW EXECUTE FUNCTION clock_follows();

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
           x.at_risk_on, x.agreed, x.completed_on, x.calendar_version, x.subject, x.subject_id,
           x.resource_id, x.incident_id, x.agency_id, x.owner, x.duty, x.rule
      FROM jsonb_to_recordset(p_effects) AS x (change text, id uuid, kind text, basis text,
        starts_on date, start_event text, unit text, length integer, due_on date, at_risk_on date,
        agreed boolean, completed_on date, calendar_version integer, subject text, subject_id uuid,
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
        rule, starts_on, start_event, unit, length, due_on, at_risk_on, agreed, calendar_version,
        subject, subject_id, resource_id, agency_id, owner)
      SELECT tenant(), e.id, e.incident_id, coalesce(i.created_by_agency_id, caller_agency()),
             e.kind, e.basis, coalesce(e.duty, i.duty), coalesce(e.rule, i.duty_rule), e.starts_on,
             e.start_event, e.unit, e.length, e.due_on, e.at_risk_on, coalesce(e.agreed, false),
             e.calendar_version, e.subject, e.subject_id, e.resource_id, e.agency_id, e.owner
        FROM (SELECT) AS one
        LEFT JOIN incident AS i ON i.partnership_id = tenant() AND i.id = e.incident_id;
      started := started + 1;
    END IF;
  END LOOP;
  RETURN started;
END $$;
