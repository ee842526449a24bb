-- What went round the limits of feeds, recipients and receipts.

-- ---- What an agency is kept from ----

-- As before (0044), and what only names an incident, or a delivery that told of one, is as open as it is:
-- a warning stands in no incident's order and has its id in the body alone.
CREATE OR REPLACE FUNCTION event_is_open(p_incident_id uuid, p_body text) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
DECLARE
  data jsonb;
BEGIN
  IF NOT is_open_to_caller(p_incident_id) THEN
    RETURN false;
  END IF;
  IF coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN
    RETURN true;
  END IF;
  data := p_body::jsonb -> 'data';
  RETURN is_open_to_caller((data ->> 'incident_id')::uuid)
    AND (data ->> 'review_id' IS NULL OR review_is_open_to_caller((data ->> 'review_id')::uuid))
    AND (data ->> 'rapid_review_id' IS NULL
      OR rapid_review_is_open_to_caller((data ->> 'rapid_review_id')::uuid))
    AND (data ->> 'action_id' IS NULL OR action_is_open_to_caller((data ->> 'action_id')::uuid))
    AND (data ->> 'recommendation_id' IS NULL OR EXISTS (
      SELECT
        FROM recommendation AS r
       WHERE r.partnership_id = tenant()
         AND r.id = (data ->> 'recommendation_id')::uuid))
    AND (data ->> 'subject_id' IS NULL
      OR clock_subject_is_open(data ->> 'subject', (data ->> 'subject_id')::uuid))
    AND (data ->> 'delivery_id' IS NULL OR EXISTS (
      SELECT
        FROM delivery AS d
        JOIN event AS v ON v.partnership_id = d.partnership_id AND v.id = d.event_id
       WHERE d.partnership_id = tenant()
         AND d.id = (data ->> 'delivery_id')::uuid));
END $$;

-- An event's number and place follow from those before it, also from those that the writer is kept from.
CREATE FUNCTION incident_last_sequence(p_incident_id uuid) RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT max(e.sequence)
    FROM event AS e
   WHERE e.partnership_id = tenant()
     AND e.incident_id = p_incident_id
$$;

-- ---- Who is told ----

-- While somebody notifies recipients in law their endpoints come to no other state, and the other way
-- round: else what is notified while one endpoint takes the place of another would be told to neither.
CREATE FUNCTION recipients_lock() RETURNS bigint
  LANGUAGE sql STABLE
  AS $$ SELECT hashtextextended('cspr.recipients.' || tenant()::text, 0) $$;

-- As before (0047), with both.
CREATE OR REPLACE FUNCTION event_append(
  p_event_id uuid, p_type text, p_incident_id uuid, p_recipients text[], p_data jsonb,
  p_at timestamptz
) RETURNS bigint
  LANGUAGE plpgsql SECURITY INVOKER SET search_path = public, pg_temp
  AS $$
DECLARE
  next_sequence bigint;
  facts jsonb := jsonb_build_object('event_id', p_event_id);
BEGIN
  IF p_incident_id IS NOT NULL THEN
    SELECT coalesce(incident_last_sequence(i.id), 0) + 1,
           facts || jsonb_build_object(
             'local_ref', i.local_ref,
             'version', i.version,
             'duty', i.duty,
             'clocks', (
               SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'kind', c.kind,
                        'due_on', c.due_on,
                        'state', clock_state(false, c.completed_on, c.paused, c.due_on,
                          (p_at AT TIME ZONE 'Europe/London')::date))
                        ORDER BY c.due_on, c.kind), '[]')
                 FROM clock AS c
                WHERE c.partnership_id = i.partnership_id
                  AND c.incident_id = i.id
                  AND c.superseded_at IS NULL
                  AND c.cancelled_at IS NULL))
      INTO STRICT next_sequence, facts
      FROM incident AS i
     WHERE i.partnership_id = tenant()
       AND i.id = p_incident_id;
    facts := facts || jsonb_build_object('sequence', next_sequence);
  END IF;

  INSERT INTO event (partnership_id, id, incident_id, sequence, type, body)
  VALUES (tenant(), p_event_id, p_incident_id, next_sequence, p_type,
    json_build_object(
      'type', p_type,
      'timestamp', instant_text(p_at),
      'data', coalesce(p_data, '{}') || facts)::text);

  IF cardinality(p_recipients) > 0 THEN
    PERFORM pg_advisory_xact_lock_shared(recipients_lock());
  END IF;
  INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence, payload)
  SELECT e.partnership_id,
         gen_random_uuid(),
         p_event_id,
         e.id,
         p_incident_id,
         next_sequence,
         CASE WHEN p_incident_id IS NULL THEN 'thin' ELSE e.payload END
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = tenant()
     AND e.state IN ('active', 'paused')
     AND p_type = ANY (e.event_types)
     AND (p_recipients IS NULL OR e.recipient IS NULL OR e.recipient = ANY (p_recipients));
  -- Only a wake-up; the dispatcher looks by itself as well.
  IF FOUND THEN
    PERFORM pg_notify('cspr_delivery', '');
    PERFORM event_summarise(p_event_id, p_incident_id)
       FROM webhook_endpoint AS e
      WHERE p_incident_id IS NOT NULL
        AND e.partnership_id = tenant()
        AND e.state IN ('active', 'paused')
        AND e.payload = 'summary'
        AND p_type = ANY (e.event_types)
      LIMIT 1;
  END IF;
  RETURN next_sequence;
END $$;

-- What follows from an endpoint's step: see 0047.
ALTER FUNCTION webhook_endpoint_moved(uuid, text) RENAME TO webhook_endpoint_rearrange;

-- The same, one after the other: of two that are retired or paused at once, each by itself would leave the
-- recipient in law the other one. CS412 has the second judged again. One key pauses an endpoint, and the
-- recipient's others get what it had not got. A ping is for one endpoint alone, and ends with it.
CREATE FUNCTION webhook_endpoint_moved(p_endpoint_id uuid, p_because text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  moved webhook_endpoint;
BEGIN
  SELECT e.*
    INTO STRICT moved
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = tenant()
     AND e.id = p_endpoint_id;
  IF moved.recipient IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(recipients_lock());
  END IF;
  IF moved.state IN ('retired', 'paused') AND moved.recipient IS NOT NULL
    AND (moved.proposed_by_key_id IS NULL OR moved.approved_by_key_id IS NOT NULL)
    AND NOT EXISTS (
      SELECT
        FROM webhook_endpoint AS o
       WHERE o.partnership_id = moved.partnership_id
         AND o.recipient = moved.recipient
         AND o.state = 'active') THEN
    RAISE EXCEPTION USING ERRCODE = 'CS412',
      MESSAGE = 'The recipient''s other endpoint has changed since it was read.';
  END IF;
  IF moved.state = 'paused' THEN
    INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence)
    SELECT d.partnership_id, gen_random_uuid(), d.event_id, o.id, d.incident_id, d.sequence
      FROM delivery AS d
      JOIN event AS v ON v.partnership_id = d.partnership_id AND v.id = d.event_id
      JOIN webhook_endpoint AS o ON o.partnership_id = d.partnership_id AND o.state = 'active'
     WHERE d.partnership_id = moved.partnership_id
       AND d.endpoint_id = moved.id
       AND d.state = 'pending'
       AND v.type <> 'ping'
       AND o.recipient = moved.recipient
        ON CONFLICT (partnership_id, event_id, endpoint_id) DO NOTHING;
  ELSIF moved.state IN ('refused', 'retired') THEN
    UPDATE delivery AS d
       SET state = 'cancelled', due_at = NULL, cancelled_because = p_because
      FROM event AS v
     WHERE v.partnership_id = d.partnership_id
       AND v.id = d.event_id
       AND v.type = 'ping'
       AND d.partnership_id = moved.partnership_id
       AND d.endpoint_id = moved.id
       AND d.state = 'pending';
  END IF;
  PERFORM webhook_endpoint_rearrange(p_endpoint_id, p_because);
END $$;

-- As before (0046), and 'unsent' where nobody was called yet: whoever can rotate a secret could else have it
-- stand as acknowledged by a recipient that has never heard of it. The fence counts claims, and not
-- attempts, because a recipient may say so before it has answered.
CREATE OR REPLACE FUNCTION receipt_take(p_delivery_id uuid, p_reference text, p_received_at timestamptz)
  RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  given delivery;
BEGIN
  SELECT d.* INTO given FROM delivery AS d WHERE d.id = p_delivery_id;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF given.fence = 0 THEN
    RETURN 'unsent';
  END IF;
  IF NOT receipt_time_is_sound(p_received_at, given.created_at) THEN
    RETURN 'time';
  END IF;
  PERFORM
     FROM incident AS i
    WHERE i.partnership_id = given.partnership_id
      AND i.id = given.incident_id
      FOR UPDATE OF i;
  RETURN receipt_record(given.partnership_id, given.id, p_reference, p_received_at, 'signed_call');
END $$;

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION webhook_endpoint_moved(uuid, text) OWNER TO cspr_admin;
ALTER FUNCTION incident_last_sequence(uuid) OWNER TO cspr_admin;
ALTER FUNCTION event_take_place() SECURITY DEFINER;
ALTER FUNCTION event_take_place() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION webhook_endpoint_moved(uuid, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION incident_last_sequence(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION incident_last_sequence(uuid) TO cspr_api, cspr_dispatch;
GRANT EXECUTE ON FUNCTION webhook_endpoint_moved(uuid, text) TO cspr_api;
REVOKE EXECUTE ON FUNCTION webhook_endpoint_rearrange(uuid, text) FROM cspr_api;
