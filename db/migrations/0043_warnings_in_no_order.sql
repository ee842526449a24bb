-- Warnings of deliveries at risk wait for nothing.

-- Tells of deliveries to recipients in law that are not made although at most one working day is left,
-- or whose next attempt would come too late: once for each; how many. What was only just appended is
-- on its way and not at risk. The warning stands outside the incident's order: it must not wait behind the
-- deliveries that it warns of, and recipients in law, who are not told, see no gap.
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
