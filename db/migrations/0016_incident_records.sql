-- What stands beside an incident: other processes about the same events, what was disclosed of it, and
-- who may not see it because of a conflict of interest.

CREATE TABLE linked_process (
  partnership_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  type text NOT NULL,
  reference text NOT NULL CHECK (reference <> ''),
  body text,
  note text,
  created_by_agency_id uuid NOT NULL, -- the incident's, for the policy below
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, incident_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CONSTRAINT linked_process_once UNIQUE (partnership_id, incident_id, type, reference)
);

CREATE TABLE disclosure (
  partnership_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  kind text NOT NULL,
  requested_by text NOT NULL CHECK (requested_by <> ''),
  decided_on date NOT NULL,
  outcome text NOT NULL,
  note text,
  created_by_key_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, incident_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id)
);

CREATE TABLE restriction (
  partnership_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  agency_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  active_from date NOT NULL,
  active_until date,
  created_by_key_id uuid,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, incident_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CONSTRAINT restriction_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id)
);
CREATE INDEX restriction_of_agency ON restriction (partnership_id, agency_id);

CREATE TRIGGER linked_process_record_change
  AFTER INSERT OR UPDATE ON linked_process
  FOR EACH ROW EXECUTE FUNCTION record_change('incident_id');
CREATE TRIGGER disclosure_record_change
  AFTER INSERT OR UPDATE ON disclosure
  FOR EACH ROW EXECUTE FUNCTION record_change('incident_id');
CREATE TRIGGER restriction_record_change
  AFTER INSERT OR UPDATE ON restriction
  FOR EACH ROW EXECUTE FUNCTION record_change('incident_id');

ALTER TABLE linked_process ENABLE ROW LEVEL SECURITY;
ALTER TABLE linked_process FORCE ROW LEVEL SECURITY;
ALTER TABLE disclosure ENABLE ROW LEVEL SECURITY;
ALTER TABLE disclosure FORCE ROW LEVEL SECURITY;
ALTER TABLE restriction ENABLE ROW LEVEL SECURITY;
ALTER TABLE restriction FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON linked_process TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));
CREATE POLICY own_partnership ON disclosure TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON restriction TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY all_partnerships ON restriction TO cspr_admin USING (true);
GRANT SELECT, INSERT ON linked_process, disclosure TO cspr_api;
GRANT SELECT, INSERT, UPDATE ON restriction TO cspr_api;
GRANT SELECT ON restriction TO cspr_admin;

-- Whether the incident is open to the caller's agency. authenticate() has looked once for what is
-- not, because a look for each row, or a column that every writer keeps, would cost every reader.
CREATE FUNCTION is_open_to_caller(p_incident_id uuid) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE (p_incident_id <> ALL (current_setting('app.hidden_incidents')::uuid[]))
                  IS NOT FALSE
         END
$$;

CREATE POLICY not_restricted ON incident AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(id));
CREATE POLICY not_restricted ON child AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON clock AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON notification AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON event AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON delivery AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON referral AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON referral_decision AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON rapid_review AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON review_incident AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON linked_process AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON disclosure AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
CREATE POLICY not_restricted ON restriction AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));

-- A review tells of each of its incidents. As cspr_admin, who sees the links that the caller does not.
CREATE FUNCTION review_is_open_to_caller(p_review_id uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT NOT EXISTS (
    SELECT
      FROM review_incident AS l
     WHERE l.partnership_id = tenant()
       AND l.review_id = p_review_id
       AND l.removed_at IS NULL
       AND NOT is_open_to_caller(l.incident_id))
$$;
CREATE POLICY all_partnerships ON review_incident TO cspr_admin USING (true);
GRANT SELECT ON review_incident TO cspr_admin;
CREATE POLICY not_restricted ON review AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE review_is_open_to_caller(id)
         END);

-- As before, and finds what the caller's agency may not see on this day in London; and tells the
-- caller's scopes, because some steps take more than their operation does.
DROP FUNCTION authenticate(text, text[], text[], bigint, text);
CREATE FUNCTION authenticate(
  p_key_hash text, p_scopes text[], p_whole_scopes text[], p_rulebook bigint, p_request_id text,
  OUT key_id uuid, OUT partnership_id uuid, OUT agency_id uuid, OUT rulebook_version bigint,
  OUT scopes text[]
)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  allowed boolean;
  settings text;
BEGIN
  SELECT k.id,
         k.partnership_id,
         k.agency_id,
         p.rulebook_version,
         k.scopes,
         k.scopes && p_scopes,
         concat(
           set_config('app.partnership_id', k.partnership_id::text, true),
           set_config('app.agency_id', k.agency_id::text, true),
           set_config('app.key_id', k.id::text, true),
           set_config('app.request_id', p_request_id, true),
           set_config('app.own_agency_id',
             CASE WHEN k.scopes && p_whole_scopes THEN '' ELSE k.agency_id::text END, true),
           set_config('app.hidden_incidents', coalesce((
             SELECT array_agg(r.incident_id)::text
               FROM restriction AS r
              WHERE r.partnership_id = k.partnership_id
                AND r.agency_id = k.agency_id
                AND r.active_from <= (now() AT TIME ZONE 'Europe/London')::date
                AND (r.active_until IS NULL
                  OR r.active_until >= (now() AT TIME ZONE 'Europe/London')::date)), ''), true))
    INTO key_id, partnership_id, agency_id, rulebook_version, scopes, allowed, settings
    FROM api_key AS k
    JOIN partnership AS p ON p.id = k.partnership_id
   WHERE k.key_hash = p_key_hash
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
  IF key_id IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'CS401', MESSAGE = 'The API key is unknown, expired or revoked.';
  END IF;
  IF NOT allowed THEN
    RAISE EXCEPTION USING ERRCODE = 'CS403',
      MESSAGE = format('The API key needs the scope %s.', array_to_string(p_scopes, ' or '));
  END IF;
  IF p_rulebook <> rulebook_version THEN
    RAISE EXCEPTION USING ERRCODE = 'CS900', MESSAGE = 'The rules have changed meanwhile.';
  END IF;
END $$;

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION authenticate(text, text[], text[], bigint, text) OWNER TO cspr_admin;
ALTER FUNCTION review_is_open_to_caller(uuid) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION review_is_open_to_caller(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review_is_open_to_caller(uuid) TO cspr_api;
REVOKE ALL ON FUNCTION authenticate(text, text[], text[], bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate(text, text[], text[], bigint, text) TO cspr_api;
