-- The themes of reviews and incidents: who coded them, by what, and what follows from the records of
-- children.

CREATE TABLE review_theme (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  theme_id uuid NOT NULL,
  evidence text,
  coded_by text NOT NULL CHECK (coded_by <> ''),
  coded_on date NOT NULL,
  removed_on date, -- nothing is deleted
  removed_by text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id),
  CONSTRAINT review_theme_theme FOREIGN KEY (partnership_id, theme_id)
    REFERENCES theme (partnership_id, id)
);
CREATE UNIQUE INDEX review_theme_once ON review_theme (partnership_id, review_id, theme_id)
  WHERE removed_on IS NULL;
CREATE INDEX review_theme_theme ON review_theme (partnership_id, theme_id, review_id)
  INCLUDE (coded_on, removed_on);

CREATE TABLE incident_theme (
  partnership_id uuid NOT NULL,
  incident_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  theme_id uuid NOT NULL,
  evidence text,
  coded_by text NOT NULL CHECK (coded_by <> ''),
  coded_on date NOT NULL,
  removed_on date,
  removed_by text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, incident_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  CONSTRAINT incident_theme_theme FOREIGN KEY (partnership_id, theme_id)
    REFERENCES theme (partnership_id, id)
);
CREATE UNIQUE INDEX incident_theme_once ON incident_theme (partnership_id, incident_id, theme_id)
  WHERE removed_on IS NULL;
CREATE INDEX incident_theme_theme ON incident_theme (partnership_id, theme_id, incident_id)
  INCLUDE (coded_on, removed_on);

CREATE TRIGGER review_theme_record_change
  AFTER INSERT OR UPDATE ON review_theme
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
CREATE TRIGGER incident_theme_record_change
  AFTER INSERT OR UPDATE ON incident_theme
  FOR EACH ROW EXECUTE FUNCTION record_change('incident_id');

-- Whether something that was coded stood on a day.
CREATE FUNCTION coding_stands(p_coded_on date, p_removed_on date, p_day date) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT p_coded_on <= p_day AND coalesce(p_removed_on > p_day, true) $$;

-- Whether a review that was linked to an incident was so on a day; the link itself has no day.
CREATE FUNCTION link_stands(p_removed_at timestamptz, p_day date) RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT p_removed_at IS NULL OR (p_removed_at AT TIME ZONE 'Europe/London')::date > p_day
$$;

-- Whether a demographic theme follows from the record of a child: aged under one at the incident and
-- born; or of a recorded ethnic group other than White British.
CREATE FUNCTION child_has_theme(
  p_derivation text, p_white_other_counts boolean, p_unborn boolean, p_age_years integer,
  p_age_days integer, p_ethnicity text
) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE p_derivation
           WHEN 'under_1' THEN
             p_unborn IS NOT TRUE
             AND coalesce(p_age_years = 0, p_age_days IS NOT NULL)
           WHEN 'black_and_minoritised' THEN
             coalesce(
               p_ethnicity NOT IN ('WBRI', 'REFU', 'NOBT', 'not_known')
                 AND (p_white_other_counts
                   OR p_ethnicity NOT IN ('WIRI', 'WIRT', 'WROM', 'WOTH')),
               false)
         END
$$;

ALTER TABLE review_theme ENABLE ROW LEVEL SECURITY;
ALTER TABLE review_theme FORCE ROW LEVEL SECURITY;
ALTER TABLE incident_theme ENABLE ROW LEVEL SECURITY;
ALTER TABLE incident_theme FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON review_theme TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY own_partnership ON incident_theme TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY not_restricted ON review_theme AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE review_is_open_to_caller(review_id)
         END);
CREATE POLICY not_restricted ON incident_theme AS RESTRICTIVE TO cspr_api
  USING (is_open_to_caller(incident_id));
GRANT SELECT, INSERT, UPDATE ON review_theme, incident_theme TO cspr_api;
