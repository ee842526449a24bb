-- role: dispatch
-- What the watch asks on behalf of all who wait for events.

-- name: feed_watch_extend
-- Has whoever writes an event notify for a while.
UPDATE feed_watch
   SET watched_until = now() + interval '15 seconds';

-- name: event_news
-- The newest event that can be seen of each of these partnerships, and whether there are some that
-- cannot be yet.
-- $1 partnership_ids (uuid array)
SELECT p.id AS partnership_id,
       newest.place AS newest,
       EXISTS (
         SELECT
           FROM event AS e
          WHERE e.partnership_id = p.id
            AND (e.epoch, e.transaction_id) >= (horizon.epoch, horizon.transaction_id)) AS pending
  FROM (SELECT feed_epoch() AS epoch,
               pg_snapshot_xmin(pg_current_snapshot()) AS transaction_id) AS horizon
 CROSS JOIN unnest($1::uuid[]) AS p (id)
  LEFT JOIN LATERAL (
    SELECT e.epoch || '.' || e.transaction_id || '.' || e.position AS place
      FROM event AS e
     WHERE e.partnership_id = p.id
       AND (e.epoch, e.transaction_id) < (horizon.epoch, horizon.transaction_id)
     ORDER BY e.epoch DESC, e.transaction_id DESC, e.position DESC
     LIMIT 1) AS newest ON true;
