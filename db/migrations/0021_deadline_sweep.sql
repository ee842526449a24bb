-- What time alone does to clocks: they come to be at risk, they are breached, and another calendar
-- counts them anew. The dispatcher sweeps through them for all partnerships, by these functions and in
-- no other way.

ALTER TABLE clock
  -- How far it has been announced: 0 not at all, 1 at risk, 2 breached.
  ADD COLUMN announced smallint NOT NULL DEFAULT 0;

-- What the sweep looks for, and nothing else, so that it is quick while there is nothing to do.
CREATE INDEX clock_to_risk ON clock (at_risk_on)
  WHERE announced = 0 AND superseded_at IS NULL AND cancelled_at IS NULL
    AND completed_on IS NULL AND NOT paused;
CREATE INDEX clock_to_breach ON clock (due_on)
  WHERE announced < 2 AND superseded_at IS NULL AND cancelled_at IS NULL
    AND completed_on IS NULL AND NOT paused;
CREATE INDEX clock_to_recount ON clock (calendar_version, partnership_id, id)
  WHERE superseded_at IS NULL AND cancelled_at IS NULL AND completed_on IS NULL;

-- The mark that a clock was announced: once for each type, whichever process does it.
CREATE TABLE clock_event (
  partnership_id uuid NOT NULL,
  clock_id uuid NOT NULL,
  type text NOT NULL,
  event_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, clock_id, type),
  FOREIGN KEY (partnership_id, clock_id) REFERENCES clock (partnership_id, id),
  FOREIGN KEY (partnership_id, event_id) REFERENCES event (partnership_id, id)
);
ALTER TABLE clock_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE clock_event FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON clock_event TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM clock AS c
       WHERE c.partnership_id = clock_event.partnership_id AND c.id = clock_event.clock_id)));
CREATE POLICY all_partnerships ON clock_event TO cspr_admin USING (true);
GRANT SELECT ON clock_event TO cspr_api;
GRANT SELECT, INSERT ON clock_event TO cspr_admin;

-- Open clocks of before there was a day of risk are counted again, which finds it.
ALTER TABLE clock NO FORCE ROW LEVEL SECURITY;
UPDATE clock AS c
   SET calendar_version = 0
 WHERE c.at_risk_on IS NULL
   AND c.superseded_at IS NULL
   AND c.cancelled_at IS NULL
   AND c.completed_on IS NULL;
ALTER TABLE clock FORCE ROW LEVEL SECURITY;

-- The functions below run as cspr_admin, and this is what they touch.
CREATE POLICY all_partnerships ON clock TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON incident TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON action TO cspr_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON clock TO cspr_admin;
GRANT SELECT (partnership_id, id, local_ref, version, duty) ON incident TO cspr_admin;
GRANT UPDATE (version, updated_at) ON incident TO cspr_admin;
GRANT SELECT (partnership_id, id, owner, lead_agency_ids) ON action TO cspr_admin;
GRANT INSERT ON event TO cspr_admin;
-- A holiday that was wrong is taken away by name.
GRANT DELETE ON bank_holiday TO cspr_admin;
GRANT SELECT ON bank_holiday, calendar_state TO cspr_dispatch;

-- Nobody calls: the transaction belongs to the clock's partnership.
CREATE FUNCTION sweep_for(p_partnership_id uuid) RETURNS void
  LANGUAGE sql
  AS $$
  SELECT set_config('app.partnership_id', p_partnership_id::text, true),
         set_config('app.agency_id', '', true),
         set_config('app.own_agency_id', '', true),
         set_config('app.key_id', '', true),
         set_config('app.request_id', '', true);
$$;

-- Holds the incident that orders the clock's events, and then the clock as long as it is open and
-- still as it was read; null while somebody else holds either, or when it is not.
CREATE FUNCTION sweep_take(p_partnership_id uuid, p_clock_id uuid, p_incident_id uuid,
  p_announced smallint, p_calendar_version integer) RETURNS clock
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  taken clock;
BEGIN
  IF p_incident_id IS NOT NULL THEN
    PERFORM
       FROM incident AS i
      WHERE i.partnership_id = p_partnership_id
        AND i.id = p_incident_id
        FOR UPDATE OF i SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT c.*
    INTO taken
    FROM clock AS c
   WHERE c.partnership_id = p_partnership_id
     AND c.id = p_clock_id
     AND c.announced = p_announced
     AND c.calendar_version = p_calendar_version
     AND c.superseded_at IS NULL
     AND c.cancelled_at IS NULL
     AND c.completed_on IS NULL
     AND NOT c.paused
     FOR UPDATE OF c SKIP LOCKED;
  RETURN taken;
END $$;

CREATE FUNCTION sweep_tell(c clock, p_type text, p_link text, p_more jsonb) RETURNS uuid
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  new_event_id uuid := gen_random_uuid();
BEGIN
  PERFORM sweep_for(c.partnership_id);
  PERFORM event_append(new_event_id, p_type, c.incident_id, '{}',
    jsonb_strip_nulls(jsonb_build_object('clock_id', c.id, 'kind', c.kind, 'due_on', c.due_on,
      'subject', c.subject, 'subject_id', c.subject_id, 'agency_id', c.agency_id,
      'incident_id', c.incident_id, 'link', p_link || '/v1/deadlines/' || c.id)) || p_more,
    now());
  RETURN new_event_id;
END $$;

-- Announces what is at risk, and then what is breached, once for each clock; how many.
CREATE FUNCTION deadlines_announce(p_link text, p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  today date := london_day(now());
  due record;
  taken clock;
  told uuid;
  done integer := 0;
BEGIN
  FOR due IN
    (SELECT c.partnership_id, c.id, c.incident_id, c.announced, c.calendar_version,
            'deadline.at_risk' AS type, 1::smallint AS next
       FROM clock AS c
      WHERE c.announced = 0
        AND c.superseded_at IS NULL
        AND c.cancelled_at IS NULL
        AND c.completed_on IS NULL
        AND NOT c.paused
        AND c.at_risk_on <= today
      ORDER BY c.at_risk_on
      LIMIT p_limit)
    UNION ALL
    (SELECT c.partnership_id, c.id, c.incident_id, c.announced, c.calendar_version,
            'deadline.breached', 2::smallint
       FROM clock AS c
      WHERE c.announced < 2
        AND c.superseded_at IS NULL
        AND c.cancelled_at IS NULL
        AND c.completed_on IS NULL
        AND NOT c.paused
        AND c.due_on < today
        AND (c.announced = 1 OR c.at_risk_on IS NULL)
      ORDER BY c.due_on
      LIMIT p_limit)
  LOOP
    taken := sweep_take(due.partnership_id, due.id, due.incident_id, due.announced,
      due.calendar_version);
    CONTINUE WHEN taken.id IS NULL;
    told := sweep_tell(taken, due.type, p_link, '{}');
    INSERT INTO clock_event (partnership_id, clock_id, type, event_id)
    VALUES (taken.partnership_id, taken.id, due.type, told);
    UPDATE clock AS c
       SET announced = due.next
     WHERE c.partnership_id = taken.partnership_id AND c.id = taken.id;
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;

-- Open clocks that an older calendar counted.
CREATE FUNCTION deadlines_outdated(p_limit integer)
  RETURNS TABLE (partnership_id uuid, id uuid, unit text, length integer, agreed boolean,
    starts_on date, due_on date, calendar_version integer)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT c.partnership_id, c.id, c.unit, c.length, c.agreed, c.starts_on, c.due_on,
         c.calendar_version
    FROM clock AS c
   WHERE c.superseded_at IS NULL
     AND c.cancelled_at IS NULL
     AND c.completed_on IS NULL
     AND c.calendar_version < (SELECT s.version FROM calendar_state AS s)
   ORDER BY c.calendar_version, c.partnership_id, c.id
   LIMIT p_limit;
$$;

-- Writes what the present calendar says of them: where the due day is another, a new version takes the
-- clock's place, is recorded in the audit trail and announced. p_counted is an array of partnership_id,
-- id, was_version, calendar_version, due_on, at_risk_on, new_id. How many were written.
CREATE FUNCTION deadlines_recount(p_counted jsonb, p_link text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  today date := london_day(now());
  r record;
  c clock;
  made clock;
  done integer := 0;
BEGIN
  FOR r IN
    SELECT x.partnership_id, x.id, x.was_version, x.calendar_version, x.due_on, x.at_risk_on,
           x.new_id, k.incident_id, k.announced
      FROM jsonb_to_recordset(p_counted) AS x (partnership_id uuid, id uuid, was_version integer,
        calendar_version integer, due_on date, at_risk_on date, new_id uuid)
      JOIN clock AS k ON k.partnership_id = x.partnership_id AND k.id = x.id
     ORDER BY x.partnership_id, x.id
  LOOP
    c := sweep_take(r.partnership_id, r.id, r.incident_id, r.announced, r.was_version);
    CONTINUE WHEN c.id IS NULL;
    done := done + 1;
    IF c.due_on = r.due_on THEN
      UPDATE clock AS k
         SET calendar_version = r.calendar_version,
             at_risk_on = r.at_risk_on
       WHERE k.partnership_id = c.partnership_id AND k.id = c.id;
      CONTINUE;
    END IF;
    UPDATE clock AS k
       SET superseded_at = now()
     WHERE k.partnership_id = c.partnership_id AND k.id = c.id;
    INSERT INTO clock
    SELECT written.*
      FROM jsonb_populate_record(c, jsonb_build_object(
             'id', r.new_id,
             'due_on', r.due_on,
             'at_risk_on', r.at_risk_on,
             'calendar_version', r.calendar_version,
             'superseded_at', NULL,
             'created_at', now(),
             'updated_at', now(),
             -- What was told already and holds still is not told again.
             'announced', least(c.announced,
               CASE WHEN r.due_on < today THEN 2 WHEN r.at_risk_on <= today THEN 1 ELSE 0 END)))
        AS written
    RETURNING * INTO made;
    -- The due day of its notification stands in the incident.
    IF c.kind = 'sin' THEN
      UPDATE incident AS i
         SET version = i.version + 1,
             updated_at = now()
       WHERE i.partnership_id = c.partnership_id AND i.id = c.incident_id;
    END IF;
    PERFORM sweep_tell(made, 'deadline.moved', p_link,
      jsonb_build_object('was_due_on', c.due_on));
    PERFORM audit_append('clock.recounted', 'clock', made.id::text, 'done', NULL, NULL);
  END LOOP;
  RETURN done;
END $$;

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION deadlines_announce(text, integer) OWNER TO cspr_admin;
ALTER FUNCTION deadlines_outdated(integer) OWNER TO cspr_admin;
ALTER FUNCTION deadlines_recount(jsonb, text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION deadlines_announce(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION deadlines_outdated(integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION deadlines_recount(jsonb, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deadlines_announce(text, integer) TO cspr_dispatch;
GRANT EXECUTE ON FUNCTION deadlines_outdated(integer) TO cspr_dispatch;
GRANT EXECUTE ON FUNCTION deadlines_recount(jsonb, text) TO cspr_dispatch;
