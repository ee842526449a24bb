-- National figures that a partnership's own are held against, each with its base, its number, its
-- period and its source: figures of other bases or periods are not the same figure.

-- What every installation has. The figures are those of the publications, in our own words; what a
-- publication gives as a count of a base without its percentage stands here as that count.
CREATE TABLE national_benchmark (
  id uuid PRIMARY KEY,
  key text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,60}$'),
  label text NOT NULL CHECK (label <> ''),
  base text NOT NULL CHECK (base <> ''),
  percent numeric(4,1) CHECK (percent BETWEEN 0 AND 100),
  count integer CHECK (count >= 0),
  n integer CHECK (n > 0),
  qualifier text CHECK (qualifier IN ('over', 'almost')),
  period_from date NOT NULL,
  period_to date NOT NULL,
  source text NOT NULL CHECK (source <> ''),
  CONSTRAINT national_benchmark_once UNIQUE (key, base, period_from),
  CHECK (num_nonnulls(percent, count) > 0),
  CHECK (period_to >= period_from)
);

-- What a partnership holds its figures against beside them. Nothing is changed: the same key, base
-- and first day once more takes the place of what was there, national or not.
CREATE TABLE benchmark (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  key text NOT NULL CHECK (key ~ '^[a-z0-9_]{1,60}$'),
  label text NOT NULL CHECK (label <> ''),
  base text NOT NULL CHECK (base <> ''),
  percent numeric(4,1) CHECK (percent BETWEEN 0 AND 100),
  count integer CHECK (count >= 0),
  n integer CHECK (n > 0),
  qualifier text CHECK (qualifier IN ('over', 'almost')),
  period_from date NOT NULL,
  period_to date NOT NULL,
  source text NOT NULL CHECK (source <> ''),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT benchmark_has_a_figure CHECK (num_nonnulls(percent, count) > 0),
  CONSTRAINT benchmark_counts_part_of_its_base CHECK (count <= n),
  CONSTRAINT benchmark_period_in_order CHECK (period_to >= period_from)
);
CREATE INDEX benchmark_of_key ON benchmark (partnership_id, key, base, period_from, created_at);

CREATE TRIGGER benchmark_record_change
  AFTER INSERT OR UPDATE ON benchmark
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
ALTER TABLE benchmark ENABLE ROW LEVEL SECURITY;
ALTER TABLE benchmark FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON benchmark TO cspr_api USING (partnership_id = tenant());
GRANT SELECT, INSERT ON benchmark TO cspr_api;
GRANT SELECT ON national_benchmark TO cspr_api;

INSERT INTO national_benchmark (id, key, label, base, percent, count, n, qualifier, period_from,
  period_to, source)
SELECT md5(concat_ws('/', b.key, b.base, b.period_from))::uuid, b.key, b.label, b.base, b.percent,
       b.count, b.n, b.qualifier, b.period_from, b.period_to, b.source
  FROM (
    SELECT f.key, f.label, 'rapid_reviews' AS base, f.percent, f.count, 538 AS n,
           NULL AS qualifier, date '2018-07-01' AS period_from, date '2019-12-31' AS period_to,
           'Child Safeguarding Practice Review Panel, annual report 2018 to 2019: ' || f.place
             AS source
      FROM (VALUES
        ('rapid_review_within_15_working_days', 'Submitted within 15 working days',
          51, NULL, 'a briefing on it'),
        ('domestic_abuse', 'Domestic abuse', 35, NULL, 'a briefing on it and the NSPCC''s summary'),
        ('under_1_non_accidental_injury', 'Non-accidental injury of a child under 1',
          27, NULL, 'the NSPCC''s summary'),
        ('known_to_childrens_social_care', 'Children''s social care worked with the family',
          54, NULL, 'a briefing on it and the NSPCC''s summary'),
        ('child_protection_plan', 'Child on a child protection plan', 13, 70, 'a briefing on it'),
        ('looked_after', 'Child looked after', 15, 80, 'a briefing on it and the NSPCC''s summary'),
        ('optimism_bias', 'Optimistic thinking of practitioners', 32, NULL, 'the NSPCC''s summary'),
        ('risk_assessment_and_decision_making', 'Weak assessment of risk and decision-making',
          41, NULL, 'the NSPCC''s summary; a briefing gives the figure for sharing information'),
        ('information_sharing', 'Poor sharing of information', 40, NULL, 'the NSPCC''s summary'),
        ('public_care_proceedings_before', 'Child was in public care proceedings before',
          NULL, 49, 'the NSPCC''s summary')
      ) AS f (key, label, percent, count, place)
    UNION ALL
    SELECT f.key, f.label, 'notifications', f.percent, f.count, f.n, f.qualifier,
           date '2018-06-29', date '2019-06-28',
           'Child Safeguarding Practice Review Panel, annual report 2018 to 2019: the NSPCC''s summary'
      FROM (VALUES
        ('serious_incident_notifications', 'Serious incident notifications',
          NULL, 473, NULL, NULL),
        ('aged_11_to_15', 'Child aged 11 to 15', 20, NULL, 473, 'over'),
        ('aged_16_to_17', 'Child aged 16 to 17', 18, NULL, 473, 'over'),
        ('aged_6_to_10', 'Child aged 6 to 10', 7, NULL, 473, NULL)
      ) AS f (key, label, percent, count, n, qualifier)
    UNION ALL
    SELECT f.key, f.label, f.base, f.percent, f.count, f.n, NULL, date '2020-01-01',
           date '2020-12-31',
           'Child Safeguarding Practice Review Panel, annual report 2020: a note of a round table'
      FROM (VALUES
        ('incidents_notified', 'Incidents notified', 'incidents', NULL, 482, NULL),
        ('children_notified', 'Children notified', 'children', NULL, 514, NULL),
        ('children_under_1', 'Children under 1', 'children', 35, NULL, 514),
        ('children_15_to_17', 'Children aged 15 to 17', 'children', 30, NULL, 514),
        ('neglect', 'Neglect', 'incidents', 35, NULL, 482),
        ('domestic_abuse', 'Domestic abuse', 'incidents', 40, NULL, 482),
        ('non_accidental_injury', 'Non-accidental injury', 'serious_harm_incidents',
          22, NULL, 267),
        ('parental_mental_ill_health', 'Mental ill health of a parent', 'incidents',
          NULL, 146, 482),
        ('mothers_mental_ill_health', 'Of those the mother''s',
          'parental_mental_ill_health_incidents', 78, NULL, 146),
        ('child_mental_ill_health', 'Mental ill health of the child', 'incidents', 16, NULL, 482),
        ('risk_taking_or_violent_behaviour', 'Risk-taking or violent behaviour', 'incidents',
          NULL, 51, 482),
        ('gang_or_county_lines', 'Of those in gangs or county lines',
          'risk_taking_or_violent_behaviour_incidents', 75, NULL, 51)
      ) AS f (key, label, base, percent, count, n)
  ) AS b;

-- The band of an age that national statistics count by. An unborn child has no age; one who was
-- under 1 may have its age in days alone.
CREATE FUNCTION age_band(p_unborn boolean, p_years integer, p_days integer) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN p_unborn THEN 'unborn'
           WHEN p_years IS NULL AND p_days IS NULL THEN 'not_known'
           WHEN coalesce(p_years, 0) < 1 THEN 'under_1'
           WHEN p_years <= 5 THEN '1_to_5'
           WHEN p_years <= 10 THEN '6_to_10'
           WHEN p_years <= 15 THEN '11_to_15'
           WHEN p_years <= 17 THEN '16_to_17'
           ELSE '18_to_24'
         END
$$;
