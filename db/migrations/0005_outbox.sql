-- Webhook endpoints, events, and the deliveries that carry an event to an endpoint.
--
-- An event and its deliveries are written in the transaction of the change they tell of. Whoever
-- delivers holds a delivery by moving due_at forward and by the fence: a settlement under an older
-- fence changes nothing.

CREATE TABLE webhook_endpoint (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  name text NOT NULL CHECK (name <> ''),
  -- The recipient in law that this endpoint belongs to, or null for an ordinary one.
  recipient text CHECK (recipient IN ('dfe', 'ofsted', 'panel')),
  statutory boolean NOT NULL GENERATED ALWAYS AS (recipient IS NOT NULL) STORED,
  url text NOT NULL CHECK (octet_length(url) <= 2000),
  event_types text[] NOT NULL CHECK (cardinality(event_types) > 0),
  payload text NOT NULL DEFAULT 'thin' CHECK (payload IN ('thin', 'summary')),
  -- whsec_…, encrypted under a key that the database never sees.
  secret_sealed bytea NOT NULL,
  previous_secret_sealed bytea,
  previous_secret_until timestamptz,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  CHECK ((previous_secret_sealed IS NULL) = (previous_secret_until IS NULL))
);
CREATE UNIQUE INDEX webhook_endpoint_recipient_key ON webhook_endpoint (partnership_id, recipient)
  WHERE recipient IS NOT NULL;

CREATE TABLE event (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  incident_id uuid,
  -- Counts the events of an incident; an event without an incident stands outside any order.
  sequence bigint CHECK (sequence > 0),
  type text NOT NULL CHECK (type ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$'),
  -- What is signed and sent, byte for byte, on every attempt and to every endpoint.
  body text NOT NULL CHECK (octet_length(body) < 20480),
  created_at timestamptz NOT NULL DEFAULT now(),
  -- A reader of the stream stops before the oldest transaction that is still open, because
  -- positions are given out before their transactions become visible.
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  position bigint GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CONSTRAINT event_sequence_key UNIQUE (partnership_id, incident_id, sequence),
  CHECK ((incident_id IS NULL) = (sequence IS NULL))
);
CREATE INDEX event_position ON event (partnership_id, position);

CREATE TABLE delivery (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  event_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  incident_id uuid,
  sequence bigint,
  -- When it is to be sent, or when the claim on it ends. Null once it is settled.
  due_at timestamptz DEFAULT now(),
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0,
  delivered_at timestamptz,
  last_status integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT delivery_once UNIQUE (partnership_id, event_id, endpoint_id),
  FOREIGN KEY (partnership_id, event_id) REFERENCES event (partnership_id, id),
  FOREIGN KEY (partnership_id, endpoint_id) REFERENCES webhook_endpoint (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CHECK ((state = 'pending') = (due_at IS NOT NULL)),
  CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
  CHECK ((incident_id IS NULL) = (sequence IS NULL))
);
-- Both hold what is open and nothing else, so that they stay small however much was delivered.
CREATE INDEX delivery_due ON delivery (partnership_id, endpoint_id, due_at)
  WHERE state = 'pending';
CREATE INDEX delivery_order ON delivery (partnership_id, endpoint_id, incident_id, sequence)
  WHERE state = 'pending';
CREATE INDEX delivery_created ON delivery (partnership_id, created_at DESC, id DESC);
CREATE INDEX delivery_incident ON delivery (partnership_id, incident_id, created_at DESC, id DESC);

CREATE TABLE delivery_attempt (
  partnership_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number integer NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms integer NOT NULL,
  status integer,
  address text,
  error text,
  answer text CHECK (octet_length(answer) <= 2048),
  PRIMARY KEY (partnership_id, delivery_id, number),
  FOREIGN KEY (partnership_id, delivery_id) REFERENCES delivery (partnership_id, id)
);

-- Writes an event and its deliveries in the caller's transaction and returns the event's sequence.
-- The caller holds the lock of the incident's row, which is what makes the sequence its own.
-- p_recipients limits the recipients in law that are told; null is no limit. Ordinary endpoints
-- are told of every type that they asked for. Paused endpoints get theirs when they resume. The
-- event's id and sequence, and the incident's reference, version, duty and clocks as they stand at
-- the end of the change, are added to p_data.
CREATE FUNCTION event_append(
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
    SELECT (SELECT coalesce(max(e.sequence), 0) + 1
              FROM event AS e
             WHERE e.partnership_id = i.partnership_id
               AND e.incident_id = i.id),
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

  INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence)
  SELECT e.partnership_id,
         gen_random_uuid(),
         p_event_id,
         e.id,
         p_incident_id,
         next_sequence
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = tenant()
     AND p_type = ANY (e.event_types)
     AND (p_recipients IS NULL OR e.recipient IS NULL OR e.recipient = ANY (p_recipients));
  -- Only a wake-up; the dispatcher looks by itself as well.
  IF FOUND THEN
    PERFORM pg_notify('cspr_delivery', '');
  END IF;
  RETURN next_sequence;
END $$;

ALTER TABLE webhook_endpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoint FORCE ROW LEVEL SECURITY;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE event FORCE ROW LEVEL SECURITY;
ALTER TABLE delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery FORCE ROW LEVEL SECURITY;
ALTER TABLE delivery_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_attempt FORCE ROW LEVEL SECURITY;

-- A caller that may see only its own agency's incidents sees only their events. The endpoints stay
-- visible to it, because its changes are told to all of them.
CREATE POLICY own_partnership ON webhook_endpoint TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_partnership ON event TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM incident AS i
       WHERE i.partnership_id = event.partnership_id AND i.id = event.incident_id)));
CREATE POLICY own_partnership ON delivery TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM incident AS i
       WHERE i.partnership_id = delivery.partnership_id AND i.id = delivery.incident_id)));
CREATE POLICY own_partnership ON delivery_attempt TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM delivery AS d
       WHERE d.partnership_id = delivery_attempt.partnership_id
         AND d.id = delivery_attempt.delivery_id)));

-- The dispatcher serves all partnerships, on these tables and no others; the administrator's
-- commands look after endpoints.
CREATE POLICY all_partnerships ON webhook_endpoint TO cspr_dispatch, cspr_admin USING (true);
CREATE POLICY all_partnerships ON event TO cspr_dispatch USING (true);
CREATE POLICY all_partnerships ON delivery TO cspr_dispatch USING (true);
CREATE POLICY all_partnerships ON delivery_attempt TO cspr_dispatch USING (true);

-- The API never reads a secret, sealed or not.
GRANT SELECT (partnership_id, id, name, recipient, statutory, url, event_types, payload,
  previous_secret_until, state, created_at) ON webhook_endpoint TO cspr_api;
GRANT SELECT, INSERT ON event, delivery TO cspr_api;
GRANT SELECT ON delivery_attempt TO cspr_api;
GRANT SELECT ON webhook_endpoint TO cspr_dispatch;
GRANT UPDATE (state) ON webhook_endpoint TO cspr_dispatch;
GRANT SELECT (partnership_id, id, type, body, created_at) ON event TO cspr_dispatch;
GRANT SELECT ON delivery TO cspr_dispatch;
GRANT UPDATE (due_at, state, attempts, fence, delivered_at, last_status) ON delivery
  TO cspr_dispatch;
GRANT SELECT, INSERT ON delivery_attempt TO cspr_dispatch;
GRANT SELECT, INSERT, UPDATE ON webhook_endpoint TO cspr_admin;

-- An endpoint that is set late gets what was notified before.
CREATE POLICY all_partnerships ON notification TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON notification_recipient TO cspr_admin USING (true);
CREATE POLICY all_partnerships_by_admin ON event TO cspr_admin USING (true);
CREATE POLICY all_partnerships_by_admin ON delivery TO cspr_admin USING (true);
GRANT SELECT ON notification, notification_recipient, event TO cspr_admin;
GRANT SELECT, INSERT ON delivery TO cspr_admin;
