-- Notifications of incidents, the recipients that the law names, and the proof each has given.

CREATE TABLE notification (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  incident_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  kind text NOT NULL,
  transmission text NOT NULL,
  notified_on date NOT NULL,
  rule text NOT NULL,
  note text,
  event_id uuid,
  created_by_key_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  FOREIGN KEY (partnership_id, incident_id) REFERENCES incident (partnership_id, id),
  -- The DfE takes one notification for an incident, however many children it has.
  CONSTRAINT notification_once UNIQUE (partnership_id, incident_id, kind)
);
CREATE INDEX notification_created ON notification (partnership_id, created_at DESC, id DESC);

CREATE TABLE notification_recipient (
  partnership_id uuid NOT NULL,
  notification_id uuid NOT NULL,
  recipient text NOT NULL,
  PRIMARY KEY (partnership_id, notification_id, recipient),
  FOREIGN KEY (partnership_id, notification_id) REFERENCES notification (partnership_id, id)
);

-- What counts in law: the reference that a recipient gave, when, to whom and how.
CREATE TABLE acknowledgement (
  partnership_id uuid NOT NULL,
  id uuid NOT NULL,
  notification_id uuid NOT NULL,
  recipient text NOT NULL,
  reference text,
  acknowledged_on date NOT NULL,
  acknowledged_by text,
  channel text NOT NULL,
  document_sha256 text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (partnership_id, id),
  CONSTRAINT acknowledgement_recipient
    FOREIGN KEY (partnership_id, notification_id, recipient)
    REFERENCES notification_recipient (partnership_id, notification_id, recipient)
);
CREATE INDEX acknowledgement_notification ON acknowledgement (partnership_id, notification_id);

ALTER TABLE notification ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification FORCE ROW LEVEL SECURITY;
ALTER TABLE notification_recipient ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_recipient FORCE ROW LEVEL SECURITY;
ALTER TABLE acknowledgement ENABLE ROW LEVEL SECURITY;
ALTER TABLE acknowledgement FORCE ROW LEVEL SECURITY;

CREATE POLICY own_partnership ON notification TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM incident AS i
       WHERE i.partnership_id = notification.partnership_id AND i.id = notification.incident_id)));
CREATE POLICY own_partnership ON notification_recipient TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM notification AS n
       WHERE n.partnership_id = notification_recipient.partnership_id
         AND n.id = notification_recipient.notification_id)));
CREATE POLICY own_partnership ON acknowledgement TO cspr_api
  USING (partnership_id = tenant()
    AND (own_agency() IS NULL OR EXISTS (
      SELECT FROM notification AS n
       WHERE n.partnership_id = acknowledgement.partnership_id
         AND n.id = acknowledgement.notification_id)));

GRANT SELECT, INSERT, UPDATE ON notification TO cspr_api;
GRANT SELECT, INSERT ON notification_recipient, acknowledgement TO cspr_api;
