-- What is closed to a caller who would see all, were some incidents not hidden from its agency, is found once
-- for a request, and not by a function for each row: with one hidden incident of 100,000 a report of what was
-- in time took 2.6 s and not 0.4, the recurrence of a theme 8 s (docs/adr/0015).

-- Such a set, of ids, in a setting; null where there is none. PL/pgSQL, because the planner would put SQL into each
-- policy, and each statement would set that up (docs/adr/0015).
CREATE FUNCTION closed_set(p_setting text) RETURNS uuid[]
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN nullif(current_setting(p_setting, true), '');
END $$;

-- Those of a caller who sees all are none. Null, where the caller is limited to what is its own or nothing was
-- said: then the policies ask their functions, as before.
CREATE FUNCTION closed_incidents() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT CASE WHEN sees_all() THEN '{}' ELSE closed_set('app.closed_incidents') END $$;
-- The reviews and the rapid reviews of such incidents.
CREATE FUNCTION closed_reviews() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT CASE WHEN sees_all() THEN '{}' ELSE closed_set('app.closed_reviews') END $$;
-- All that a clock may be of: these, their incidents and their actions.
CREATE FUNCTION closed_subjects() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT CASE WHEN sees_all() THEN '{}' ELSE closed_set('app.closed_subjects') END $$;

-- The answer is null where a set is null, or a row has no such parent, and then the function is asked. What is
-- written is asked as before: a row may be new, and nobody has found it closed.
ALTER POLICY not_limited ON incident
  USING (coalesce(id <> ALL ((SELECT closed_incidents())::uuid[]), own_is_open(created_by_agency_id, id)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE own_is_open(created_by_agency_id, id) END);
ALTER POLICY not_limited ON child
  USING (coalesce(incident_id <> ALL ((SELECT closed_incidents())::uuid[]),
    own_is_open(created_by_agency_id, incident_id)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE own_is_open(created_by_agency_id, incident_id) END);
-- One policy and not two (0030): a clock of a review or of an action has no incident of its own, and that of a
-- rapid review has its incident. Where one has both, the functions ask for both.
DROP POLICY subject_not_limited ON clock;
ALTER POLICY not_limited ON clock
  USING (coalesce(
    CASE WHEN incident_id IS NULL THEN subject_id WHEN subject NOT IN ('action', 'review') THEN incident_id END
      <> ALL ((SELECT closed_subjects())::uuid[]),
    clock_is_open(created_by_agency_id, agency_id, incident_id) AND clock_subject_is_open(subject, subject_id)))
  WITH CHECK (CASE
                WHEN (SELECT sees_all()) THEN true
                ELSE clock_is_open(created_by_agency_id, agency_id, incident_id)
              END);
ALTER POLICY not_limited ON notification
  USING (coalesce(incident_id <> ALL ((SELECT closed_incidents())::uuid[]), notification_is_open(incident_id)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE notification_is_open(incident_id) END);
ALTER POLICY not_limited ON rapid_review
  USING (coalesce(incident_id <> ALL ((SELECT closed_incidents())::uuid[]),
    rapid_review_is_open(id, created_by_agency_id, incident_id)))
  WITH CHECK (CASE
                WHEN (SELECT sees_all()) THEN true
                ELSE rapid_review_is_open(id, created_by_agency_id, incident_id)
              END);
ALTER POLICY not_limited ON review
  USING (coalesce(id <> ALL ((SELECT closed_reviews())::uuid[]), review_is_open(id, asked_agency_ids)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE review_is_open(id, asked_agency_ids) END);
ALTER POLICY not_limited ON review_incident
  USING (coalesce(incident_id <> ALL ((SELECT closed_incidents())::uuid[]), shared_is_open(incident_id)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE shared_is_open(incident_id) END);
ALTER POLICY not_limited ON incident_theme
  USING (coalesce(incident_id <> ALL ((SELECT closed_incidents())::uuid[]), shared_is_open(incident_id)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE shared_is_open(incident_id) END);
ALTER POLICY not_limited ON review_theme
  USING (coalesce(review_id <> ALL ((SELECT closed_reviews())::uuid[]), review_part_is_open(review_id)))
  WITH CHECK (CASE WHEN (SELECT sees_all()) THEN true ELSE review_part_is_open(review_id) END);

-- Whose parent is a review or a rapid review; where there are both, the function asks for both.
ALTER POLICY not_limited ON action
  USING (coalesce(
    CASE WHEN review_id IS NULL THEN rapid_review_id WHEN rapid_review_id IS NULL THEN review_id END
      <> ALL ((SELECT closed_reviews())::uuid[]),
    action_is_open(created_by_agency_id, lead_agency_ids, rapid_review_id, review_id)))
  WITH CHECK (CASE
                WHEN (SELECT sees_all()) THEN true
                ELSE action_is_open(created_by_agency_id, lead_agency_ids, rapid_review_id, review_id)
              END);
ALTER POLICY not_limited ON recommendation
  USING (coalesce(
    CASE WHEN review_id IS NULL THEN rapid_review_id WHEN rapid_review_id IS NULL THEN review_id END
      <> ALL ((SELECT closed_reviews())::uuid[]),
    recommendation_is_open(created_by_agency_id, addressee_agency_ids, rapid_review_id, review_id)))
  WITH CHECK (CASE
                WHEN (SELECT sees_all()) THEN true
                ELSE recommendation_is_open(created_by_agency_id, addressee_agency_ids, rapid_review_id,
                  review_id)
              END);

-- What belongs to an action is as open as that.
DO $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['action_lead', 'action_due_revision', 'action_evidence', 'action_assurance'] LOOP
    EXECUTE format('ALTER POLICY not_restricted ON %I
      USING (coalesce(action_id <> ALL ((SELECT closed_subjects())::uuid[]), action_is_open_to_caller(action_id)))',
      part);
  END LOOP;
END $$;

-- As before (0039). An expression that has a subquery is begun and ended as a statement is, for each row.
CREATE OR REPLACE FUNCTION action_part_is_own(p_action_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  IF own_agency() IS NULL THEN
    RETURN true;
  END IF;
  RETURN EXISTS (
    SELECT FROM public.action AS a WHERE a.partnership_id = tenant() AND a.id = p_action_id);
END $$;

-- What belongs to a review or to a rapid review asks for it by the set, where there is one, and else as before.
CREATE FUNCTION review_has_nothing_hidden(p_review_id uuid) RETURNS boolean
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
CREATE FUNCTION rapid_review_has_nothing_hidden(p_rapid_review_id uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT NOT EXISTS (
    SELECT
      FROM rapid_review AS r
     WHERE r.partnership_id = tenant()
       AND r.id = p_rapid_review_id
       AND NOT is_open_to_caller(r.incident_id))
$$;
-- PL/pgSQL, because the planner would put SQL into each policy (docs/adr/0015).
CREATE OR REPLACE FUNCTION review_is_open_to_caller(p_review_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN coalesce(p_review_id <> ALL (public.closed_reviews()), public.review_has_nothing_hidden(p_review_id));
END $$;
CREATE OR REPLACE FUNCTION rapid_review_is_open_to_caller(p_rapid_review_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN coalesce(p_rapid_review_id <> ALL (public.closed_reviews()),
    public.rapid_review_has_nothing_hidden(p_rapid_review_id));
END $$;

-- As before (0058). Each hidden incident is looked up by itself: the planner takes a partnership for a small part
-- of a table (0048), and would go through all rapid reviews and all links to compare each with the array.
CREATE OR REPLACE FUNCTION closed_actions() RETURNS SETOF uuid
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  own uuid := own_agency();
  all_own uuid[] := own_agencies();
  hidden uuid[] := nullif(current_setting('app.hidden_incidents', true), '');
BEGIN
  IF own IS NOT NULL THEN
    RETURN QUERY
      SELECT a.id
        FROM action AS a
       WHERE a.partnership_id = tenant()
         AND (a.created_by_agency_id = own OR a.lead_agency_ids && all_own) IS NOT TRUE;
  END IF;
  IF hidden IS NOT NULL THEN
    RETURN QUERY
      SELECT a.id
        FROM unnest(reviews_of_incidents(hidden)) AS r (id)
       CROSS JOIN LATERAL (
         SELECT a.id FROM action AS a WHERE a.partnership_id = tenant() AND a.review_id = r.id
         UNION ALL
         SELECT a.id FROM action AS a WHERE a.partnership_id = tenant() AND a.rapid_review_id = r.id
         OFFSET 0) AS a;
  END IF;
END $$;

-- The reviews to which incidents are linked, and their rapid reviews.
CREATE FUNCTION reviews_of_incidents(p_incident_ids uuid[]) RETURNS uuid[]
  LANGUAGE sql STABLE
  AS $$
  SELECT ARRAY(
    SELECT r.id
      FROM unnest(p_incident_ids) AS i (id)
     CROSS JOIN LATERAL (
       SELECT r.id FROM rapid_review AS r WHERE r.partnership_id = tenant() AND r.incident_id = i.id
       UNION ALL
       SELECT l.review_id
         FROM review_incident AS l
        WHERE l.partnership_id = tenant()
          AND l.incident_id = i.id
          AND l.removed_at IS NULL
       OFFSET 0) AS r)
$$;

-- The sets of a caller from whom incidents are hidden and who is limited by nothing else, for the rest of the
-- transaction.
CREATE FUNCTION close_hidden() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  hidden uuid[] := current_setting('app.hidden_incidents');
  reviews uuid[] := reviews_of_incidents(hidden);
BEGIN
  PERFORM set_config('app.closed_incidents', hidden::text, true),
          set_config('app.closed_reviews', reviews::text, true),
          set_config('app.closed_subjects', (hidden || reviews || ARRAY(SELECT closed_actions()))::text, true);
END $$;
REVOKE ALL ON FUNCTION close_hidden() FROM PUBLIC;

-- Of what belongs to a review or to a rapid review, those tables that a report reads whole ask the set itself.
ALTER POLICY not_restricted_by_rapid_review ON rapid_review_submission
  USING (coalesce(rapid_review_id <> ALL ((SELECT closed_reviews())::uuid[]),
    rapid_review_is_open_to_caller(rapid_review_id)));
ALTER POLICY not_restricted_by_rapid_review ON panel_response
  USING (coalesce(rapid_review_id <> ALL ((SELECT closed_reviews())::uuid[]),
    rapid_review_is_open_to_caller(rapid_review_id)));
ALTER POLICY not_restricted_by_review ON review_proceeding
  USING (coalesce(review_id <> ALL ((SELECT closed_reviews())::uuid[]), review_is_open_to_caller(review_id)));

-- As before (0030), and finds these sets.
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
  IF whole AND hidden <> '{}' THEN
    PERFORM close_hidden();
  END IF;
  RETURN concat(key_id, ' ', scopes);
END $$;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION review_has_nothing_hidden(uuid) OWNER TO cspr_admin;
ALTER FUNCTION rapid_review_has_nothing_hidden(uuid) OWNER TO cspr_admin;
ALTER FUNCTION authenticate(text, text[], text[], bigint, text) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION authenticate(text, text[], text[], bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate(text, text[], text[], bigint, text) TO cspr_api;
REVOKE ALL ON FUNCTION review_has_nothing_hidden(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review_has_nothing_hidden(uuid) TO cspr_api;
REVOKE ALL ON FUNCTION rapid_review_has_nothing_hidden(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rapid_review_has_nothing_hidden(uuid) TO cspr_api;
GRANT EXECUTE ON FUNCTION close_hidden() TO cspr_admin;
