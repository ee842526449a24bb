-- What a review found, in pieces that are short enough to be put together for whoever is told of it.

CREATE TABLE review_finding (
  partnership_id uuid NOT NULL,
  review_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  kind text NOT NULL CHECK (kind <> ''),
  text text NOT NULL CHECK (text <> ''),
  url text,
  position integer NOT NULL CHECK (position > 0),
  theme_id uuid,
  agency_id uuid, -- the one agency that it is about; null: it is not about one alone
  identifying boolean NOT NULL,
  embargoed boolean NOT NULL,
  embargo_review_by date,
  withdrawn_on date,
  withdrawn_reason text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, review_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id),
  CONSTRAINT review_finding_agency FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id),
  CONSTRAINT review_finding_theme FOREIGN KEY (partnership_id, theme_id)
    REFERENCES theme (partnership_id, id)
);

CREATE TRIGGER review_finding_record_change
  AFTER INSERT OR UPDATE ON review_finding
  FOR EACH ROW EXECUTE FUNCTION record_change('review_id');
ALTER TABLE review_finding ENABLE ROW LEVEL SECURITY;
ALTER TABLE review_finding FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON review_finding TO cspr_api
  USING (partnership_id = tenant() AND own_agency() IS NULL);
CREATE POLICY not_restricted_by_review ON review_finding AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE review_is_open_to_caller(review_id)
         END);
GRANT SELECT, INSERT, UPDATE ON review_finding TO cspr_api;
