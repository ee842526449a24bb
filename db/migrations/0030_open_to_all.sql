-- Who sees the whole of a partnership is let through first. A policy is set up anew for each table of
-- each statement, whether a row comes to it or not, and that set-up was half the cost of reading an
-- incident: authenticate() says once whether the caller is limited at all, and what the limits are
-- stands behind a function that is looked at only then. Where the setting is missing, the limits hold.

CREATE FUNCTION sees_all() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT current_setting('app.sees_all', true) = 'true' $$;

-- What an agency brought in, of an incident that is open to it. PL/pgSQL here and below, because the
-- planner would put SQL into the policy, which is the set-up that this is to spare.
CREATE FUNCTION own_is_open(p_created_by_agency_id uuid, p_incident_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN (own_agency() IS NULL OR p_created_by_agency_id = own_agency())
    AND is_open_to_caller(p_incident_id);
END $$;

CREATE FUNCTION clock_is_open(
  p_created_by_agency_id uuid, p_agency_id uuid, p_incident_id uuid
) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN (own_agency() IS NULL OR p_created_by_agency_id = own_agency()
      OR p_agency_id = own_agency())
    AND is_open_to_caller(p_incident_id);
END $$;

-- The clocks of an action, a review or a rapid review are as open as it is.
CREATE FUNCTION clock_subject_is_open(p_subject text, p_subject_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  IF coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN
    RETURN true;
  END IF;
  RETURN CASE p_subject
           WHEN 'action' THEN action_is_open_to_caller(p_subject_id)
           WHEN 'review' THEN review_is_open_to_caller(p_subject_id)
           WHEN 'rapid_review' THEN rapid_review_is_open_to_caller(p_subject_id)
           ELSE true
         END;
END $$;

-- A notification is as open as its incident.
CREATE FUNCTION notification_is_open(p_incident_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  IF own_agency() IS NULL THEN
    RETURN is_open_to_caller(p_incident_id);
  END IF;
  RETURN is_open_to_caller(p_incident_id) AND EXISTS (
    SELECT
      FROM public.incident AS i
     WHERE i.partnership_id = tenant()
       AND i.id = p_incident_id);
END $$;

-- An agency takes part in the rapid reviews that it brought in, and in those that ask it.
CREATE FUNCTION rapid_review_is_open(
  p_rapid_review_id uuid, p_created_by_agency_id uuid, p_incident_id uuid
) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  IF own_agency() IS NULL OR p_created_by_agency_id = own_agency() THEN
    RETURN is_open_to_caller(p_incident_id);
  END IF;
  RETURN is_open_to_caller(p_incident_id) AND EXISTS (
    SELECT
      FROM public.scoping_return AS s
     WHERE s.partnership_id = tenant()
       AND s.rapid_review_id = p_rapid_review_id
       AND s.agency_id = own_agency());
END $$;

CREATE FUNCTION review_is_open(p_review_id uuid, p_asked_agency_ids uuid[]) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  IF own_agency() IS NOT NULL AND (p_asked_agency_ids && own_agencies()) IS NOT TRUE THEN
    RETURN false;
  END IF;
  RETURN CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE review_is_open_to_caller(p_review_id)
         END;
END $$;

-- What is for the partnership alone, and for no single agency.
CREATE FUNCTION shared_is_open(p_incident_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN own_agency() IS NULL AND is_open_to_caller(p_incident_id);
END $$;

DROP POLICY not_restricted ON incident;
DROP POLICY not_restricted ON child;
DROP POLICY not_restricted ON clock;
DROP POLICY action_not_restricted ON clock;
DROP POLICY review_not_restricted ON clock;
DROP POLICY not_restricted ON notification;
DROP POLICY not_restricted ON rapid_review;
DROP POLICY not_restricted ON review;
DROP POLICY not_restricted ON review_incident;

ALTER POLICY own_partnership ON incident USING (partnership_id = tenant());
ALTER POLICY own_partnership ON child USING (partnership_id = tenant());
ALTER POLICY own_partnership ON clock USING (partnership_id = tenant());
ALTER POLICY own_partnership ON notification USING (partnership_id = tenant());
ALTER POLICY own_partnership ON rapid_review USING (partnership_id = tenant());
ALTER POLICY own_partnership ON review USING (partnership_id = tenant());
ALTER POLICY own_partnership ON review_incident USING (partnership_id = tenant());

CREATE POLICY not_limited ON incident AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE own_is_open(created_by_agency_id, id) END);
CREATE POLICY not_limited ON child AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE own_is_open(created_by_agency_id, incident_id) END);
CREATE POLICY not_limited ON clock AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN sees_all() THEN true
           ELSE clock_is_open(created_by_agency_id, agency_id, incident_id)
         END);
-- For reading alone, because an action is written in one statement with its clock.
CREATE POLICY subject_not_limited ON clock AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE clock_subject_is_open(subject, subject_id) END);
CREATE POLICY not_limited ON notification AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE notification_is_open(incident_id) END);
CREATE POLICY not_limited ON rapid_review AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN sees_all() THEN true
           ELSE rapid_review_is_open(id, created_by_agency_id, incident_id)
         END);
CREATE POLICY not_limited ON review AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE review_is_open(id, asked_agency_ids) END);
CREATE POLICY not_limited ON review_incident AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE shared_is_open(incident_id) END);

-- As before, and says whether the caller sees all of the partnership. What it returns is one text,
-- `key_id {scope,...}`, because a row would cost as much as the rest of the call.
DROP FUNCTION authenticate(text, text[], text[], bigint, text);
CREATE FUNCTION authenticate(
  p_key_hash text, p_scopes text[], p_whole_scopes text[], p_rulebook bigint, p_request_id text
) RETURNS text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  key_id uuid;
  partnership_id uuid;
  agency_id uuid;
  scopes text[];
  allowed boolean;
  whole boolean;
  hidden text;
  unlimited boolean;
  settings text;
BEGIN
  SELECT k.id,
         k.partnership_id,
         k.agency_id,
         k.scopes,
         k.scopes && p_scopes,
         k.scopes && p_whole_scopes,
         ARRAY(
           SELECT r.incident_id
             FROM restriction AS r
            WHERE r.partnership_id = k.partnership_id
              AND r.agency_id = k.agency_id
              AND r.active_from <= (now() AT TIME ZONE 'Europe/London')::date
              AND (r.active_until IS NULL
                OR r.active_until >= (now() AT TIME ZONE 'Europe/London')::date))::text
    INTO key_id, partnership_id, agency_id, scopes, allowed, whole, hidden
    FROM api_key AS k
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
  IF p_rulebook IS NOT NULL THEN
    IF p_rulebook <> (SELECT p.rulebook_version FROM partnership AS p WHERE p.id = partnership_id) THEN
      RAISE EXCEPTION USING ERRCODE = 'CS900', MESSAGE = 'The rules have changed meanwhile.';
    END IF;
  END IF;
  unlimited := coalesce(whole, false) AND hidden = '{}';
  -- An assignment and not a query, which would cost as much as finding the key; and no setting that
  -- is not needed, because each costs as much as two columns of an answer. At its beginning a
  -- transaction has none of them.
  settings := concat(
    set_config('app.partnership_id', partnership_id::text, true),
    set_config('app.agency_id', agency_id::text, true),
    set_config('app.key_id', key_id::text, true),
    CASE WHEN p_request_id IS NOT NULL THEN set_config('app.request_id', p_request_id, true) END,
    set_config('app.sees_all', unlimited::text, true),
    CASE WHEN NOT unlimited THEN set_config('app.own_agency_id',
      CASE WHEN whole THEN '' ELSE agency_id::text END, true) END,
    CASE WHEN NOT unlimited THEN set_config('app.hidden_incidents',
      CASE WHEN hidden = '{}' THEN '' ELSE hidden END, true) END);
  RETURN concat(key_id, ' ', scopes);
END $$;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION authenticate(text, text[], text[], bigint, text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION authenticate(text, text[], text[], bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate(text, text[], text[], bigint, text) TO cspr_api;
