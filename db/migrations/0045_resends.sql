-- Deliveries that are made again: by themselves, and all that an endpoint has missed.

ALTER TABLE delivery
  -- What was delivered once stays proven while it is sent again.
  ADD COLUMN first_delivered_at timestamptz;

-- Each time that somebody had a delivery made again.
CREATE TABLE delivery_resend (
  partnership_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  was_state text NOT NULL CHECK (was_state IN ('pending', 'delivered', 'failed', 'never_made')),
  attempts integer NOT NULL,
  reason text NOT NULL CHECK (reason IN ('resend', 'recovery')),
  key_id uuid,
  PRIMARY KEY (partnership_id, delivery_id, at),
  FOREIGN KEY (partnership_id, delivery_id) REFERENCES delivery (partnership_id, id)
);
ALTER TABLE delivery_resend ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_resend FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON delivery_resend TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM delivery AS d
       WHERE d.partnership_id = delivery_resend.partnership_id
         AND d.id = delivery_resend.delivery_id)));
CREATE POLICY all_partnerships ON delivery_resend TO cspr_admin USING (true);
GRANT SELECT, INSERT ON delivery_resend TO cspr_api;
GRANT INSERT ON delivery_resend TO cspr_admin;
GRANT UPDATE (state, due_at, fence, delivered_at, first_delivered_at) ON delivery TO cspr_admin;

-- Makes a delivery of the tenant due again if it still is in that state, and notes who wanted it; 1, or 0
-- when it is not. The fence keeps whoever held it before from settling it; what somebody may hold is
-- left alone, and no lease is as long as two minutes. By a function, because the role of requests
-- changes no delivery.
CREATE FUNCTION delivery_send_again(p_delivery_id uuid, p_was_state text, p_due_at timestamptz,
  p_reason text) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  tried integer;
BEGIN
  UPDATE delivery AS d
     SET state = 'pending',
         due_at = p_due_at,
         fence = d.fence + 1,
         first_delivered_at = coalesce(d.first_delivered_at, d.delivered_at),
         delivered_at = NULL
   WHERE d.partnership_id = tenant()
     AND d.id = p_delivery_id
     AND d.state = p_was_state
     AND (d.state <> 'pending' OR d.due_at > now() + interval '2 minutes')
  RETURNING d.attempts INTO tried;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  INSERT INTO delivery_resend (partnership_id, delivery_id, was_state, attempts, reason, key_id)
  VALUES (tenant(), p_delivery_id, p_was_state, tried, p_reason, caller_key());
  PERFORM pg_notify('cspr_delivery', '');
  RETURN 1;
END $$;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION delivery_send_again(uuid, text, timestamptz, text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION delivery_send_again(uuid, text, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delivery_send_again(uuid, text, timestamptz, text) TO cspr_api;

-- What was to be told in a time is found by it.
CREATE INDEX event_created ON event (partnership_id, created_at);

-- What an endpoint should have had of the events of a time and has not got: deliveries that were given
-- up, and events of its types of which none was made, in the feed's order. A recipient in law should have
-- had what was notified to it.
CREATE FUNCTION deliveries_missed(p_endpoint_id uuid, p_since timestamptz, p_until timestamptz)
  RETURNS TABLE (event_id uuid, type text, incident_id uuid, sequence bigint, delivery_id uuid,
    place bigint)
  LANGUAGE sql STABLE SET search_path = public, pg_temp
  AS $$
  SELECT v.id,
         v.type,
         v.incident_id,
         v.sequence,
         d.id,
         row_number() OVER (ORDER BY v.epoch, v.transaction_id, v.position)
    FROM webhook_endpoint AS e
    JOIN event AS v
      ON v.partnership_id = e.partnership_id
     AND v.created_at >= p_since
     AND v.created_at < p_until
    LEFT JOIN delivery AS d
      ON d.partnership_id = v.partnership_id AND d.event_id = v.id AND d.endpoint_id = e.id
   WHERE e.partnership_id = tenant()
     AND e.id = p_endpoint_id
     AND CASE
           WHEN d.id IS NOT NULL THEN d.state = 'failed'
           WHEN NOT v.type = ANY (e.event_types) THEN false
           WHEN e.recipient IS NULL THEN true
           ELSE EXISTS (
             SELECT
               FROM notification AS n
               JOIN notification_recipient AS r
                 ON r.partnership_id = n.partnership_id AND r.notification_id = n.id
              WHERE n.partnership_id = v.partnership_id
                AND n.incident_id = v.incident_id
                AND n.event_id = v.id
                AND n.transmission = 'send'
                AND r.recipient = e.recipient)
             OR EXISTS (
               SELECT
                 FROM review_publication_notice AS t
                WHERE t.partnership_id = v.partnership_id
                  AND t.event_id = v.id
                  AND t.recipient = e.recipient)
         END
   ORDER BY v.epoch, v.transaction_id, v.position
$$;

-- Makes the first p_limit of them due, in their order, unless it is a rehearsal; says how many there
-- were and which come first.
CREATE FUNCTION deliveries_recover(p_endpoint_id uuid, p_since timestamptz, p_until timestamptz,
  p_limit integer, p_rehearse boolean) RETURNS json
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  missed json;
  found integer;
  made integer := 0;
BEGIN
  SELECT count(*),
         json_agg(m.* ORDER BY m.place) FILTER (WHERE m.place <= p_limit)
    INTO found, missed
    FROM deliveries_missed(p_endpoint_id, p_since, p_until) AS m;
  IF NOT p_rehearse AND found > 0 THEN
    WITH part AS MATERIALIZED (
      SELECT m.event_id, m.incident_id, m.sequence, m.delivery_id,
             -- The first is due first; a queue is read by what is due.
             now() + (m.place - p_limit) * interval '1 microsecond' AS due_at
        FROM json_to_recordset(missed) AS m (event_id uuid, incident_id uuid, sequence bigint,
          delivery_id uuid, place bigint)
    ), again AS MATERIALIZED (
      SELECT delivery_send_again(p.delivery_id, 'failed', p.due_at, 'recovery') AS done
        FROM part AS p
       WHERE p.delivery_id IS NOT NULL
    ), added AS (
      INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence, due_at)
      SELECT tenant(), gen_random_uuid(), p.event_id, p_endpoint_id, p.incident_id, p.sequence,
             p.due_at
        FROM part AS p
       WHERE p.delivery_id IS NULL
          ON CONFLICT (partnership_id, event_id, endpoint_id) DO NOTHING
      RETURNING partnership_id, id, attempts
    ), noted AS (
      INSERT INTO delivery_resend (partnership_id, delivery_id, was_state, attempts, reason, key_id)
      SELECT a.partnership_id, a.id, 'never_made', a.attempts, 'recovery', caller_key()
        FROM added AS a
      RETURNING delivery_id
    )
    SELECT (SELECT coalesce(sum(a.done), 0) FROM again AS a) + (SELECT count(*) FROM noted)
      INTO made;
    PERFORM pg_notify('cspr_delivery', '');
  END IF;
  RETURN json_build_object(
    'webhook_endpoint_id', p_endpoint_id,
    'since', instant_text(p_since),
    'until', instant_text(p_until),
    'dry_run', p_rehearse,
    'found', found,
    'made_due', made,
    'more', CASE WHEN p_rehearse THEN found > 0 ELSE found > p_limit END,
    'first', (
      SELECT coalesce(json_agg(json_build_object(
               'event_id', m.event_id,
               'event_type', m.type,
               'incident_id', m.incident_id,
               'sequence', m.sequence,
               'why', CASE WHEN m.delivery_id IS NULL THEN 'never_made' ELSE 'failed' END)
               ORDER BY m.place), '[]')
        FROM json_to_recordset(coalesce(missed, '[]')) AS m (event_id uuid, type text,
          incident_id uuid, sequence bigint, delivery_id uuid, place bigint)
       WHERE m.place <= 10));
END $$;
