-- Rapid reviews: each is opened by the notification of a serious incident, and by nothing else.

CREATE TABLE rapid_review (
  partnership_id uuid NOT NULL REFERENCES partnership (id),
  id uuid NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  state text NOT NULL CHECK (state <> ''),
  incident_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  notified_on date NOT NULL,
  facts_established text,
  analysis text,
  improvements text,
  good_practice text,
  child_and_family_voice text,
  context text,
  immediate_action text,
  immediate_learning text,
  parallel_proceedings text,
  national_issue boolean,
  national_issue_reason text,
  created_by_agency_id uuid NOT NULL, -- the incident's, for the policy below
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  FOREIGN KEY (partnership_id, notification_id) REFERENCES notification (partnership_id, id)
);
CREATE UNIQUE INDEX rapid_review_one_of_incident ON rapid_review (partnership_id, incident_id)
  WHERE state <> 'lapsed';
CREATE INDEX rapid_review_incident ON rapid_review (partnership_id, incident_id);
CREATE INDEX rapid_review_created_at ON rapid_review (partnership_id, created_at, id);

CREATE TRIGGER rapid_review_record_change
  AFTER INSERT OR UPDATE ON rapid_review
  FOR EACH ROW EXECUTE FUNCTION record_change('id');

-- What was notified before has a rapid review too, and its clock is the rapid review's. The owner
-- of the tables is held to their policies while they are forced, and would find nothing.
ALTER TABLE clock NO FORCE ROW LEVEL SECURITY;
ALTER TABLE notification NO FORCE ROW LEVEL SECURITY;
ALTER TABLE incident NO FORCE ROW LEVEL SECURITY;
INSERT INTO rapid_review (partnership_id, id, version, state, incident_id, notification_id,
  notified_on, created_by_agency_id, created_at, updated_at)
SELECT n.partnership_id, gen_random_uuid(), 1,
       CASE WHEN i.state = 'withdrawn' THEN 'lapsed' ELSE 'opened' END, n.incident_id, n.id,
       n.notified_on, i.created_by_agency_id, now(), now()
  FROM notification AS n
  JOIN incident AS i ON i.partnership_id = n.partnership_id AND i.id = n.incident_id
 WHERE n.kind = 'serious_incident';
UPDATE clock AS c
   SET subject = 'rapid_review',
       subject_id = r.id
  FROM rapid_review AS r
 WHERE r.partnership_id = c.partnership_id
   AND r.incident_id = c.incident_id
   AND c.kind = 'rapid_review';
ALTER TABLE clock FORCE ROW LEVEL SECURITY;
ALTER TABLE notification FORCE ROW LEVEL SECURITY;
ALTER TABLE incident FORCE ROW LEVEL SECURITY;

ALTER TABLE rapid_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE rapid_review FORCE ROW LEVEL SECURITY;
CREATE POLICY own_partnership ON rapid_review TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR created_by_agency_id = own_agency()));
GRANT SELECT, INSERT, UPDATE ON rapid_review TO cspr_api;
