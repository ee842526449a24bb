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
    SELECT CASE
             WHEN sees_all() THEN (
               SELECT coalesce(max(e.sequence), 0) + 1
                 FROM event AS e
                WHERE e.partnership_id = i.partnership_id
                  AND e.incident_id = i.id)
             ELSE coalesce(incident_last_sequence(i.id), 0) + 1
           END,
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

-- As before (0047), one after the other: of two that are retired at once, each by itself would leave the
-- recipient the other one. CS412 has the second judged again. A ping is for one endpoint alone.
CREATE OR REPLACE FUNCTION webhook_endpoint_moved(p_endpoint_id uuid, p_because text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  endpoint record;
BEGIN
  SELECT e.partnership_id, e.id, e.state, e.recipient,
         e.proposed_by_key_id IS NULL OR e.approved_by_key_id IS NOT NULL AS was_approved
    INTO STRICT endpoint
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = tenant()
     AND e.id = p_endpoint_id;
  IF endpoint.recipient IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(recipients_lock());
  END IF;
  IF endpoint.state = 'retired' AND endpoint.recipient IS NOT NULL AND endpoint.was_approved
    AND NOT EXISTS (
      SELECT
        FROM webhook_endpoint AS o
       WHERE o.partnership_id = endpoint.partnership_id
         AND o.recipient = endpoint.recipient
         AND o.state = 'active') THEN
    RAISE EXCEPTION USING ERRCODE = 'CS412',
      MESSAGE = 'The recipient''s other endpoint has changed since it was read.';
  END IF;
  IF endpoint.state IN ('refused', 'retired') THEN
    INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence)
    SELECT d.partnership_id, gen_random_uuid(), d.event_id, o.id, d.incident_id, d.sequence
      FROM delivery AS d
      JOIN event AS v
        ON v.partnership_id = d.partnership_id
       AND v.id = d.event_id
       AND v.type <> 'ping'
      JOIN webhook_endpoint AS o
        ON o.partnership_id = d.partnership_id
       AND o.recipient = endpoint.recipient
       AND o.state = 'active'
     WHERE d.partnership_id = endpoint.partnership_id
       AND d.endpoint_id = endpoint.id
       AND d.state = 'pending'
        ON CONFLICT (partnership_id, event_id, endpoint_id) DO NOTHING;
    UPDATE delivery AS d
       SET state = 'cancelled',
           due_at = NULL,
           cancelled_because = p_because
     WHERE d.partnership_id = endpoint.partnership_id
       AND d.endpoint_id = endpoint.id
       AND d.state = 'pending';
    UPDATE webhook_endpoint_change AS c
       SET state = 'lapsed',
           version = c.version + 1,
           decided_by_key_id = caller_key(),
           decided_by_agency_id = caller_agency(),
           decided_at = now(),
           reason = p_because
     WHERE c.partnership_id = endpoint.partnership_id
       AND c.endpoint_id = endpoint.id
       AND c.state = 'open';
  ELSIF endpoint.state = 'active' AND endpoint.recipient IS NOT NULL THEN
    INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence)
    SELECT v.partnership_id, gen_random_uuid(), v.id, endpoint.id, v.incident_id, v.sequence
      FROM (
        SELECT n.event_id
          FROM notification_recipient AS r
          JOIN notification AS n
            ON n.partnership_id = r.partnership_id AND n.id = r.notification_id
         WHERE r.partnership_id = endpoint.partnership_id
           AND r.recipient = endpoint.recipient
           AND n.transmission = 'send'
        UNION
        SELECT t.event_id
          FROM review_publication_notice AS t
         WHERE t.partnership_id = endpoint.partnership_id
           AND t.recipient = endpoint.recipient
           AND t.event_id IS NOT NULL
      ) AS sent
      JOIN event AS v ON v.partnership_id = endpoint.partnership_id AND v.id = sent.event_id
     WHERE NOT EXISTS (
       SELECT
         FROM delivery AS d
         JOIN webhook_endpoint AS o ON o.partnership_id = d.partnership_id AND o.id = d.endpoint_id
        WHERE d.partnership_id = v.partnership_id
          AND d.event_id = v.id
          AND d.state <> 'cancelled'
          AND o.recipient = endpoint.recipient)
        ON CONFLICT (partnership_id, event_id, endpoint_id) DO NOTHING;
  END IF;
  PERFORM pg_notify('cspr_delivery', '');
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
ALTER FUNCTION incident_last_sequence(uuid) OWNER TO cspr_admin;
ALTER FUNCTION event_take_place() SECURITY DEFINER;
ALTER FUNCTION event_take_place() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION incident_last_sequence(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION incident_last_sequence(uuid) TO cspr_api, cspr_dispatch;
