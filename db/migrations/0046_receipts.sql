-- Receipts: what a recipient says of a delivery itself, in its answer or by a signed call. Delivered is
-- what its server answered; acknowledged is what it says.

CREATE TABLE delivery_receipt (
  partnership_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  reference text NOT NULL CHECK (reference <> '' AND length(reference) <= 100),
  received_at timestamptz NOT NULL,
  -- In the body of a 2xx, or as a call with a signature by the endpoint's secret.
  came_as text NOT NULL CHECK (came_as IN ('answer', 'signed_call')),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  -- The first one counts.
  PRIMARY KEY (partnership_id, delivery_id),
  FOREIGN KEY (partnership_id, delivery_id) REFERENCES delivery (partnership_id, id)
);
ALTER TABLE delivery_receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_receipt FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON delivery_receipt TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM delivery AS d
       WHERE d.partnership_id = delivery_receipt.partnership_id
         AND d.id = delivery_receipt.delivery_id)));
CREATE POLICY all_partnerships ON delivery_receipt TO cspr_admin USING (true);
GRANT SELECT ON delivery_receipt TO cspr_api;
GRANT SELECT, INSERT ON delivery_receipt TO cspr_admin;

-- What answers say is read afterwards, from what was recorded: nothing is lost with the process that got
-- the answer.
ALTER TABLE delivery_attempt ADD COLUMN receipt_read boolean NOT NULL DEFAULT false;
CREATE INDEX delivery_attempt_receipt ON delivery_attempt (partnership_id, delivery_id, number)
  WHERE NOT receipt_read AND status BETWEEN 200 AND 299 AND answer LIKE '%"acknowledged"%';

CREATE POLICY all_partnerships ON acknowledgement TO cspr_admin USING (true);
CREATE POLICY all_partnerships_by_admin ON delivery_attempt TO cspr_admin USING (true);
GRANT SELECT, INSERT ON acknowledgement TO cspr_admin;
GRANT SELECT, UPDATE (receipt_read) ON delivery_attempt TO cspr_admin;
GRANT UPDATE (version, updated_at) ON notification TO cspr_admin;
GRANT SELECT (dfe_sin_ref), UPDATE (dfe_sin_ref) ON incident TO cspr_admin;

-- Records what a recipient said of a delivery, and what follows: the acknowledgement of a notification to
-- a recipient in law, with the event and the audit entry. The caller holds the incident. 'recorded';
-- 'repeated' where the same was said before; 'other' where something else was.
CREATE FUNCTION receipt_record(p_partnership_id uuid, p_delivery_id uuid, p_reference text,
  p_received_at timestamptz, p_came_as text) RETURNS text
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  told record;
BEGIN
  INSERT INTO delivery_receipt (partnership_id, delivery_id, reference, received_at, came_as)
  VALUES (p_partnership_id, p_delivery_id, p_reference, p_received_at, p_came_as)
      ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN CASE
             WHEN (SELECT r.reference FROM delivery_receipt AS r
                    WHERE r.partnership_id = p_partnership_id AND r.delivery_id = p_delivery_id)
               = p_reference THEN 'repeated'
             ELSE 'other'
           END;
  END IF;
  PERFORM sweep_for(p_partnership_id);
  SELECT n.id, n.kind, n.incident_id, e.recipient, v.body::json -> 'data' ->> 'link' AS link
    INTO told
    FROM delivery AS d
    JOIN webhook_endpoint AS e ON e.partnership_id = d.partnership_id AND e.id = d.endpoint_id
    JOIN event AS v ON v.partnership_id = d.partnership_id AND v.id = d.event_id
    JOIN notification AS n
      ON n.partnership_id = d.partnership_id
     AND n.incident_id = d.incident_id
     AND n.event_id = d.event_id
    JOIN notification_recipient AS r
      ON r.partnership_id = n.partnership_id
     AND r.notification_id = n.id
     AND r.recipient = e.recipient
   WHERE d.partnership_id = p_partnership_id
     AND d.id = p_delivery_id;
  IF FOUND THEN
    INSERT INTO acknowledgement (partnership_id, id, notification_id, recipient, reference,
      acknowledged_on, channel)
    VALUES (p_partnership_id, gen_random_uuid(), told.id, told.recipient, p_reference,
      london_day(p_received_at), 'webhook');
    IF told.recipient = 'dfe' THEN
      UPDATE incident AS i
         SET version = i.version + 1,
             updated_at = now(),
             dfe_sin_ref = p_reference
       WHERE i.partnership_id = p_partnership_id
         AND i.id = told.incident_id
         AND i.dfe_sin_ref IS NULL;
    END IF;
    UPDATE notification AS n
       SET version = n.version + 1,
           updated_at = now()
     WHERE n.partnership_id = p_partnership_id
       AND n.id = told.id;
    PERFORM event_append(gen_random_uuid(), 'notification.acknowledged', told.incident_id, '{}',
      jsonb_build_object('incident_id', told.incident_id, 'link', told.link,
        'notification_id', told.id, 'kind', told.kind, 'recipient', told.recipient),
      now());
  END IF;
  PERFORM audit_append('delivery.acknowledged', 'delivery', p_delivery_id::text, 'done', NULL, NULL);
  RETURN 'recorded';
END $$;

-- Whether that can be when a delivery was received: clocks differ by minutes.
CREATE FUNCTION receipt_time_is_sound(p_received_at timestamptz, p_made_at timestamptz)
  RETURNS boolean
  LANGUAGE sql STABLE
  AS $$
  SELECT p_received_at BETWEEN p_made_at - interval '5 minutes' AND now() + interval '5 minutes'
$$;

-- By a signed call, which was checked. Null where there is no such delivery, 'time' where it was
-- received before it was made or will be.
CREATE FUNCTION receipt_take(p_delivery_id uuid, p_reference text, p_received_at timestamptz)
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

-- What the 2xx of a receiver says, if it is a receipt: {"acknowledged": {"reference", "received_at"}}, the
-- time perhaps left out, and nothing that is not understood. Null is none.
CREATE FUNCTION receipt_of_answer(p_answer text) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE
  AS $$
DECLARE
  said jsonb;
BEGIN
  said := p_answer::jsonb -> 'acknowledged';
  IF jsonb_typeof(said -> 'reference') IS DISTINCT FROM 'string'
    OR coalesce(jsonb_typeof(said -> 'received_at'), 'string') <> 'string'
    OR length(said ->> 'reference') NOT BETWEEN 1 AND 100
    OR (said ->> 'reference') !~ '^[A-Za-z0-9][A-Za-z0-9 ./_:#-]*$'
    OR (said ->> 'received_at') !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$'
  THEN
    RETURN NULL;
  END IF;
  PERFORM (said ->> 'received_at')::timestamptz;
  RETURN said;
EXCEPTION WHEN data_exception THEN
  RETURN NULL;
END $$;

-- Records what answers said; how many were looked at. What somebody holds is left for the next look.
CREATE FUNCTION receipts_read(p_limit integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  given record;
  said jsonb;
  received timestamptz;
  done integer := 0;
BEGIN
  FOR given IN
    SELECT a.partnership_id, a.delivery_id, a.number, a.answer, d.incident_id, d.created_at,
           a.started_at + a.duration_ms * interval '1 millisecond' AS answered_at
      FROM delivery_attempt AS a
      JOIN delivery AS d ON d.partnership_id = a.partnership_id AND d.id = a.delivery_id
     WHERE NOT a.receipt_read
       AND a.status BETWEEN 200 AND 299
       AND a.answer LIKE '%"acknowledged"%'
     ORDER BY a.partnership_id, a.delivery_id, a.number
     LIMIT p_limit
       FOR UPDATE OF a SKIP LOCKED
  LOOP
    IF given.incident_id IS NOT NULL THEN
      PERFORM
         FROM incident AS i
        WHERE i.partnership_id = given.partnership_id
          AND i.id = given.incident_id
          FOR UPDATE OF i SKIP LOCKED;
      CONTINUE WHEN NOT FOUND;
    END IF;
    said := receipt_of_answer(given.answer);
    received := coalesce((said ->> 'received_at')::timestamptz, given.answered_at);
    IF said IS NOT NULL AND receipt_time_is_sound(received, given.created_at) THEN
      PERFORM receipt_record(given.partnership_id, given.delivery_id, said ->> 'reference', received,
        'answer');
    END IF;
    UPDATE delivery_attempt AS a
       SET receipt_read = true
     WHERE a.partnership_id = given.partnership_id
       AND a.delivery_id = given.delivery_id
       AND a.number = given.number;
    done := done + 1;
  END LOOP;
  RETURN done;
END $$;

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION receipt_take(uuid, text, timestamptz) OWNER TO cspr_admin;
ALTER FUNCTION receipts_read(integer) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION receipt_take(uuid, text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION receipts_read(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION receipt_take(uuid, text, timestamptz) TO cspr_dispatch;
GRANT EXECUTE ON FUNCTION receipts_read(integer) TO cspr_dispatch;
-- A delivery is found by its id alone, as whoever confirms it knows it.
CREATE INDEX delivery_id ON delivery (id);
