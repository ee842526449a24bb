-- Calendar feeds: an address with a secret in it, by which a calendar program that knows no API key
-- reads deadlines. A feed sees what the key that made it may see, and nothing once that key has
-- ended.

CREATE TABLE calendar_feed (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  label text NOT NULL,
  kinds text[],
  agency_id uuid,
  owner text,
  -- As of an API key: the HMAC of the secret under the pepper, in hexadecimal.
  secret_hash text NOT NULL CHECK (secret_hash ~ '^[0-9a-f]{64}$'),
  key_id uuid NOT NULL,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, key_id) REFERENCES api_key (partnership_id, id),
  FOREIGN KEY (partnership_id, created_by_agency_id) REFERENCES agency (partnership_id, id),
  CONSTRAINT calendar_feed_agency
    FOREIGN KEY (partnership_id, agency_id) REFERENCES agency (partnership_id, id)
);
-- Who brings a secret does not say whose it is. Not unique, because unique keys see past the walls;
-- 256 random bits do not meet.
CREATE INDEX calendar_feed_secret ON calendar_feed (secret_hash);
CREATE INDEX calendar_feed_created ON calendar_feed (partnership_id, created_at, id);

ALTER TABLE calendar_feed ENABLE ROW LEVEL SECURITY;
ALTER TABLE calendar_feed FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON calendar_feed TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));
CREATE POLICY all_partnerships ON calendar_feed TO cspr_admin USING (true);
-- The hash is written and never read back, except by the function below.
GRANT SELECT (partnership_id, id, version, label, kinds, agency_id, owner, key_id,
  created_by_agency_id, created_at, revoked_at) ON calendar_feed TO cspr_api;
GRANT INSERT, UPDATE (version, revoked_at) ON calendar_feed TO cspr_api;
GRANT SELECT ON calendar_feed TO cspr_admin;

-- The feed that the transaction reads for.
CREATE FUNCTION open_feed() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.feed_id', true), '')::uuid $$;

-- Finds a feed by its secret's HMAC and lets its key call: authenticate() sets the transaction up
-- as for a request of that key, so that the same walls stand. p_scopes and p_whole_scopes are those
-- of listing deadlines. Nulls, and no tenant, when there is no such feed or its key may not any more.
CREATE FUNCTION calendar_feed_open(
  p_secret_hash text, p_scopes text[], p_whole_scopes text[], p_request_id text,
  OUT key_id uuid, OUT label text
)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  feed record;
BEGIN
  SELECT f.id, f.label, f.key_id, k.key_hash
    INTO feed
    FROM calendar_feed AS f
    JOIN api_key AS k ON k.partnership_id = f.partnership_id AND k.id = f.key_id
   WHERE f.secret_hash = p_secret_hash
     AND f.revoked_at IS NULL;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM authenticate(feed.key_hash, p_scopes, p_whole_scopes, NULL, p_request_id);
  PERFORM set_config('app.feed_id', feed.id::text, true);
  key_id := feed.key_id;
  label := feed.label;
EXCEPTION
  -- What was set until then is taken back with the block.
  WHEN SQLSTATE 'CS401' OR SQLSTATE 'CS403' THEN
    RETURN;
END $$;

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION calendar_feed_open(text, text[], text[], text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION calendar_feed_open(text, text[], text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calendar_feed_open(text, text[], text[], text) TO cspr_api;
