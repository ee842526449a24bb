-- Partnerships, their agencies and API keys; who is calling; the audit chain; kept answers.
--
-- Every table of a partnership starts its keys with partnership_id, because unique and foreign
-- keys bypass row-level security, and so that the database can be spread by that column later.

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['cspr_api', 'cspr_dispatch', 'cspr_admin'] LOOP
    -- db/roles.sql has made them, so that the owner of the schema need not be able to.
    CONTINUE WHEN EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = wanted);
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
    EXCEPTION
      -- Roles belong to the cluster: another database of it may have made them, even just now.
      WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO cspr_api, cspr_dispatch, cspr_admin;

-- The settings of a request are local to its transaction. After it they read as the empty string
-- and not as null, which is what nullif is for.
CREATE FUNCTION tenant() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.partnership_id', true), '')::uuid $$;

CREATE FUNCTION own_agency() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.own_agency_id', true), '')::uuid $$;

CREATE FUNCTION caller_key() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.key_id', true), '')::uuid $$;

CREATE FUNCTION caller_agency() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.agency_id', true), '')::uuid $$;

-- RFC 3339 in UTC with Z, as every response gives instants. STABLE, because to_char() is: declared
-- IMMUTABLE it would not be inlined, and be parsed anew in every statement (a third of a read).
CREATE FUNCTION instant_text(at timestamptz) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

-- A change that met another number of rows than one was made on a version that is gone.
CREATE FUNCTION require_one(changed bigint) RETURNS bigint
  LANGUAGE plpgsql IMMUTABLE
  AS $$
BEGIN
  IF changed <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'CS412', MESSAGE = 'The resource has changed since it was read.';
  END IF;
  RETURN changed;
END $$;

CREATE TABLE partnership (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL,
  area_code text,
  rulebook_version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE agency (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  slug text NOT NULL CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text NOT NULL,
  kind text NOT NULL,
  statutory_partner boolean NOT NULL DEFAULT false,
  valid_from date,
  valid_to date,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT agency_slug_key UNIQUE (partnership_id, slug)
);

-- A key is shown once; what is kept is its HMAC under the pepper, in hexadecimal.
CREATE TABLE api_key (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  agency_id uuid NOT NULL,
  label text NOT NULL,
  key_hash text NOT NULL CHECK (key_hash ~ '^[0-9a-f]{64}$'),
  scopes text[] NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, agency_id) REFERENCES agency (partnership_id, id),
  CONSTRAINT api_key_hash_key UNIQUE (key_hash)
);

-- The answer of each keyed request, kept in the transaction of its effect.
CREATE TABLE idempotency (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  key_id uuid NOT NULL,
  operation text NOT NULL,
  key text NOT NULL,
  body_sha256 text NOT NULL,
  status integer,
  body text,
  location text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT idempotency_pkey PRIMARY KEY (partnership_id, key_id, operation, key)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);

-- The audit chain: each entry's hash covers the entry and the hash before it. One chain for each
-- partnership, because one for all would make every commit wait for every other.
CREATE TABLE audit_head (
  partnership_id uuid PRIMARY KEY REFERENCES partnership (id),
  sequence bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000'
);

CREATE TABLE audit_entry (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  sequence bigint NOT NULL,
  at timestamptz NOT NULL,
  key_id uuid,
  agency_id uuid,
  action text NOT NULL,
  resource text NOT NULL,
  resource_id text,
  outcome text NOT NULL,
  code text,
  request_id text,
  body_sha256 text,
  hash bytea NOT NULL,
  PRIMARY KEY (partnership_id, sequence)
);

-- What the hash of an entry covers, in one unambiguous form; audit_append() and the verification
-- both use it.
CREATE FUNCTION audit_material(
  p_previous bytea, p_partnership_id uuid, p_sequence bigint, p_at timestamptz, p_key_id uuid,
  p_agency_id uuid, p_action text, p_resource text, p_resource_id text, p_outcome text,
  p_code text, p_request_id text, p_body_sha256 text
) RETURNS bytea
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT sha256(p_previous || convert_to(jsonb_build_array(
    p_partnership_id, p_sequence, extract(epoch FROM p_at)::text, p_key_id, p_agency_id, p_action,
    p_resource, p_resource_id, p_outcome, p_code, p_request_id, p_body_sha256)::text, 'UTF8'))
$$;

-- Appends to the caller's chain, in the caller's transaction. It comes last, because the row of
-- the head is locked from here to the commit. It runs as cspr_admin: the role of requests can
-- append by this function and in no other way.
CREATE FUNCTION audit_append(
  p_action text, p_resource text, p_resource_id text, p_outcome text, p_code text,
  p_body_sha256 text
) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  next_sequence bigint;
  next_hash bytea;
  written_at timestamptz := clock_timestamp();
BEGIN
  UPDATE audit_head AS h
     SET sequence = h.sequence + 1,
         hash = audit_material(h.hash, h.partnership_id, h.sequence + 1, written_at, caller_key(),
           caller_agency(), p_action, p_resource, p_resource_id, p_outcome, p_code,
           nullif(current_setting('app.request_id', true), ''), p_body_sha256)
   WHERE h.partnership_id = tenant()
  RETURNING h.sequence, h.hash INTO STRICT next_sequence, next_hash;
  INSERT INTO audit_entry (partnership_id, sequence, at, key_id, agency_id, action, resource,
    resource_id, outcome, code, request_id, body_sha256, hash)
  VALUES (tenant(), next_sequence, written_at, caller_key(), caller_agency(), p_action, p_resource,
    p_resource_id, p_outcome, p_code, nullif(current_setting('app.request_id', true), ''),
    p_body_sha256, next_hash);
  RETURN next_sequence;
END $$;

-- The history of every change: a snapshot of what was created, and what each update changed.
CREATE TABLE change (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id bigint GENERATED ALWAYS AS IDENTITY,
  incident_id uuid NOT NULL,
  resource text NOT NULL,
  resource_id uuid NOT NULL,
  version integer NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  key_id uuid,
  agency_id uuid,
  snapshot jsonb,
  changes jsonb,
  PRIMARY KEY (partnership_id, incident_id, id)
);

CREATE FUNCTION record_change() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  after jsonb := to_jsonb(NEW);
  before jsonb;
  -- A row of a table without incident_id is the incident itself.
  incident uuid := coalesce(after ->> 'incident_id', after ->> 'id')::uuid;
  difference jsonb;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO change (partnership_id, incident_id, resource, resource_id, version, key_id,
      agency_id, snapshot)
    VALUES (NEW.partnership_id, incident, TG_TABLE_NAME, NEW.id, NEW.version, caller_key(),
      caller_agency(), jsonb_strip_nulls(after));
    RETURN NULL;
  END IF;

  before := to_jsonb(OLD);
  SELECT jsonb_agg(jsonb_build_object('field', n.key, 'from', before -> n.key, 'to', n.value)
           ORDER BY n.key)
    INTO difference
    FROM jsonb_each(after) AS n
   WHERE n.value IS DISTINCT FROM before -> n.key
     AND n.key NOT IN ('version', 'updated_at');
  IF difference IS NOT NULL THEN
    INSERT INTO change (partnership_id, incident_id, resource, resource_id, version, key_id,
      agency_id, changes)
    VALUES (NEW.partnership_id, incident, TG_TABLE_NAME, NEW.id, NEW.version, caller_key(),
      caller_agency(), difference);
  END IF;
  RETURN NULL;
END $$;

ALTER TABLE partnership ENABLE ROW LEVEL SECURITY;
ALTER TABLE partnership FORCE ROW LEVEL SECURITY;
ALTER TABLE agency ENABLE ROW LEVEL SECURITY;
ALTER TABLE agency FORCE ROW LEVEL SECURITY;
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_head FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
ALTER TABLE change ENABLE ROW LEVEL SECURITY;
ALTER TABLE change FORCE ROW LEVEL SECURITY;

CREATE POLICY own_partnership ON partnership TO cspr_api USING (id = tenant());
CREATE POLICY own_partnership ON agency TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_partnership ON api_key TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_keys ON idempotency TO cspr_api
  USING (partnership_id = tenant() AND key_id = caller_key());
CREATE POLICY own_partnership ON audit_entry TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_partnership ON change TO cspr_api USING (partnership_id = tenant());

-- The administrator's commands on the server (csprd keys, csprd audit …) serve all partnerships.
CREATE POLICY all_partnerships ON partnership TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON agency TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON api_key TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON idempotency TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON audit_head TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON audit_entry TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON change TO cspr_admin USING (true);

-- authenticate() runs as cspr_admin, because the tenant is what it has to find out.
GRANT SELECT ON partnership TO cspr_api;
GRANT SELECT ON agency TO cspr_api;
GRANT SELECT, INSERT, UPDATE ON idempotency TO cspr_api;
GRANT SELECT ON audit_entry, change TO cspr_api;
GRANT SELECT, INSERT, UPDATE ON partnership, agency, api_key, audit_head TO cspr_admin;
GRANT SELECT, INSERT ON audit_entry TO cspr_admin;
GRANT INSERT ON change TO cspr_admin;
GRANT SELECT (created_at), DELETE ON idempotency TO cspr_admin;

-- Who calls: finds the key by its HMAC, checks that it is alive and has one of the scopes, and
-- sets the transaction's tenant. Who has only "_own" scopes of them sees what its agency brought
-- in; p_whole_scopes are the others. p_rulebook is the version that the program worked with, or
-- null. One query, because each of PL/pgSQL's queries costs as much as finding the key.
CREATE FUNCTION authenticate(
  p_key_hash text, p_scopes text[], p_whole_scopes text[], p_rulebook bigint, p_request_id text,
  OUT key_id uuid, OUT partnership_id uuid, OUT agency_id uuid, OUT rulebook_version bigint
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
         k.scopes && p_scopes,
         concat(
           set_config('app.partnership_id', k.partnership_id::text, true),
           set_config('app.agency_id', k.agency_id::text, true),
           set_config('app.key_id', k.id::text, true),
           set_config('app.request_id', p_request_id, true),
           set_config('app.own_agency_id',
             CASE WHEN k.scopes && p_whole_scopes THEN '' ELSE k.agency_id::text END, true))
    INTO key_id, partnership_id, agency_id, rulebook_version, allowed, settings
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

-- A refused caller is recorded too; this finds whose chain it belongs to, without a scope.
CREATE FUNCTION identify(p_key_hash text, p_request_id text) RETURNS uuid
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  caller record;
BEGIN
  SELECT k.id, k.partnership_id, k.agency_id
    INTO caller
    FROM api_key AS k
   WHERE k.key_hash = p_key_hash
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'CS401', MESSAGE = 'The API key is unknown, expired or revoked.';
  END IF;
  PERFORM set_config('app.partnership_id', caller.partnership_id::text, true),
          set_config('app.agency_id', caller.agency_id::text, true),
          set_config('app.key_id', caller.id::text, true),
          set_config('app.own_agency_id', '', true),
          set_config('app.request_id', p_request_id, true);
  RETURN caller.id;
END $$;

-- An owner who is not a superuser may give a function only to a role it belongs to, and that role
-- must be able to create in the schema at that moment.
DO $$
BEGIN
  IF NOT pg_has_role(current_user, 'cspr_admin', 'MEMBER') THEN
    EXECUTE format('GRANT cspr_admin TO %I', current_user);
  END IF;
END $$;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION authenticate(text, text[], text[], bigint, text) OWNER TO cspr_admin;
ALTER FUNCTION identify(text, text) OWNER TO cspr_admin;
ALTER FUNCTION audit_append(text, text, text, text, text, text) OWNER TO cspr_admin;
ALTER FUNCTION record_change() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION authenticate(text, text[], text[], bigint, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION identify(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate(text, text[], text[], bigint, text) TO cspr_api;
GRANT EXECUTE ON FUNCTION identify(text, text) TO cspr_api;

-- Claims a key for this transaction. CS002: the same request runs elsewhere at this moment.
-- CS001: it has been answered within 30 days; the caller reads the kept answer. The advisory lock is what makes
-- the second of two simultaneous requests answer at once rather than wait.
CREATE FUNCTION idempotency_claim(p_operation text, p_key text, p_body_sha256 text) RETURNS boolean
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF NOT pg_try_advisory_xact_lock(
    hashtextextended(concat_ws(' ', tenant(), caller_key(), p_operation, p_key), 0)) THEN
    RAISE EXCEPTION USING ERRCODE = 'CS002', MESSAGE = 'A request with this key is still running.';
  END IF;
  INSERT INTO idempotency (partnership_id, key_id, operation, key, body_sha256)
  VALUES (tenant(), caller_key(), p_operation, p_key, p_body_sha256)
  ON CONFLICT ON CONSTRAINT idempotency_pkey DO UPDATE
     SET body_sha256 = excluded.body_sha256,
         status = NULL,
         body = NULL,
         location = NULL,
         created_at = now()
   WHERE idempotency.created_at < now() - interval '30 days';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'CS001', MESSAGE = 'The request has been answered before.';
  END IF;
  RETURN true;
END $$;
