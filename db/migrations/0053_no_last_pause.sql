-- Whoever pauses the only endpoint of a recipient in law silences it: one key may do so only while another
-- endpoint of the recipient is active, which gets what the paused one had not got. As before (0049), for what
-- is paused too.
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
  IF endpoint.state IN ('retired', 'paused') AND endpoint.recipient IS NOT NULL
    AND endpoint.was_approved
    AND NOT EXISTS (
      SELECT
        FROM webhook_endpoint AS o
       WHERE o.partnership_id = endpoint.partnership_id
         AND o.recipient = endpoint.recipient
         AND o.state = 'active') THEN
    RAISE EXCEPTION USING ERRCODE = 'CS412',
      MESSAGE = 'The recipient''s other endpoint has changed since it was read.';
  END IF;
  IF endpoint.state IN ('refused', 'retired', 'paused') THEN
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
  END IF;
  IF endpoint.state IN ('refused', 'retired') THEN
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
