-- What the national statistics ask of the index child, as it was notified.

-- The groups of DfE's codes that tables have; Chinese is counted with Asian.
CREATE FUNCTION ethnicity_group(p_code text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN p_code IN ('WBRI', 'WIRI', 'WIRT', 'WROM', 'WOTH') THEN 'white'
           WHEN p_code IN ('MWBC', 'MWBA', 'MWAS', 'MOTH') THEN 'mixed'
           WHEN p_code IN ('AIND', 'APKN', 'ABAN', 'CHNE', 'AOTH') THEN 'asian'
           WHEN p_code IN ('BCRB', 'BAFR', 'BOTH') THEN 'black'
           WHEN p_code = 'OOTH' THEN 'other'
           ELSE 'not_known'
         END
$$;

-- In this order: looked after, sex, age, ethnicity, disability, placement, child in need plan, child
-- protection plan, known to any agency. DfE's groups, after its footnotes: residential schools count
-- with children's homes, mother and baby units with hospital.
CREATE FUNCTION child_characteristics(
  p_lac_status text, p_csc_status text, p_sex text, p_unborn boolean, p_age_years integer,
  p_age_days integer, p_ethnicity text, p_disabilities text[], p_placement_group text,
  p_placement_type text, p_cp_plan text, p_known text
) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT ARRAY[
    CASE
      WHEN p_lac_status = 'current' OR p_csc_status = 'lac' THEN 'yes'
      WHEN p_lac_status IN ('none', 'previous') THEN 'no'
      ELSE 'not_known'
    END,
    CASE p_sex WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE 'not_known' END,
    age_band(p_unborn, p_age_years, p_age_days),
    ethnicity_group(p_ethnicity),
    CASE
      WHEN p_disabilities && '{MOB,HAND,PC,INC,COMM,LD,HEAR,VIS,BEH,CON,AUT,DDA}' THEN 'yes'
      WHEN p_disabilities @> '{NONE}' THEN 'no'
      ELSE 'not_known'
    END,
    CASE
      WHEN p_placement_group IS NOT NULL THEN p_placement_group
      WHEN p_placement_type = 'P1' THEN 'at_home'
      WHEN p_placement_type IN ('U1', 'U2', 'U3') THEN 'relatives'
      WHEN p_placement_type IN ('U4', 'U5', 'U6') THEN 'foster_carers'
      WHEN p_placement_type IN ('K2', 'R1', 'S1') THEN 'residential_childrens_home'
      WHEN p_placement_type IN ('R2', 'R3') THEN 'hospital'
      WHEN p_placement_type IN ('H5', 'K3') THEN 'semi_independent'
      WHEN p_placement_type IN ('K1', 'R5') THEN 'secure_or_young_offender_institution'
      WHEN p_placement_type IN ('not_applicable', 'not_known') THEN 'not_known'
      WHEN p_placement_type IS NOT NULL THEN 'other'
      ELSE 'not_known'
    END,
    CASE
      WHEN p_csc_status = 'cin_plan' THEN 'yes'
      WHEN p_csc_status = 'not_known' OR p_csc_status IS NULL THEN 'not_known'
      ELSE 'no'
    END,
    CASE
      WHEN p_cp_plan = 'current' OR p_csc_status = 'cp_plan' THEN 'yes'
      WHEN p_cp_plan IN ('none', 'previous') THEN 'no'
      ELSE 'not_known'
    END,
    CASE WHEN p_known IN ('yes', 'no') THEN p_known ELSE 'not_known' END]
$$;

-- The same of a child as it stands in a notification.
CREATE FUNCTION notified_characteristics(p_child jsonb) RETURNS text[]
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN p_child IS NOT NULL
           THEN child_characteristics(p_child ->> 'lac_status', p_child ->> 'csc_status',
             p_child ->> 'sex', (p_child ->> 'unborn')::boolean, (p_child ->> 'age_years')::integer,
             (p_child ->> 'age_days')::integer, p_child ->> 'ethnicity',
             CASE
               WHEN jsonb_typeof(p_child -> 'disabilities') = 'array'
               THEN ARRAY(SELECT jsonb_array_elements_text(p_child -> 'disabilities'))
             END,
             p_child ->> 'dfe_placement_group', p_child ->> 'placement_type',
             p_child ->> 'cp_plan', p_child ->> 'known_to_any_agency')
         END
$$;

-- Kept beside what was notified, because a report takes them from every notification. Null where it
-- was not kept what was notified.
ALTER TABLE notification
  ADD COLUMN characteristics text[]
    GENERATED ALWAYS AS (notified_characteristics(as_notified #> '{children,0}')) STORED;
CREATE INDEX notification_notified_on ON notification (partnership_id, notified_on);

-- What has happened after a day is looked for first, because what has not tells by itself how it was.
CREATE INDEX transition_of_action ON transition (partnership_id, happened_on, subject_id)
  WHERE subject = 'action';
CREATE INDEX transition_not_notified ON transition (partnership_id, happened_on, subject_id)
  WHERE subject = 'incident' AND to_state = 'not_notified';
CREATE INDEX action_due_revised_on ON action_due_revision (partnership_id, revised_on);

-- Who is kept from nothing need not have each row looked at, which is a call of a function that the
-- planner cannot put into the policy.
DO $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['action_lead', 'action_due_revision', 'action_evidence',
    'action_assurance']
  LOOP
    EXECUTE format('ALTER POLICY not_restricted ON %I
      USING (CASE
               WHEN coalesce(current_setting(''app.hidden_incidents'', true), '''') = '''' THEN true
               ELSE action_is_open_to_caller(action_id)
             END)', part);
  END LOOP;
END $$;
