-- role: dispatch
-- What the dispatcher does to clocks as time passes and calendars change; the functions say how.

-- name: sweep_announce
-- $1 link (where the service is reached), $2 limit
SELECT deadlines_announce($1::text, $2::integer) AS done;

-- name: sweep_outdated
-- Open clocks that an older calendar counted.
-- $1 limit
SELECT o.partnership_id,
       o.id,
       o.unit,
       o.length,
       o.agreed,
       o.starts_on,
       o.due_on,
       o.calendar_version
  FROM deadlines_outdated($1::integer) AS o;

-- name: sweep_calendar
-- The calendar as it stands: each bank holiday, with the version.
SELECT h.date,
       s.version
  FROM calendar_state AS s
 CROSS JOIN bank_holiday AS h
 ORDER BY h.date;

-- name: sweep_recount
-- $1 counted (json array), $2 link
SELECT deadlines_recount($1::jsonb, $2::text) AS done;
