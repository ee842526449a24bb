-- Whether a caller is limited is asked once for what belongs to actions and for the log of steps, too, and
-- not for each row: reports count half a million of each.

CREATE FUNCTION action_part_is_own(p_action_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  RETURN own_agency() IS NULL OR EXISTS (
    SELECT FROM public.action AS a WHERE a.partnership_id = tenant() AND a.id = p_action_id);
END $$;

DO $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['action_lead', 'action_due_revision', 'action_evidence',
    'action_assurance'] LOOP
    EXECUTE format('ALTER POLICY own_partnership ON %I
      USING (partnership_id = tenant()
        AND CASE WHEN (SELECT sees_all()) THEN true ELSE action_part_is_own(action_id) END)', part);
    EXECUTE format('ALTER POLICY not_restricted ON %I
      USING (CASE WHEN (SELECT sees_all()) THEN true ELSE action_is_open_to_caller(action_id) END)',
      part);
  END LOOP;
END $$;
ALTER POLICY own_partnership ON transition
  USING (partnership_id = tenant()
    AND CASE
          WHEN (SELECT sees_all()) THEN true
          ELSE own_agency() IS NULL OR agency_id = own_agency()
        END);
