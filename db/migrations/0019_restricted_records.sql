-- What an agency with a conflict of interest does not find of an incident, it finds nothing of in the
-- records of the incident's rapid review and reviews either.

-- As cspr_admin, who sees the rapid reviews that the caller does not.
CREATE FUNCTION rapid_review_is_open_to_caller(p_rapid_review_id uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT NOT EXISTS (
    SELECT
      FROM rapid_review AS r
     WHERE r.partnership_id = tenant()
       AND r.id = p_rapid_review_id
       AND NOT is_open_to_caller(r.incident_id))
$$;
CREATE POLICY all_partnerships ON rapid_review TO cspr_admin USING (true);
GRANT SELECT ON rapid_review TO cspr_admin;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION rapid_review_is_open_to_caller(uuid) OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION rapid_review_is_open_to_caller(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rapid_review_is_open_to_caller(uuid) TO cspr_api;

-- The CASE keeps the look from every caller of whose agency nothing is restricted.
DO $$
DECLARE
  restricted text;
BEGIN
  FOREACH restricted IN ARRAY ARRAY['immediate_action', 'panel_response', 'rapid_review_attendance',
    'rapid_review_decision', 'rapid_review_meeting', 'rapid_review_sign_off',
    'rapid_review_submission', 'scoping_chaser', 'scoping_return', 'recommendation', 'action'] LOOP
    EXECUTE format('CREATE POLICY not_restricted_by_rapid_review ON %I AS RESTRICTIVE TO cspr_api
      USING (CASE
               WHEN coalesce(current_setting(''app.hidden_incidents'', true), '''') = '''' THEN true
               ELSE rapid_review_is_open_to_caller(rapid_review_id)
             END)', restricted);
  END LOOP;
  FOREACH restricted IN ARRAY ARRAY['agency_response', 'family_participation', 'panel_member',
    'review_approval', 'review_draft', 'reviewer', 'terms_of_reference', 'recommendation',
    'action'] LOOP
    EXECUTE format('CREATE POLICY not_restricted_by_review ON %I AS RESTRICTIVE TO cspr_api
      USING (CASE
               WHEN coalesce(current_setting(''app.hidden_incidents'', true), '''') = '''' THEN true
               ELSE review_is_open_to_caller(review_id)
             END)', restricted);
  END LOOP;
END $$;
