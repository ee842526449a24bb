-- Webhook endpoints as administrators make them: proposed by one key and approved by another,
-- changed in the same way, signed with Ed25519 too where they ask for it, with headers, a client
-- certificate and authorities of their own, and retired instead of deleted.

-- What is secret of an endpoint and is replaced as a whole: the values of its headers, its client
-- certificate with the key, its certificate authorities. Sealed as secrets are, never changed, and
-- never read by the role of requests; `facts` is what may be shown of it.
CREATE TABLE webhook_material (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('headers', 'client_certificate', 'ca_bundle')),
  sealed bytea NOT NULL,
  facts jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id)
);
ALTER TABLE webhook_material ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_material FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON webhook_material TO cspr_api USING (partnership_id = tenant());
CREATE POLICY all_partnerships ON webhook_material TO cspr_dispatch USING (true);
GRANT SELECT (partnership_id, id, kind, facts, created_at), INSERT ON webhook_material TO cspr_api;
GRANT SELECT ON webhook_material TO cspr_dispatch;

ALTER TABLE webhook_endpoint
  -- A subscription to nothing gets nothing.
  DROP CONSTRAINT webhook_endpoint_event_types_check,
  DROP CONSTRAINT webhook_endpoint_state_check,
  ADD CONSTRAINT webhook_endpoint_state_check
    CHECK (state IN ('proposed', 'active', 'paused', 'refused', 'retired')),
  ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  ADD COLUMN signatures text[] NOT NULL DEFAULT '{v1}'
    CHECK (signatures @> '{v1}' AND signatures <@ '{v1,v1a}'),
  -- whsk_…, sealed; public_key is its whpk_…. They are there as soon as v1a was asked for once.
  ADD COLUMN signing_key_sealed bytea,
  ADD COLUMN public_key text,
  ADD COLUMN previous_signing_key_sealed bytea,
  ADD COLUMN previous_public_key text,
  ADD COLUMN headers_id uuid,
  ADD COLUMN client_certificate_id uuid,
  ADD COLUMN ca_bundle_id uuid,
  -- Null where csprd recipients set has made it on the server.
  ADD COLUMN proposed_by_key_id uuid,
  ADD COLUMN proposed_by_agency_id uuid,
  ADD COLUMN proposed_at timestamptz,
  ADD COLUMN approved_by_key_id uuid,
  ADD COLUMN approved_by_agency_id uuid,
  ADD COLUMN approved_at timestamptz,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD FOREIGN KEY (partnership_id, headers_id) REFERENCES webhook_material (partnership_id, id),
  ADD FOREIGN KEY (partnership_id, client_certificate_id)
    REFERENCES webhook_material (partnership_id, id),
  ADD FOREIGN KEY (partnership_id, ca_bundle_id) REFERENCES webhook_material (partnership_id, id),
  ADD CHECK ((public_key IS NULL) = (signing_key_sealed IS NULL)),
  ADD CHECK ((previous_public_key IS NULL) = (previous_signing_key_sealed IS NULL)),
  ADD CHECK (NOT 'v1a' = ANY (signatures) OR public_key IS NOT NULL),
  ADD CHECK (approved_by_key_id <> proposed_by_key_id);

-- A recipient in law may have several endpoints, so that one can take the place of another without
-- a gap. The server's command looks after the one that it made.
DROP INDEX webhook_endpoint_recipient_key;
CREATE UNIQUE INDEX webhook_endpoint_recipient_key ON webhook_endpoint (partnership_id, recipient)
  WHERE recipient IS NOT NULL AND proposed_by_key_id IS NULL;
CREATE INDEX webhook_endpoint_created ON webhook_endpoint (partnership_id, created_at, id);

-- What was proposed for an endpoint that is approved already: it stands beside what is in force
-- until another key approves or refuses it. `members` are those that it changes.
CREATE TABLE webhook_endpoint_change (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'approved', 'refused', 'lapsed')),
  members text[] NOT NULL CHECK (members <@ '{url,event_types,payload,signatures,header_names,
    client_certificate,ca_bundle}'),
  url text CHECK (octet_length(url) <= 2000),
  event_types text[],
  payload text CHECK (payload IN ('thin', 'summary')),
  signatures text[] CHECK (signatures @> '{v1}' AND signatures <@ '{v1,v1a}'),
  headers_id uuid,
  client_certificate_id uuid,
  ca_bundle_id uuid,
  proposed_by_key_id uuid NOT NULL,
  proposed_by_agency_id uuid NOT NULL,
  proposed_at timestamptz NOT NULL DEFAULT now(),
  decided_by_key_id uuid,
  decided_by_agency_id uuid,
  decided_at timestamptz,
  reason text,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, endpoint_id) REFERENCES webhook_endpoint (partnership_id, id),
  FOREIGN KEY (partnership_id, headers_id) REFERENCES webhook_material (partnership_id, id),
  FOREIGN KEY (partnership_id, client_certificate_id)
    REFERENCES webhook_material (partnership_id, id),
  FOREIGN KEY (partnership_id, ca_bundle_id) REFERENCES webhook_material (partnership_id, id),
  CHECK ((state = 'open') = (decided_at IS NULL)),
  CHECK (state <> 'approved' OR decided_by_key_id <> proposed_by_key_id)
);
CREATE UNIQUE INDEX webhook_endpoint_change_open
  ON webhook_endpoint_change (partnership_id, endpoint_id) WHERE state = 'open';
ALTER TABLE webhook_endpoint_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoint_change FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON webhook_endpoint_change TO cspr_api
  USING (partnership_id = tenant());
GRANT SELECT, INSERT, UPDATE ON webhook_endpoint_change TO cspr_api;
CREATE TRIGGER webhook_endpoint_change_record_change
  AFTER INSERT OR UPDATE ON webhook_endpoint_change
  FOR EACH ROW EXECUTE FUNCTION record_change('endpoint_id');

-- The history of an endpoint, without what is sealed: who reads it may read no secret.
CREATE FUNCTION record_endpoint_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  sealed CONSTANT text[] := ARRAY['secret_sealed', 'previous_secret_sealed', 'signing_key_sealed',
    'previous_signing_key_sealed'];
  after jsonb := to_jsonb(NEW) - sealed;
  before jsonb;
  difference jsonb;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    before := to_jsonb(OLD) - sealed;
    SELECT jsonb_agg(jsonb_build_object('field', n.key, 'from', before -> n.key, 'to', n.value)
             ORDER BY n.key)
      INTO difference
      FROM jsonb_each(after) AS n
     WHERE n.value IS DISTINCT FROM before -> n.key
       AND n.key NOT IN ('version', 'updated_at');
    IF difference IS NULL THEN
      RETURN NULL;
    END IF;
  END IF;
  INSERT INTO change (partnership_id, subject_id, resource, resource_id, version, key_id,
    agency_id, snapshot, changes)
  VALUES (NEW.partnership_id, NEW.id, TG_TABLE_NAME, NEW.id, NEW.version, caller_key(),
    caller_agency(), CASE WHEN TG_OP = 'INSERT' THEN jsonb_strip_nulls(after) END, difference);
  RETURN NULL;
END $$;

-- Whoever changes it without the API - the dispatcher, the server's command - names no version.
CREATE FUNCTION webhook_endpoint_stamp() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  IF caller_key() IS NULL AND NEW IS DISTINCT FROM OLD THEN
    NEW.version := OLD.version + 1;
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER webhook_endpoint_stamp
  BEFORE UPDATE ON webhook_endpoint
  FOR EACH ROW EXECUTE FUNCTION webhook_endpoint_stamp();
CREATE TRIGGER webhook_endpoint_record_change
  AFTER INSERT OR UPDATE ON webhook_endpoint
  FOR EACH ROW EXECUTE FUNCTION record_endpoint_change();

-- Secrets are written and never read.
GRANT SELECT (version, signatures, public_key, previous_public_key, headers_id,
  client_certificate_id, ca_bundle_id, proposed_by_key_id, proposed_by_agency_id, proposed_at,
  approved_by_key_id, approved_by_agency_id, approved_at, updated_at) ON webhook_endpoint
  TO cspr_api;
GRANT INSERT ON webhook_endpoint TO cspr_api;
GRANT UPDATE (version, state, name, url, event_types, payload, signatures, signing_key_sealed,
  public_key, headers_id, client_certificate_id, ca_bundle_id, proposed_by_key_id,
  proposed_by_agency_id, proposed_at, approved_by_key_id, approved_by_agency_id, approved_at,
  updated_at) ON webhook_endpoint TO cspr_api;

-- A new secret, and a new signing key where there is one; what they were signs too until the grace
-- is over. It runs as cspr_admin, because the old secret is read to be kept.
CREATE FUNCTION webhook_endpoint_rotate(
  p_endpoint_id uuid, p_secret_sealed bytea, p_signing_key_sealed bytea, p_public_key text,
  p_grace interval
) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  UPDATE webhook_endpoint AS e
     SET secret_sealed = p_secret_sealed,
         previous_secret_sealed = CASE WHEN p_grace > '0' THEN e.secret_sealed END,
         previous_secret_until = CASE WHEN p_grace > '0' THEN now() + p_grace END,
         signing_key_sealed = CASE WHEN e.public_key IS NOT NULL THEN p_signing_key_sealed END,
         public_key = CASE WHEN e.public_key IS NOT NULL THEN p_public_key END,
         previous_signing_key_sealed = CASE WHEN p_grace > '0' THEN e.signing_key_sealed END,
         previous_public_key = CASE WHEN p_grace > '0' THEN e.public_key END
   WHERE e.partnership_id = tenant()
     AND e.id = p_endpoint_id
$$;

-- ---- Events and deliveries ----

ALTER TABLE event
  DROP CONSTRAINT event_type_check,
  -- A ping belongs to no resource.
  ADD CONSTRAINT event_type_check CHECK (type ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$' OR type = 'ping'),
  -- The same event with facts of the case, byte for byte, where an endpoint wants that.
  ADD COLUMN summary text CHECK (octet_length(summary) < 20480);
ALTER TABLE delivery
  DROP CONSTRAINT delivery_state_check,
  ADD CONSTRAINT delivery_state_check
    CHECK (state IN ('pending', 'delivered', 'failed', 'cancelled')),
  -- Which text of the event it carries, on every attempt.
  ADD COLUMN payload text NOT NULL DEFAULT 'thin' CHECK (payload IN ('thin', 'summary')),
  ADD COLUMN cancelled_because text,
  ADD CHECK ((state = 'cancelled') = (cancelled_because IS NOT NULL));
GRANT SELECT (summary) ON event TO cspr_dispatch;
-- By webhook_endpoint_moved() only: the role of requests changes no delivery by itself.
GRANT UPDATE (state, due_at, cancelled_because) ON delivery TO cspr_admin;
CREATE POLICY all_partnerships ON webhook_endpoint_change TO cspr_admin USING (true);
GRANT SELECT, UPDATE ON webhook_endpoint_change TO cspr_admin;

-- Coded facts of the incident beside what the event says: nothing in anybody's own words, and
-- nothing that names a place or a person (data class P2). Under 20 kB, because children are counted.
CREATE FUNCTION event_summarise(p_event_id uuid, p_incident_id uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  UPDATE event AS v
     SET summary = jsonb_set(v.body::jsonb, '{data,summary}', jsonb_build_object(
           'nature', i.nature,
           'abuse_neglect_status', i.abuse_neglect_status,
           'harm_types', coalesce(to_jsonb(i.harm_types), '[]'),
           'notifying_basis', i.notifying_basis,
           'location_type', i.location_type,
           'child_count', (
             SELECT count(*)
               FROM child AS c
              WHERE c.partnership_id = i.partnership_id
                AND c.incident_id = i.id),
           'children', (
             SELECT coalesce(jsonb_agg(jsonb_build_object(
                      'role', c.role,
                      'nature', c.nature,
                      'age_band', age_band(c.unborn, c.age_years, c.age_days))
                      ORDER BY c.position), '[]')
               FROM child AS c
              WHERE c.partnership_id = i.partnership_id
                AND c.incident_id = i.id
                AND c.position <= 40)))::text
    FROM incident AS i
   WHERE v.partnership_id = tenant()
     AND v.id = p_event_id
     AND i.partnership_id = v.partnership_id
     AND i.id = p_incident_id
$$;
CREATE POLICY all_partnerships ON child TO cspr_admin USING (true);
GRANT SELECT (nature, abuse_neglect_status, harm_types, notifying_basis, location_type) ON incident
  TO cspr_admin;
GRANT SELECT (partnership_id, incident_id, position, role, nature, unborn, age_years, age_days)
  ON child TO cspr_admin;
GRANT UPDATE (summary) ON event TO cspr_admin;

-- As before (0005), but nobody is told who was not approved, is refused or retired, and a second
-- text is made where an endpoint wants facts of the case.
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

-- What follows when an endpoint has come to another state. A refused or retired one gets nothing
-- more. A recipient in law is told all the same: what was still open goes to the endpoints that it
-- has left, and an approved one gets what was notified while the recipient had none.
CREATE FUNCTION webhook_endpoint_moved(p_endpoint_id uuid, p_because text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  endpoint record;
BEGIN
  SELECT e.partnership_id, e.id, e.state, e.recipient
    INTO STRICT endpoint
    FROM webhook_endpoint AS e
   WHERE e.partnership_id = tenant()
     AND e.id = p_endpoint_id;
  IF endpoint.state IN ('refused', 'retired') THEN
    INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence)
    SELECT d.partnership_id, gen_random_uuid(), d.event_id, o.id, d.incident_id, d.sequence
      FROM delivery AS d
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

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION record_endpoint_change() OWNER TO cspr_admin;
ALTER FUNCTION webhook_endpoint_rotate(uuid, bytea, bytea, text, interval) OWNER TO cspr_admin;
ALTER FUNCTION event_summarise(uuid, uuid) OWNER TO cspr_admin;
ALTER FUNCTION webhook_endpoint_moved(uuid, text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION webhook_endpoint_rotate(uuid, bytea, bytea, text, interval) FROM PUBLIC;
REVOKE ALL ON FUNCTION event_summarise(uuid, uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION webhook_endpoint_moved(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_endpoint_rotate(uuid, bytea, bytea, text, interval) TO cspr_api;
GRANT EXECUTE ON FUNCTION event_summarise(uuid, uuid) TO cspr_api;
GRANT EXECUTE ON FUNCTION webhook_endpoint_moved(uuid, text) TO cspr_api;
