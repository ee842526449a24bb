-- The feed of events: a place for each, in an order that nobody who reads it behind a cursor can miss
-- anything of (docs/adr/0017).
--
-- A place is (epoch, transaction_id, position). Positions alone would not do, because they are given
-- out before their transactions become visible. The number of the transaction would, but for two
-- traps: it begins again in a cluster that the database is restored into, and what a failover has
-- lost is given out a second time. The epoch counts both.

-- Each cluster that the database has lived in, in order. A restore brings its rows along, and the first
-- event after it adds the new cluster's.
CREATE TABLE feed_cluster (
  number integer PRIMARY KEY CHECK (number > 0),
  system_identifier bigint NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT now()
);
-- Until when somebody waits for events; nobody is notified after that.
CREATE TABLE feed_watch (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  watched_until timestamptz NOT NULL DEFAULT '2000-01-01'
);
INSERT INTO feed_watch DEFAULT VALUES;

-- The cluster's number, and within it the timeline, which every failover and recovery begins anew.
-- Nothing of an earlier epoch can still be under way.
CREATE FUNCTION feed_epoch_of(p_number integer) RETURNS bigint
  LANGUAGE sql STABLE
  AS $$
  SELECT (p_number::bigint << 32) + ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint
$$;

-- The epoch that an event written now belongs to, or one that is further on.
CREATE FUNCTION feed_epoch() RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  last feed_cluster;
BEGIN
  SELECT c.* INTO last FROM feed_cluster AS c ORDER BY c.number DESC LIMIT 1;
  RETURN feed_epoch_of(coalesce(last.number, 0)
    + CASE WHEN last.system_identifier = (SELECT s.system_identifier FROM pg_control_system() AS s)
        THEN 0 ELSE 1 END);
END $$;

-- The same for who writes: a cluster that is new gets its number. It is the last one's that counts, so
-- that a database which comes back to an earlier cluster moves on too.
CREATE FUNCTION feed_epoch_to_write() RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  here bigint := (SELECT s.system_identifier FROM pg_control_system() AS s);
  last feed_cluster;
BEGIN
  LOOP
    SELECT c.* INTO last FROM feed_cluster AS c ORDER BY c.number DESC LIMIT 1;
    IF last.system_identifier = here THEN
      RETURN feed_epoch_of(last.number);
    END IF;
    INSERT INTO feed_cluster (number, system_identifier)
    VALUES (coalesce(last.number, 0) + 1, here)
    ON CONFLICT DO NOTHING;
  END LOOP;
END $$;

-- What was written before there was a feed comes first, in the order that it had.
ALTER TABLE event ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE event ALTER COLUMN epoch DROP DEFAULT;
DROP INDEX event_position;
CREATE UNIQUE INDEX event_place ON event (partnership_id, epoch, transaction_id, position);

-- Of one incident the feed has the order of its sequence. The transaction that came to the incident
-- second may have begun first and have the lower number: its event then takes the number of the one
-- before. That is never lower than its own, so nothing passes it while it is under way.
CREATE FUNCTION event_take_place() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
DECLARE
  before record;
BEGIN
  NEW.epoch := feed_epoch_to_write();
  NEW.transaction_id := pg_current_xact_id();
  IF NEW.incident_id IS NOT NULL THEN
    SELECT e.epoch, e.transaction_id
      INTO before
      FROM event AS e
     WHERE e.partnership_id = NEW.partnership_id
       AND e.incident_id = NEW.incident_id
     ORDER BY e.sequence DESC
     LIMIT 1;
    IF FOUND AND before.epoch = NEW.epoch AND before.transaction_id > NEW.transaction_id THEN
      NEW.transaction_id := before.transaction_id;
    END IF;
  END IF;
  -- Whoever commits with a notification waits for who does so before; nobody waits for nobody.
  IF EXISTS (SELECT FROM feed_watch AS w WHERE w.watched_until > now()) THEN
    PERFORM pg_notify('cspr_event', NEW.partnership_id::text);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER event_take_place BEFORE INSERT ON event
  FOR EACH ROW EXECUTE FUNCTION event_take_place();

-- What an agency is kept from it hears nothing of, by whatever the event is about: a review of several
-- incidents has the first one's id alone.
CREATE FUNCTION event_is_open(p_incident_id uuid, p_body text) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
DECLARE
  data jsonb;
BEGIN
  IF NOT is_open_to_caller(p_incident_id) THEN
    RETURN false;
  END IF;
  IF coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN
    RETURN true;
  END IF;
  data := p_body::jsonb -> 'data';
  RETURN (data ->> 'review_id' IS NULL OR review_is_open_to_caller((data ->> 'review_id')::uuid))
    AND (data ->> 'rapid_review_id' IS NULL
      OR rapid_review_is_open_to_caller((data ->> 'rapid_review_id')::uuid))
    AND (data ->> 'action_id' IS NULL OR action_is_open_to_caller((data ->> 'action_id')::uuid))
    AND (data ->> 'recommendation_id' IS NULL OR EXISTS (
      SELECT
        FROM recommendation AS r
       WHERE r.partnership_id = tenant()
         AND r.id = (data ->> 'recommendation_id')::uuid))
    AND (data ->> 'subject_id' IS NULL
      OR clock_subject_is_open(data ->> 'subject', (data ->> 'subject_id')::uuid));
END $$;
CREATE POLICY event_not_limited ON event AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (CASE WHEN sees_all() THEN true ELSE event_is_open(incident_id, body) END);

REVOKE ALL ON FUNCTION feed_epoch() FROM PUBLIC;
REVOKE ALL ON FUNCTION feed_epoch_to_write() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION feed_epoch() TO cspr_api, cspr_dispatch;
GRANT EXECUTE ON FUNCTION feed_epoch_to_write() TO cspr_api, cspr_admin, cspr_dispatch;
GRANT SELECT ON feed_watch TO cspr_api, cspr_admin, cspr_dispatch;
GRANT UPDATE (watched_until) ON feed_watch TO cspr_dispatch;
GRANT SELECT (epoch, transaction_id, position) ON event TO cspr_dispatch;
