-- Themes: what reviews find again and again, in sets of which the national ones come with every
-- partnership, and how the themes of one set read in another.

CREATE TABLE theme_set (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  code text NOT NULL CHECK (code <> ''),
  edition text NOT NULL CHECK (edition <> ''),
  label text NOT NULL CHECK (label <> ''),
  source text,
  is_national boolean NOT NULL,
  valid_from date,
  valid_to date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT theme_set_edition UNIQUE (partnership_id, code, edition),
  CONSTRAINT theme_set_validity CHECK (valid_to >= valid_from)
);

-- A label that is changed stays in the record of changes; a theme that is retired stays with what was
-- coded by it.
CREATE TABLE theme (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  set_id uuid NOT NULL,
  code text NOT NULL CHECK (code <> ''),
  label text NOT NULL CHECK (label <> ''),
  kind text NOT NULL CHECK (kind IN ('demographic', 'factor', 'practice')),
  aliases text[] NOT NULL,
  used_from date,
  retired_on date,
  retired_reason text,
  replaced_by uuid,
  -- How it follows from the records of children; null: it does not.
  derivation text CHECK (derivation IN ('under_1', 'black_and_minoritised')),
  white_other_counts boolean,
  cin_factor text,
  nspcc_keyword text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT theme_set_of FOREIGN KEY (partnership_id, set_id)
    REFERENCES theme_set (partnership_id, id),
  CONSTRAINT theme_replacement FOREIGN KEY (partnership_id, replaced_by)
    REFERENCES theme (partnership_id, id),
  CONSTRAINT theme_code_key UNIQUE (partnership_id, set_id, code),
  CONSTRAINT theme_derived_is_demographic CHECK (derivation IS NULL OR kind = 'demographic'),
  CONSTRAINT theme_retired_whole CHECK ((retired_on IS NULL) = (retired_reason IS NULL)),
  CONSTRAINT theme_is_not_its_own_replacement CHECK (replaced_by <> id)
);
CREATE INDEX theme_code ON theme (partnership_id, code, id);

-- What the other theme is to this one. Read from the other's side broader is narrower.
CREATE TABLE theme_crosswalk (
  partnership_id uuid NOT NULL,
  theme_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  other_theme_id uuid NOT NULL,
  relation text NOT NULL CHECK (relation IN ('exact', 'broader', 'narrower', 'related')),
  note text,
  removed_on date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, theme_id) REFERENCES theme (partnership_id, id),
  CONSTRAINT theme_crosswalk_other FOREIGN KEY (partnership_id, other_theme_id)
    REFERENCES theme (partnership_id, id)
);
CREATE UNIQUE INDEX theme_crosswalk_once
  ON theme_crosswalk (partnership_id, least(theme_id, other_theme_id),
    greatest(theme_id, other_theme_id))
  WHERE removed_on IS NULL;
CREATE INDEX theme_crosswalk_theme ON theme_crosswalk (partnership_id, theme_id);
CREATE INDEX theme_crosswalk_other ON theme_crosswalk (partnership_id, other_theme_id);

-- Between two sets, and not within one.
CREATE FUNCTION theme_crosswalk_is_between_sets() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  IF EXISTS (
    SELECT FROM theme AS t
      JOIN theme AS o ON o.partnership_id = t.partnership_id AND o.set_id = t.set_id
     WHERE t.partnership_id = NEW.partnership_id
       AND t.id = NEW.theme_id
       AND o.id = NEW.other_theme_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'theme_crosswalk_sets',
      MESSAGE = 'Both themes are of one set.';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER theme_crosswalk_is_between_sets
  BEFORE INSERT ON theme_crosswalk
  FOR EACH ROW EXECUTE FUNCTION theme_crosswalk_is_between_sets();

CREATE TRIGGER theme_set_record_change
  AFTER INSERT OR UPDATE ON theme_set
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
CREATE TRIGGER theme_record_change
  AFTER INSERT OR UPDATE ON theme
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
CREATE TRIGGER theme_crosswalk_record_change
  AFTER INSERT OR UPDATE ON theme_crosswalk
  FOR EACH ROW EXECUTE FUNCTION record_change('theme_id');

-- Whether it may be used for what is coded on a day; what is not said bounds nothing.
CREATE FUNCTION theme_is_in_use(p_from date, p_retired_on date, p_day date) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT coalesce(p_from <= p_day, true) AND coalesce(p_day < p_retired_on, true) $$;

ALTER TABLE theme_set ENABLE ROW LEVEL SECURITY;
ALTER TABLE theme_set FORCE ROW LEVEL SECURITY;
ALTER TABLE theme ENABLE ROW LEVEL SECURITY;
ALTER TABLE theme FORCE ROW LEVEL SECURITY;
ALTER TABLE theme_crosswalk ENABLE ROW LEVEL SECURITY;
ALTER TABLE theme_crosswalk FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON theme_set TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_partnership ON theme TO cspr_api USING (partnership_id = tenant());
CREATE POLICY own_partnership ON theme_crosswalk TO cspr_api USING (partnership_id = tenant());
CREATE POLICY all_partnerships ON theme_set TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON theme TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON theme_crosswalk TO cspr_admin USING (true);
GRANT SELECT, INSERT, UPDATE ON theme_set, theme, theme_crosswalk TO cspr_api;
GRANT SELECT, INSERT ON theme_set, theme, theme_crosswalk TO cspr_admin;

-- The national sets, and an empty one of the partnership's own. What comes later is every
-- partnership's, too.
CREATE TABLE default_theme_set (
  code text NOT NULL,
  edition text NOT NULL,
  label text NOT NULL,
  source text,
  is_national boolean NOT NULL,
  PRIMARY KEY (code, edition)
);
CREATE TABLE default_theme (
  set_code text NOT NULL,
  edition text NOT NULL,
  code text NOT NULL,
  label text NOT NULL,
  kind text NOT NULL,
  aliases text[] NOT NULL,
  PRIMARY KEY (set_code, edition, code),
  FOREIGN KEY (set_code, edition) REFERENCES default_theme_set (code, edition)
);
CREATE TABLE default_theme_crosswalk (
  set_code text NOT NULL,
  edition text NOT NULL,
  code text NOT NULL,
  relation text NOT NULL,
  other_set_code text NOT NULL,
  other_edition text NOT NULL,
  other_code text NOT NULL,
  PRIMARY KEY (set_code, edition, code, other_set_code, other_edition, other_code),
  FOREIGN KEY (set_code, edition, code) REFERENCES default_theme (set_code, edition, code),
  FOREIGN KEY (other_set_code, other_edition, other_code)
    REFERENCES default_theme (set_code, edition, code)
);
GRANT SELECT ON default_theme_set, default_theme, default_theme_crosswalk TO cspr_admin;

-- Gives a partnership, or every one, what it has not yet of them.
CREATE FUNCTION national_themes_give(p_partnership_id uuid) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  INSERT INTO theme_set (partnership_id, id, version, code, edition, label, source, is_national,
    created_at, updated_at)
  SELECT p.id, gen_random_uuid(), 1, d.code, d.edition, d.label, d.source, d.is_national, now(),
         now()
    FROM partnership AS p
   CROSS JOIN default_theme_set AS d
   WHERE p_partnership_id IS NULL OR p.id = p_partnership_id
      ON CONFLICT ON CONSTRAINT theme_set_edition DO NOTHING;

  INSERT INTO theme (partnership_id, id, version, set_id, code, label, kind, aliases, created_at,
    updated_at)
  SELECT s.partnership_id, gen_random_uuid(), 1, s.id, d.code, d.label, d.kind, d.aliases, now(),
         now()
    FROM theme_set AS s
    JOIN default_theme AS d ON d.set_code = s.code AND d.edition = s.edition
   WHERE s.is_national
     AND (p_partnership_id IS NULL OR s.partnership_id = p_partnership_id)
      ON CONFLICT ON CONSTRAINT theme_code_key DO NOTHING;

  INSERT INTO theme_crosswalk (partnership_id, theme_id, id, version, other_theme_id, relation,
    created_at, updated_at)
  SELECT t.partnership_id, t.id, gen_random_uuid(), 1, o.id, d.relation, now(), now()
    FROM default_theme_crosswalk AS d
    JOIN theme_set AS s ON s.code = d.set_code AND s.edition = d.edition AND s.is_national
    JOIN theme AS t
      ON t.partnership_id = s.partnership_id AND t.set_id = s.id AND t.code = d.code
    JOIN theme_set AS u
      ON u.partnership_id = s.partnership_id
     AND u.code = d.other_set_code
     AND u.edition = d.other_edition
     AND u.is_national
    JOIN theme AS o
      ON o.partnership_id = u.partnership_id AND o.set_id = u.id AND o.code = d.other_code
   WHERE p_partnership_id IS NULL OR s.partnership_id = p_partnership_id
      ON CONFLICT DO NOTHING;
$$;

CREATE FUNCTION national_themes_added() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  -- Only a partnership is a row: a statement has given the defaults to all of them.
  IF TG_LEVEL = 'ROW' THEN
    PERFORM national_themes_give(NEW.id);
  ELSE
    PERFORM national_themes_give(NULL);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER national_themes_added
  AFTER INSERT ON partnership
  FOR EACH ROW EXECUTE FUNCTION national_themes_added();
CREATE TRIGGER national_themes_added
  AFTER INSERT ON default_theme_set
  FOR EACH STATEMENT EXECUTE FUNCTION national_themes_added();
CREATE TRIGGER national_themes_added
  AFTER INSERT ON default_theme
  FOR EACH STATEMENT EXECUTE FUNCTION national_themes_added();
CREATE TRIGGER national_themes_added
  AFTER INSERT ON default_theme_crosswalk
  FOR EACH STATEMENT EXECUTE FUNCTION national_themes_added();

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION national_themes_give(uuid) OWNER TO cspr_admin;
ALTER FUNCTION national_themes_added() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION national_themes_give(uuid) FROM PUBLIC;

-- Labels say in a few words of our own what each report or review is about.
INSERT INTO default_theme_set (code, edition, label, source, is_national)
VALUES
  ('local', '1', 'Themes of our own reviews', NULL, false),
  ('panel', '2018-19', 'The Panel''s practice themes, 2018 to 2019',
    'Child Safeguarding Practice Review Panel, annual report 2018 to 2019', true),
  ('panel', '2020', 'The Panel''s practice themes, 2020',
    'Child Safeguarding Practice Review Panel, annual report 2020', true),
  ('national_reviews', '2020-21', 'National reviews',
    'Child Safeguarding Practice Review Panel, national reviews', true);

INSERT INTO default_theme (set_code, edition, code, label, kind, aliases)
VALUES
  ('panel', '2018-19', 'optimistic_thinking', 'Optimistic thinking', 'practice',
    '{optimism bias}'),
  ('panel', '2018-19', 'sharing_assessing_deciding',
    'Information sharing, risk assessment and decision making', 'practice', '{}'),
  ('panel', '2018-19', 'returned_home', 'Return home after court proceedings', 'factor', '{}'),
  ('panel', '2018-19', 'adults_with_offences', 'Adults with a history of offending', 'factor', '{}'),
  ('panel', '2018-19', 'domestic_abuse', 'Domestic abuse', 'factor', '{}'),
  ('panel', '2018-19', 'adolescents',
    'Adolescents: autism, mental health and suicide, and their voice', 'factor', '{}'),
  ('panel', '2018-19', 'including_men', 'Including men', 'practice', '{missing men}'),
  ('panel', '2018-19', 'health_plans', 'Health plans for children', 'practice', '{}'),
  ('panel', '2018-19', 'home_education', 'Home education', 'factor', '{elective home education}'),
  ('panel', '2018-19', 'written_agreements', 'Written agreements', 'practice', '{}'),
  ('panel', '2018-19', 'professional_disputes', 'Resolving professional disputes', 'practice',
    '{escalation}'),
  ('panel', '2020', 'daily_life', 'Understanding what the child''s daily life is like', 'practice',
    '{}'),
  ('panel', '2020', 'sporadic_engagement',
    'Working with families whose engagement is reluctant and sporadic', 'practice',
    '{hard to reach,disguised compliance}'),
  ('panel', '2020', 'critical_thinking', 'Critical thinking and challenge', 'practice', '{}'),
  ('panel', '2020', 'changing_risk', 'Responding to changing risk and need', 'practice', '{}'),
  ('panel', '2020', 'timely_sharing', 'Sharing information in a timely and appropriate way',
    'practice', '{}'),
  ('panel', '2020', 'leadership_and_culture',
    'Organisational leadership and culture for good outcomes', 'practice', '{}'),
  ('national_reviews', '2020-21', 'criminal_exploitation',
    'Criminal exploitation (It was hard to escape)', 'factor', '{CCE,county lines}'),
  ('national_reviews', '2020-21', 'sudden_unexpected_death',
    'Sudden unexpected death in infancy (Out of routine)', 'factor', '{SUDI}'),
  ('national_reviews', '2020-21', 'injured_by_male_carers',
    'Under ones injured by male carers (The myth of invisible men)', 'factor',
    '{non-accidental injury,NAI}');

INSERT INTO default_theme_crosswalk (set_code, edition, code, relation, other_set_code,
  other_edition, other_code)
VALUES
  ('panel', '2018-19', 'sharing_assessing_deciding', 'narrower', 'panel', '2020', 'timely_sharing'),
  ('panel', '2018-19', 'sharing_assessing_deciding', 'narrower', 'panel', '2020', 'changing_risk'),
  ('panel', '2018-19', 'optimistic_thinking', 'broader', 'panel', '2020', 'critical_thinking'),
  ('panel', '2018-19', 'professional_disputes', 'related', 'panel', '2020', 'critical_thinking'),
  ('panel', '2018-19', 'adolescents', 'related', 'panel', '2020', 'daily_life'),
  ('panel', '2018-19', 'adolescents', 'related',
    'national_reviews', '2020-21', 'criminal_exploitation'),
  ('panel', '2018-19', 'including_men', 'related',
    'national_reviews', '2020-21', 'injured_by_male_carers');
