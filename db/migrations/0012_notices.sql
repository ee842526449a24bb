-- Notifications that follow the first: updates and withdrawals, and the facts as each told them.

ALTER TABLE notification
  DROP CONSTRAINT notification_once,
  ADD COLUMN changes text,
  -- What was told stays to be shown when the facts change; null where it was not kept yet.
  ADD COLUMN nature_as_notified text,
  ADD COLUMN as_notified jsonb;
-- The DfE takes one notification for an incident, however many children it has. What follows it is
-- told as often as there is news.
CREATE UNIQUE INDEX notification_once ON notification (partnership_id, incident_id, kind)
  WHERE kind NOT IN ('update', 'withdrawal');
CREATE INDEX notification_incident ON notification (partnership_id, incident_id, created_at, id);

-- The recipients in law are told of these too. The owner of the table is bound by its policies, of
-- which none is for it, so they are set aside for the one statement.
ALTER TABLE webhook_endpoint NO FORCE ROW LEVEL SECURITY;
UPDATE webhook_endpoint
   SET event_types = event_types
         || '{incident.notification_updated,incident.notification_withdrawn}'
 WHERE recipient IS NOT NULL
   AND NOT event_types && '{incident.notification_updated,incident.notification_withdrawn}';
ALTER TABLE webhook_endpoint FORCE ROW LEVEL SECURITY;
