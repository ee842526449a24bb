-- Incidents and their children: pseudonymised case facts. Who somebody is never stands here.
--
-- Codes are text without lists of them: the lists are in openapi/schemas, and a new code is no
-- change of a table. Columns have the names of the API's fields.

-- The edition of the code lists that the service records under; a migration that changes what a
-- code means replaces it.
CREATE FUNCTION code_list_version() RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT '2026-1' $$;

CREATE TABLE incident (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state <> ''),
  local_ref text NOT NULL CHECK (local_ref <> ''),
  dfe_sin_ref text,
  case_system text,
  external_id text,
  incident_date date,
  incident_time text,
  incident_date_to date,
  date_precision text,
  aware_on date NOT NULL,
  aware_at timestamptz,
  aware_by text,
  aware_how text,
  partnership_aware_on date,
  referral_received_on date,
  nature text NOT NULL CHECK (nature <> ''),
  death_date date,
  death_subtype text,
  abuse_neglect_status text,
  notifying_basis text,
  our_role text,
  la_of_incident text,
  la_of_residence text,
  la_responsible text,
  location_type text,
  cause_of_death text,
  harm_types text[],
  narrative text,
  immediate_actions text,
  other_children_at_risk_considered boolean,
  media_interest boolean,
  police_appeal boolean,
  suspected_perpetrators jsonb,
  duty text NOT NULL CHECK (duty <> ''),
  duty_rule text NOT NULL CHECK (duty_rule <> ''),
  code_list_version text NOT NULL,
  created_by_agency_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, created_by_agency_id) REFERENCES agency (partnership_id, id),
  CONSTRAINT incident_external_id_key
    UNIQUE (partnership_id, case_system, external_id, created_by_agency_id),
  CONSTRAINT incident_local_ref_key UNIQUE (partnership_id, local_ref),
  CONSTRAINT incident_case_system_whole CHECK ((case_system IS NULL) = (external_id IS NULL)),
  CONSTRAINT incident_dates_in_order CHECK (incident_date_to >= incident_date)
);
CREATE INDEX incident_created_at ON incident (partnership_id, created_at, id);
CREATE INDEX incident_aware_on ON incident (partnership_id, aware_on, id);
CREATE INDEX incident_updated_at ON incident (partnership_id, updated_at, id);

CREATE TABLE child (
  partnership_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  position integer NOT NULL CHECK (position > 0),
  external_id text,
  index_child boolean NOT NULL,
  created_by_agency_id uuid NOT NULL,
  unnamed boolean,
  role text,
  nature text,
  unborn boolean,
  expected_on date,
  age_years integer CHECK (age_years >= 0),
  age_days integer CHECK (age_days >= 0),
  sex text,
  gender text,
  ethnicity text,
  disabilities text[],
  mental_health_condition text,
  autism text,
  send_status text,
  known_to_any_agency text,
  csc_status text,
  cp_plan text,
  cp_category text,
  cp_started_on date,
  cp_ended_on date,
  cp_plan_number integer CHECK (cp_plan_number > 0),
  lac_status text,
  legal_status text,
  placement_type text,
  placement_provider text,
  placed_out_of_area boolean,
  host_la text,
  dfe_placement_group text,
  returned_home_after_court boolean,
  court_order_history text,
  education_status text,
  flags text[],
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, incident_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CONSTRAINT child_external_id_key UNIQUE (partnership_id, incident_id, external_id),
  CONSTRAINT child_plan_dates_in_order CHECK (cp_ended_on >= cp_started_on)
);
-- The national statistics take the characteristics of one child of an incident.
CREATE UNIQUE INDEX child_one_index_child ON child (partnership_id, incident_id)
  WHERE index_child;

-- The reference of an incident that came without one: SI, the year, and seven random letters and
-- digits of Crockford's alphabet. Random and not counted, because a count that partnerships shared
-- would tell each how many incidents the others have, and one of its own would make its writers
-- wait for one another until commit.
CREATE FUNCTION make_local_ref() RETURNS text
  LANGUAGE sql VOLATILE
  AS $$
  SELECT to_char(now() AT TIME ZONE 'Europe/London', '"SI-"YYYY"-"')
           || string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ',
                1 + get_byte(random.bytes, place) % 32, 1), '')
    FROM (SELECT uuid_send(gen_random_uuid()) AS bytes) AS random,
         unnest(ARRAY[0, 1, 2, 3, 4, 5, 9]) AS place
$$;

CREATE TRIGGER incident_record_change
  AFTER INSERT OR UPDATE ON incident
  FOR EACH ROW EXECUTE FUNCTION record_change();
CREATE TRIGGER child_record_change
  AFTER INSERT OR UPDATE ON child
  FOR EACH ROW EXECUTE FUNCTION record_change();

ALTER TABLE incident ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident FORCE ROW LEVEL SECURITY;
ALTER TABLE child ENABLE ROW LEVEL SECURITY;
ALTER TABLE child FORCE ROW LEVEL SECURITY;

CREATE POLICY own_partnership ON incident TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));
-- The incident's agency stands in each child too: a subquery in a policy costs every reader a fifth
-- of its time, whether it has an agency of its own or not.
CREATE POLICY own_partnership ON child TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));

GRANT SELECT, INSERT, UPDATE ON incident, child TO cspr_api;
