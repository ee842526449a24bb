-- What has been delivered and is sent again keeps an order of its own: a receiver that refuses what it has
-- already would else keep from it whatever the incident's next notifications say, until the last attempt.
ALTER TABLE delivery
  ADD COLUMN is_repeat boolean NOT NULL GENERATED ALWAYS AS (first_delivered_at IS NOT NULL) STORED;
DROP INDEX delivery_order;
CREATE INDEX delivery_order ON delivery (partnership_id, endpoint_id, incident_id, is_repeat, sequence)
  WHERE state = 'pending';
