-- What has been delivered and is sent again has no legal day: the law was satisfied when it came for the first time.
-- Nobody is warned that it is late, and it goes before nothing that has still to be told in time.

-- As before (0043), of those alone that have not been delivered.
CREATE OR REPLACE FUNCTION deliveries_at_risk(p_link text, p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  risk record;
  done integer := 0;
BEGIN
  FOR risk IN
    (SELECT d.partnership_id, d.id
       FROM delivery AS d
      WHERE d.state = 'pending'
        AND NOT d.is_repeat
        AND d.legal_on IS NOT NULL
        AND d.at_risk_at IS NULL
        AND d.at_risk_on <= london_day(now())
        AND (d.attempts > 0 OR d.created_at < now() - interval '1 minute')
      ORDER BY d.at_risk_on
      LIMIT p_limit)
    UNION
    (SELECT d.partnership_id, d.id
       FROM delivery AS d
      WHERE d.state = 'pending'
        AND NOT d.is_repeat
        AND d.legal_on IS NOT NULL
        AND d.at_risk_at IS NULL
        AND d.due_at > london_day_end(d.legal_on)
        AND d.attempts > 0
      LIMIT p_limit)
  LOOP
    -- Whatever somebody else holds is told of next time.
    PERFORM
       FROM delivery AS d
      WHERE d.partnership_id = risk.partnership_id
        AND d.id = risk.id
        AND d.state = 'pending'
        AND d.at_risk_at IS NULL
        FOR UPDATE OF d SKIP LOCKED;
    CONTINUE WHEN NOT FOUND;
    PERFORM sweep_for(risk.partnership_id);
    PERFORM event_append(gen_random_uuid(), 'delivery.at_risk', NULL, '{}',
       jsonb_strip_nulls(jsonb_build_object('delivery_id', d.id,
         'webhook_endpoint_id', d.endpoint_id,
         'recipient', e.recipient, 'due_on', d.legal_on, 'incident_id', d.incident_id,
         'local_ref', i.local_ref,
         'link', p_link || '/v1/deliveries/' || d.id)),
       now())
       FROM delivery AS d
       JOIN webhook_endpoint AS e ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
       LEFT JOIN incident AS i ON i.partnership_id = d.partnership_id AND i.id = d.incident_id
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

-- As before (0045), and what has come once is no longer urgent.
CREATE OR REPLACE FUNCTION delivery_send_again(p_delivery_id uuid, p_was_state text, p_due_at timestamptz,
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
         urgent_on = CASE WHEN coalesce(d.first_delivered_at, d.delivered_at) IS NULL THEN d.urgent_on END,
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
GRANT UPDATE (urgent_on) ON delivery TO cspr_admin;
