-- Which delivery goes first, which endpoint is called at all, and what is told of both.

ALTER TABLE delivery
  -- The day in law by which the recipient must have been told, and the day from which that is at
  -- risk: one working day before. Null where no clock asks for it. As they stood when the event was
  -- appended.
  ADD COLUMN legal_on date,
  ADD COLUMN at_risk_on date,
  -- The nearest legal day of this delivery and of those that wait behind it in its incident's order.
  ADD COLUMN urgent_on date,
  -- When people were told that it is at risk: once.
  ADD COLUMN at_risk_at timestamptz,
  ADD CHECK (at_risk_on <= legal_on);

-- What is due is found in the order in which it is sent: the nearest legal day first, then the oldest.
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (partnership_id, endpoint_id, due_at)
  WHERE state = 'pending' AND urgent_on IS NULL;
CREATE INDEX delivery_urgent ON delivery (partnership_id, endpoint_id, urgent_on, due_at)
  WHERE state = 'pending' AND urgent_on IS NOT NULL;

-- When a day in law is over.
CREATE FUNCTION london_day_end(day date) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT ((day + 1)::timestamp AT TIME ZONE 'Europe/London') $$;
CREATE INDEX delivery_nearly_late ON delivery (at_risk_on)
  WHERE state = 'pending' AND legal_on IS NOT NULL AND at_risk_at IS NULL;
CREATE INDEX delivery_too_late ON delivery (due_at)
  WHERE state = 'pending' AND legal_on IS NOT NULL AND at_risk_at IS NULL
    AND due_at > london_day_end(legal_on);

-- The clock that a notification serves. An endpoint that fails is not told that it does.
CREATE FUNCTION delivery_dated() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  told record;
BEGIN
  SELECT v.type, v.body
    INTO told
    FROM event AS v
   WHERE v.partnership_id = NEW.partnership_id
     AND v.id = NEW.event_id;
  IF told.type = 'endpoint.failing'
    AND NEW.endpoint_id::text = told.body::json -> 'data' ->> 'webhook_endpoint_id' THEN
    RETURN NULL;
  END IF;
  IF told.type NOT IN ('incident.notified', 'rapid_review.submitted', 'review.publication_notice')
    OR NOT EXISTS (
      SELECT
        FROM webhook_endpoint AS e
       WHERE e.partnership_id = NEW.partnership_id
         AND e.id = NEW.endpoint_id
         AND e.statutory) THEN
    RETURN NEW;
  END IF;
  IF told.type = 'review.publication_notice' THEN
    SELECT c.due_on, c.at_risk_on
      INTO NEW.legal_on, NEW.at_risk_on
      FROM clock AS c
     WHERE c.partnership_id = NEW.partnership_id
       AND c.subject_id = (told.body::json -> 'data' ->> 'review_id')::uuid
       AND c.kind = 'publication_notice'
       AND c.superseded_at IS NULL
       AND c.cancelled_at IS NULL
     ORDER BY c.created_at DESC
     LIMIT 1;
  ELSE
    SELECT c.due_on, c.at_risk_on
      INTO NEW.legal_on, NEW.at_risk_on
      FROM clock AS c
     WHERE c.partnership_id = NEW.partnership_id
       AND c.incident_id = NEW.incident_id
       AND c.kind = CASE told.type WHEN 'incident.notified' THEN 'sin' ELSE 'rapid_review' END
       AND c.superseded_at IS NULL
       AND c.cancelled_at IS NULL
     ORDER BY c.created_at DESC
     LIMIT 1;
  END IF;
  -- Where the calendar does not reach, the day itself.
  NEW.at_risk_on := least(NEW.at_risk_on, NEW.legal_on);
  NEW.urgent_on := NEW.legal_on;
  RETURN NEW;
END $$;
CREATE TRIGGER delivery_dated BEFORE INSERT ON delivery
  FOR EACH ROW EXECUTE FUNCTION delivery_dated();

-- ---- Circuits ----

-- An endpoint without a row has not failed. It stands here so that all processes agree.
CREATE TABLE endpoint_circuit (
  partnership_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  -- One after the other, up to now.
  failures integer NOT NULL DEFAULT 0,
  -- Null while the endpoint is called freely; else what is due waits for the next trial.
  opened_at timestamptz,
  trial_at timestamptz,
  -- Those that have failed since it opened.
  trials integer NOT NULL DEFAULT 0,
  recovered_at timestamptz,
  revision bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (partnership_id, endpoint_id),
  FOREIGN KEY (partnership_id, endpoint_id) REFERENCES webhook_endpoint (partnership_id, id),
  CHECK ((opened_at IS NULL) = (trial_at IS NULL))
);
CREATE INDEX endpoint_circuit_open ON endpoint_circuit (trial_at) WHERE opened_at IS NOT NULL;
ALTER TABLE endpoint_circuit ENABLE ROW LEVEL SECURITY;
ALTER TABLE endpoint_circuit FORCE ROW LEVEL SECURITY;
CREATE POLICY all_partnerships ON endpoint_circuit TO cspr_dispatch, cspr_admin USING (true);
GRANT SELECT ON endpoint_circuit TO cspr_dispatch;
GRANT UPDATE (trial_at) ON endpoint_circuit TO cspr_dispatch;
GRANT SELECT, INSERT, UPDATE ON endpoint_circuit TO cspr_admin;
GRANT UPDATE (due_at, at_risk_at) ON delivery TO cspr_admin;

-- Writes what was judged of a circuit, unless somebody else was faster since it was read, and tells of
-- its opening and closing: once each. When a recipient in law is back, what waited for its next attempt
-- is due again in the old order. What somebody holds is left alone: no lease is as long as two minutes.
CREATE FUNCTION circuit_write(
  p_partnership_id uuid, p_endpoint_id uuid, p_revision bigint, p_failures integer, p_trials integer,
  p_opened_at timestamptz, p_trial_at timestamptz, p_link text
) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  was endpoint_circuit;
  endpoint record;
BEGIN
  INSERT INTO endpoint_circuit (partnership_id, endpoint_id)
  VALUES (p_partnership_id, p_endpoint_id)
      ON CONFLICT (partnership_id, endpoint_id) DO NOTHING;
  SELECT k.*
    INTO was
    FROM endpoint_circuit AS k
   WHERE k.partnership_id = p_partnership_id
     AND k.endpoint_id = p_endpoint_id
     FOR UPDATE OF k;
  IF was.revision <> p_revision THEN
    RETURN false;
  END IF;
  UPDATE endpoint_circuit AS k
     SET failures = p_failures,
         trials = p_trials,
         opened_at = p_opened_at,
         trial_at = p_trial_at,
         recovered_at = CASE WHEN was.opened_at IS NOT NULL AND p_opened_at IS NULL THEN now()
                          ELSE k.recovered_at END,
         revision = k.revision + 1
   WHERE k.partnership_id = p_partnership_id
     AND k.endpoint_id = p_endpoint_id;
  IF (was.opened_at IS NULL) = (p_opened_at IS NULL) THEN
    RETURN true;
  END IF;

  SELECT e.recipient, e.statutory
    INTO STRICT endpoint
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = p_partnership_id
     AND e.id = p_endpoint_id;
  PERFORM sweep_for(p_partnership_id);
  PERFORM event_append(gen_random_uuid(),
    CASE WHEN p_opened_at IS NULL THEN 'endpoint.recovered' ELSE 'endpoint.failing' END,
    NULL, '{}',
    jsonb_strip_nulls(jsonb_build_object('webhook_endpoint_id', p_endpoint_id,
      'recipient', endpoint.recipient,
      'link', p_link || '/v1/webhook-endpoints/' || p_endpoint_id)),
    now());
  IF p_opened_at IS NULL AND endpoint.statutory THEN
    UPDATE delivery AS d
       SET due_at = d.created_at
     WHERE d.partnership_id = p_partnership_id
       AND d.endpoint_id = p_endpoint_id
       AND d.state = 'pending'
       AND d.attempts > 0
       AND d.due_at > now() + interval '2 minutes';
  END IF;
  RETURN true;
END $$;

-- ---- Deliveries at risk ----

-- Tells of deliveries to recipients in law that are not made although at most one working day is left,
-- or whose next attempt would come too late: once for each; how many. What was only just appended is
-- on its way and not at risk.
CREATE FUNCTION deliveries_at_risk(p_link text, p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  risk record;
  done integer := 0;
BEGIN
  FOR risk IN
    (SELECT d.partnership_id, d.id, d.incident_id
       FROM delivery AS d
      WHERE d.state = 'pending'
        AND d.legal_on IS NOT NULL
        AND d.at_risk_at IS NULL
        AND d.at_risk_on <= london_day(now())
        AND (d.attempts > 0 OR d.created_at < now() - interval '1 minute')
      ORDER BY d.at_risk_on
      LIMIT p_limit)
    UNION
    (SELECT d.partnership_id, d.id, d.incident_id
       FROM delivery AS d
      WHERE d.state = 'pending'
        AND d.legal_on IS NOT NULL
        AND d.at_risk_at IS NULL
        AND d.due_at > london_day_end(d.legal_on)
        AND d.attempts > 0
      LIMIT p_limit)
  LOOP
    -- The incident orders its events; whatever somebody else holds is told of next time.
    PERFORM
       FROM incident AS i
      WHERE i.partnership_id = risk.partnership_id
        AND i.id = risk.incident_id
        FOR UPDATE OF i SKIP LOCKED;
    CONTINUE WHEN NOT FOUND AND risk.incident_id IS NOT NULL;
    PERFORM
       FROM delivery AS d
      WHERE d.partnership_id = risk.partnership_id
        AND d.id = risk.id
        AND d.state = 'pending'
        AND d.at_risk_at IS NULL
        FOR UPDATE OF d SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    PERFORM sweep_for(risk.partnership_id);
    PERFORM event_append(gen_random_uuid(), 'delivery.at_risk', d.incident_id, '{}',
       jsonb_strip_nulls(jsonb_build_object('delivery_id', d.id,
         'webhook_endpoint_id', d.endpoint_id,
         'recipient', e.recipient, 'due_on', d.legal_on, 'incident_id', d.incident_id,
         'link', p_link || '/v1/deliveries/' || d.id)),
       now())
       FROM delivery AS d
       JOIN webhook_endpoint AS e ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
      WHERE d.partnership_id = risk.partnership_id
        AND d.id = risk.id;
    UPDATE delivery AS d
       SET at_risk_at = now()
     WHERE d.partnership_id = risk.partnership_id
       AND d.id = risk.id;
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;

GRANT UPDATE (urgent_on) ON delivery TO cspr_dispatch;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION delivery_dated() OWNER TO cspr_admin;
ALTER FUNCTION deliveries_at_risk(text, integer) OWNER TO cspr_admin;
ALTER FUNCTION circuit_write(uuid, uuid, bigint, integer, integer, timestamptz, timestamptz, text)
  OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION deliveries_at_risk(text, integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION circuit_write(uuid, uuid, bigint, integer, integer, timestamptz, timestamptz,
  text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deliveries_at_risk(text, integer) TO cspr_dispatch;
GRANT EXECUTE ON FUNCTION circuit_write(uuid, uuid, bigint, integer, integer, timestamptz,
  timestamptz, text) TO cspr_dispatch;
