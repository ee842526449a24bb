-- Publication: what runs beside a review, embargoes, the plan and the day of publication, who is
-- told before it, and what follows: assurance and dissemination.

-- Who is told before publication: those in law by webhook, everybody else as the partnership does.
CREATE TABLE publication_recipient (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  code text NOT NULL CHECK (code <> ''),
  label text NOT NULL CHECK (label <> ''),
  in_law boolean NOT NULL DEFAULT false,
  told_by text NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (partnership_id, code)
);

-- Another process that runs beside a review; none takes precedence by itself.
CREATE TABLE review_proceeding (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  review_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  type text NOT NULL,
  body text,
  reference text,
  opened_on date,
  expected_end_on date,
  ended_on date,
  outcome text,
  affects_publication boolean NOT NULL,
  affects_interviews boolean NOT NULL,
  last_checked_on date,
  contact_role text,
  note text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);
CREATE INDEX review_proceeding_review ON review_proceeding (partnership_id, review_id, created_at, id);

CREATE TABLE review_embargo (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  review_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  reason text NOT NULL,
  embargoed_on date NOT NULL,
  -- Who holds it: an agency, or a role.
  agency_id uuid,
  owner text,
  review_by date NOT NULL,
  other_reason_until date,
  lifted_on date,
  lift_reason text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id),
  CONSTRAINT review_embargo_holder FOREIGN KEY (partnership_id, agency_id)
    REFERENCES agency (partnership_id, id),
  CONSTRAINT review_embargo_held CHECK (num_nonnulls(agency_id, owner) > 0),
  CONSTRAINT review_embargo_lifted CHECK ((lifted_on IS NULL) = (lift_reason IS NULL))
);
CREATE INDEX review_embargo_review ON review_embargo (partnership_id, review_id, created_at, id);

-- The plan of a review's publication and what came of it; its id is the review's.
CREATE TABLE review_publication (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  form text,
  planned_on date,
  reason text,
  decided_by text,
  panel_told_on date,
  url text,
  on_website_until date,
  nspcc_submitted_on date,
  media_plan text,
  cabinet_member_told_on date,
  -- Why it may be published before the notice has run, and who decided that.
  override jsonb,
  report_sha256 text,
  notice_given_on date,
  earliest_publication_on date,
  published_on date,
  not_published_on date,
  assurance_interval_months integer,
  first_check_due_on date,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, id) REFERENCES review (partnership_id, id),
  CHECK (published_on IS NULL OR not_published_on IS NULL)
);

CREATE TABLE review_publication_notice (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  review_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  recipient text NOT NULL,
  -- As the recipient was told.
  planned_on date,
  sent_on date NOT NULL,
  channel text NOT NULL,
  event_id uuid,
  acknowledged_on date,
  acknowledged_by text,
  reference text,
  note text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id),
  CONSTRAINT review_publication_notice_recipient FOREIGN KEY (partnership_id, recipient)
    REFERENCES publication_recipient (partnership_id, code),
  CONSTRAINT review_publication_notice_once
    UNIQUE (partnership_id, review_id, recipient, sent_on, channel)
);
CREATE INDEX review_publication_notice_event ON review_publication_notice (partnership_id, event_id)
  WHERE event_id IS NOT NULL;

CREATE TABLE review_assurance_check (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  review_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  checked_on date NOT NULL,
  by_role text NOT NULL,
  finding text NOT NULL,
  satisfied boolean NOT NULL,
  next_due_on date,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);
CREATE INDEX review_assurance_check_review
  ON review_assurance_check (partnership_id, review_id, created_at, id);

CREATE TABLE review_dissemination (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  review_id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  kind text NOT NULL,
  held_on date NOT NULL,
  audience text,
  attendance integer CHECK (attendance >= 0),
  learning_and_development_told_on date,
  note text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, review_id) REFERENCES review (partnership_id, id)
);
CREATE INDEX review_dissemination_review
  ON review_dissemination (partnership_id, review_id, created_at, id);

-- Exactly one for every review, whatever its state: the figures of a partnership sum up. What is
-- complete and embargoed counts as embargoed also before it is said to be so.
CREATE FUNCTION publication_status(
  state text, form text, published_on date, is_embargoed boolean
) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT CASE
           WHEN state IN ('discontinued', 'not_stated') THEN state
           WHEN state = 'embargoed' THEN 'embargoed'
           WHEN state IN ('signed_off', 'notice_given') AND is_embargoed THEN 'embargoed'
           WHEN state IN ('signed_off', 'notice_given') THEN 'complete_unpublished'
           WHEN state NOT IN ('published', 'not_published', 'assurance', 'closed')
             THEN 'in_progress'
           WHEN published_on IS NULL THEN 'not_published'
           WHEN form = 'full' THEN 'published_full'
           ELSE 'published_other_form'
         END
$$;

-- The kinds of proceedings that hold up a review's publication on a day; null when none does.
CREATE FUNCTION review_held_by(p_partnership_id uuid, p_review_id uuid, p_on date) RETURNS json
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT json_agg(DISTINCT p.type ORDER BY p.type)
    FROM review_proceeding AS p
   WHERE p.partnership_id = p_partnership_id
     AND p.review_id = p_review_id
     AND p.affects_publication
     AND coalesce(p.opened_on <= p_on, true)
     AND coalesce(p.ended_on > p_on, true)
$$;

DO $$
DECLARE
  part text;
BEGIN
  FOREACH part IN ARRAY ARRAY['review_proceeding', 'review_embargo', 'review_publication_notice',
    'review_assurance_check', 'review_dissemination']
  LOOP
    EXECUTE format('CREATE TRIGGER %1$s_record_change AFTER INSERT OR UPDATE ON %1$s
      FOR EACH ROW EXECUTE FUNCTION record_change(''review_id'')', part);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', part);
    -- Whoever sees the review sees what holds it, so that its facts are the same for everybody.
    EXECUTE format('CREATE POLICY own_partnership ON %1$s TO cspr_api
      USING (partnership_id = tenant() AND (own_agency() IS NULL OR EXISTS (
        SELECT FROM review AS r
         WHERE r.partnership_id = %1$s.partnership_id AND r.id = %1$s.review_id)))', part);
    -- An agency with a conflict of interest finds nothing of it either.
    EXECUTE format('CREATE POLICY not_restricted_by_review ON %s AS RESTRICTIVE TO cspr_api
      USING (CASE
               WHEN coalesce(current_setting(''app.hidden_incidents'', true), '''') = '''' THEN true
               ELSE review_is_open_to_caller(review_id)
             END)', part);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %s TO cspr_api', part);
  END LOOP;
END $$;

CREATE TRIGGER review_publication_record_change
  AFTER INSERT OR UPDATE ON review_publication
  FOR EACH ROW EXECUTE FUNCTION record_change('id');
ALTER TABLE review_publication ENABLE ROW LEVEL SECURITY;
ALTER TABLE review_publication FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON review_publication TO cspr_api
  USING (partnership_id = tenant() AND (own_agency() IS NULL OR EXISTS (
    SELECT FROM review AS r
     WHERE r.partnership_id = review_publication.partnership_id AND r.id = review_publication.id)));
CREATE POLICY not_restricted_by_review ON review_publication AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE review_is_open_to_caller(id)
         END);
GRANT SELECT, INSERT, UPDATE ON review_publication TO cspr_api;

-- An endpoint that is set late gets the notices that were sent before.
CREATE POLICY all_partnerships ON review_publication_notice TO cspr_admin USING (true);
GRANT SELECT ON review_publication_notice TO cspr_admin;

CREATE FUNCTION publication_recipients_default(p_partnership_id uuid) RETURNS void
  LANGUAGE sql SET search_path = public, pg_temp
  AS $$
  INSERT INTO publication_recipient (partnership_id, code, label, in_law, told_by, position)
  SELECT p_partnership_id, d.code, d.label, d.told_by = 'webhook', d.told_by, d.position
    FROM (VALUES
      ('panel', 'Child Safeguarding Practice Review Panel', 'webhook', 1),
      ('dfe', 'Department for Education, for the Secretary of State', 'webhook', 2),
      ('ofsted', 'Ofsted', 'webhook', 3),
      ('cabinet_member', 'Cabinet member, by the chair of the partnership', 'meeting', 4),
      ('council_leader', 'Leader of the council', 'email', 5),
      ('council_chief_executive', 'Chief executive of the council', 'email', 6),
      ('childrens_trust_chief_executive', 'Chief executive of the children''s trust', 'email', 7),
      ('police_and_crime_commissioner', 'Police and crime commissioner', 'email', 8),
      ('integrated_care_board', 'Integrated care board', 'email', 9)
    ) AS d (code, label, told_by, position)
$$;
CREATE FUNCTION publication_recipients_created() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  PERFORM publication_recipients_default(NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER publication_recipients_created
  AFTER INSERT ON partnership
  FOR EACH ROW EXECUTE FUNCTION publication_recipients_created();
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION publication_recipients_created() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
-- The owner of a table is bound by its policies while they are forced.
ALTER TABLE partnership NO FORCE ROW LEVEL SECURITY;
SELECT publication_recipients_default(p.id)
  FROM partnership AS p;
ALTER TABLE partnership FORCE ROW LEVEL SECURITY;
ALTER TABLE publication_recipient ENABLE ROW LEVEL SECURITY;
ALTER TABLE publication_recipient FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON publication_recipient TO cspr_api USING (partnership_id = tenant());
CREATE POLICY all_partnerships ON publication_recipient TO cspr_admin USING (true);
GRANT SELECT ON publication_recipient TO cspr_api;
GRANT SELECT, INSERT ON publication_recipient TO cspr_admin;

-- The endpoints of the recipients in law take the notice of a publication too.
ALTER TABLE webhook_endpoint NO FORCE ROW LEVEL SECURITY;
UPDATE webhook_endpoint AS e
   SET event_types = e.event_types || '{review.publication_notice}'
 WHERE e.recipient IS NOT NULL
   AND NOT 'review.publication_notice' = ANY (e.event_types);
ALTER TABLE webhook_endpoint FORCE ROW LEVEL SECURITY;

-- Due on the day that was agreed; the length says what is usual.
INSERT INTO default_clock_policy (kind, basis, start_event, unit, length, source)
VALUES
  ('embargo_review', 'agreed_review_by', 'embargo agreed',
    'month', 3, 'local procedure of the partnership');
