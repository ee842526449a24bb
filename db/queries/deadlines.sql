-- Deadlines: every clock of the partnership, whatever it belongs to, as it stands on a day.

-- name: deadline_columns
-- A clock on a day, with what it belongs to; what came after that day is left out.
-- fragment
-- $1 as_of
c.id,
c.subject,
c.subject_id,
c.resource_id,
c.incident_id,
i.local_ref,
CASE c.subject
  WHEN 'referral' THEN (
    SELECT r.reference
      FROM referral AS r
     WHERE r.partnership_id = c.partnership_id
       AND r.id = c.subject_id)
  WHEN 'review' THEN (
    SELECT r.reference
      FROM review AS r
     WHERE r.partnership_id = c.partnership_id
       AND r.id = c.subject_id)
  ELSE i.local_ref
END AS reference,
c.agency_id,
a.name AS agency,
c.owner,
c.kind,
c.basis,
c.duty,
c.rule,
c.starts_on,
c.start_event,
c.unit,
c.length,
c.due_on,
c.at_risk_on,
CASE WHEN c.completed_on <= $1::date THEN c.completed_on END AS completed_on,
CASE WHEN c.extended_until IS NULL THEN '[]'::jsonb ELSE (
  SELECT coalesce(jsonb_agg(e.item ORDER BY e.place), '[]')
    FROM jsonb_array_elements(c.extensions) WITH ORDINALITY AS e (item, place)
   WHERE (e.item ->> 'agreed_on')::date <= $1::date)
END AS extensions,
CASE WHEN c.extended_until IS NOT NULL THEN (
  SELECT max((e.item ->> 'until')::date)
    FROM jsonb_array_elements(c.extensions) AS e (item)
   WHERE (e.item ->> 'agreed_on')::date <= $1::date)
END AS extended_until,
c.calendar_version,
CASE
  WHEN c.kind = 'lcspr' THEN review_held_by(c.partnership_id, c.subject_id, $1::date)
END AS held_by,
c.paused AS "_paused",
{{deadline_cancelled}} AS "_cancelled",
{{deadline_state}} AS "_state",
coalesce(c.origin_id, c.id) AS "_origin_id",
c.revision AS "_revision",
instant_text(c.updated_at) AS "_updated_at",
c.due_on AS "_key",
c.id AS "_id"

-- name: deadline_joins
-- The reference of its incident and the name of who owes it, one probe each. LIMIT keeps the
-- planner from reading the whole table for a page whose length it does not know.
-- fragment
LEFT JOIN LATERAL (
  SELECT k.local_ref
    FROM incident AS k
   WHERE k.partnership_id = c.partnership_id
     AND k.id = c.incident_id
   LIMIT 1) AS i ON true
LEFT JOIN LATERAL (
  SELECT k.name
    FROM agency AS k
   WHERE k.partnership_id = c.partnership_id
     AND k.id = c.agency_id
   LIMIT 1) AS a ON true

-- name: deadline_cancelled
-- Whether it was cancelled by that day. Of a day before it was recorded we know what we know now.
-- fragment
-- $1 as_of
(c.cancelled_at IS NOT NULL
  AND (london_day(c.cancelled_at) <= $1::date OR $1::date < london_day(c.created_at)))

-- name: deadline_matches
-- Whether a clock stood on that day, and is one of those wanted. It stood from its start, or, where
-- it is counted backwards, from its recording. Of its versions the one stood that was the last one
-- on that day; before the first was recorded it is the last of all, because that is what we know.
-- CASE, as in incident_list.
-- fragment
-- $1 as_of, $5 state, $6 kind, $7 agency_id, $8 owner, $9 subject, $10 incident_id
CASE
  WHEN CASE WHEN c.length < 0 THEN london_day(c.created_at) <= $1::date
         ELSE c.starts_on <= $1::date END
   AND CASE
         WHEN c.superseded_at IS NOT NULL THEN london_day(c.created_at) <= $1::date
           AND $1::date < london_day(c.superseded_at)
         WHEN c.first_recorded_on IS NULL THEN true
         ELSE $1::date < c.first_recorded_on OR london_day(c.created_at) <= $1::date
       END
   AND ($6::text[] IS NULL OR c.kind = ANY ($6::text[]))
   AND ($7::uuid IS NULL OR c.agency_id = $7::uuid)
   AND ($8::text IS NULL OR c.owner = $8::text)
   AND ($9::text[] IS NULL OR c.subject = ANY ($9::text[]))
   AND ($10::uuid IS NULL OR c.incident_id = $10::uuid)
   AND ($5::text[] IS NULL
     OR {{deadline_state}} = ANY ($5::text[])
     OR ('at_risk' = ANY ($5::text[]) AND c.at_risk_on <= $1::date
       AND {{deadline_state}} = 'running'))
  THEN true
  ELSE false
END

-- name: deadline_state
-- fragment
-- $1 as_of
clock_state({{deadline_cancelled}}, c.completed_on, c.paused, c.due_on, $1::date)

-- name: deadline_list
-- On today or a later day, by due day: each standing has its own stretch of due days, so that a few
-- clocks of one are found among any number of others. A stretch begins where the page does or later,
-- in one condition: of two the index would take either for its start.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
-- $11 standings, $12 due_from, $13 due_until (arrays of one length)
SELECT {{deadline_columns}}
  FROM (
    SELECT c.*
      FROM unnest($11::text[], $12::date[], $13::date[]) AS w (standing, due_from, due_until)
     CROSS JOIN LATERAL (
       SELECT c.*
         FROM clock AS c
        WHERE c.partnership_id = tenant()
          AND clock_standing(c.superseded_at, c.cancelled_at, c.completed_on, c.paused, c.due_on)
                = w.standing
          AND (c.due_on, c.id) > (
            CASE WHEN $3::date IS NULL OR $3::date < w.due_from THEN w.due_from ELSE $3::date END,
            CASE WHEN $3::date IS NULL OR $3::date < w.due_from THEN '00000000-0000-0000-0000-000000000000'
              ELSE $4::uuid END)
          AND c.due_on >= w.due_from
          AND c.due_on <= w.due_until
          AND {{deadline_matches}}
        ORDER BY c.due_on, c.id
        LIMIT $2::integer) AS c
     ORDER BY c.due_on, c.id
     LIMIT $2::integer) AS c
  {{deadline_joins}}
 ORDER BY c.due_on, c.id;

-- name: deadline_list_past
-- On a past day, by due day: also what was superseded or done since.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
-- $11 due_from, $12 due_until
SELECT {{deadline_columns}}
  FROM (
    SELECT c.*
      FROM clock AS c
     WHERE c.partnership_id = tenant()
       AND c.revision >= 0
       AND (c.due_on, c.id) > (
         CASE WHEN $3::date IS NULL THEN '-infinity' ELSE $3::date END,
         CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
       AND c.due_on >= $11::date
       AND c.due_on <= $12::date
       AND {{deadline_matches}}
     ORDER BY c.due_on, c.id
     LIMIT $2::integer) AS c
  {{deadline_joins}}
 ORDER BY c.due_on, c.id;

-- name: deadline_list_of_incident
-- Those of one incident, by due day.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
-- $11 due_from, $12 due_until
SELECT {{deadline_columns}}
  FROM (
    SELECT c.*
      FROM (
        SELECT k.*
          FROM clock AS k
         WHERE k.partnership_id = tenant()
           AND k.incident_id = $10::uuid
        OFFSET 0) AS c
     WHERE (c.due_on, c.id) > (
         CASE WHEN $3::date IS NULL THEN '-infinity' ELSE $3::date END,
         CASE WHEN $4::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $4::uuid END)
       AND c.due_on >= $11::date
       AND c.due_on <= $12::date
       AND {{deadline_matches}}
     ORDER BY c.due_on, c.id
     LIMIT $2::integer) AS c
  {{deadline_joins}}
 ORDER BY c.due_on, c.id;

-- name: deadline_list_desc
-- On today or a later day, the latest first: each standing has its own stretch of due days, so that a few
-- clocks of one are found among any number of others. A stretch begins where the page does or later,
-- in one condition: of two the index would take either for its start.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
-- $11 standings, $12 due_from, $13 due_until (arrays of one length)
SELECT {{deadline_columns}}
  FROM (
    SELECT c.*
      FROM unnest($11::text[], $12::date[], $13::date[]) AS w (standing, due_from, due_until)
     CROSS JOIN LATERAL (
       SELECT c.*
         FROM clock AS c
        WHERE c.partnership_id = tenant()
          AND clock_standing(c.superseded_at, c.cancelled_at, c.completed_on, c.paused, c.due_on)
                = w.standing
          AND (c.due_on, c.id) < (
            CASE WHEN $3::date IS NULL OR $3::date > w.due_until THEN w.due_until ELSE $3::date END,
            CASE WHEN $3::date IS NULL OR $3::date > w.due_until THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff'
              ELSE $4::uuid END)
          AND c.due_on >= w.due_from
          AND c.due_on <= w.due_until
          AND {{deadline_matches}}
        ORDER BY c.due_on DESC, c.id DESC
        LIMIT $2::integer) AS c
     ORDER BY c.due_on DESC, c.id DESC
     LIMIT $2::integer) AS c
  {{deadline_joins}}
 ORDER BY c.due_on DESC, c.id DESC;

-- name: deadline_list_past_desc
-- On a past day, the latest first: also what was superseded or done since.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
-- $11 due_from, $12 due_until
SELECT {{deadline_columns}}
  FROM (
    SELECT c.*
      FROM clock AS c
     WHERE c.partnership_id = tenant()
       AND c.revision >= 0
       AND (c.due_on, c.id) < (
         CASE WHEN $3::date IS NULL THEN 'infinity' ELSE $3::date END,
         CASE WHEN $4::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $4::uuid END)
       AND c.due_on >= $11::date
       AND c.due_on <= $12::date
       AND {{deadline_matches}}
     ORDER BY c.due_on DESC, c.id DESC
     LIMIT $2::integer) AS c
  {{deadline_joins}}
 ORDER BY c.due_on DESC, c.id DESC;

-- name: deadline_list_of_incident_desc
-- Those of one incident, the latest first.
-- $1 as_of, $2 limit (one more than the page), $3 after_key, $4 after_id, $5 state, $6 kind
-- $7 agency_id, $8 owner, $9 subject, $10 incident_id
-- $11 due_from, $12 due_until
SELECT {{deadline_columns}}
  FROM (
    SELECT c.*
      FROM (
        SELECT k.*
          FROM clock AS k
         WHERE k.partnership_id = tenant()
           AND k.incident_id = $10::uuid
        OFFSET 0) AS c
     WHERE (c.due_on, c.id) < (
         CASE WHEN $3::date IS NULL THEN 'infinity' ELSE $3::date END,
         CASE WHEN $4::uuid IS NULL THEN 'ffffffff-ffff-ffff-ffff-ffffffffffff' ELSE $4::uuid END)
       AND c.due_on >= $11::date
       AND c.due_on <= $12::date
       AND {{deadline_matches}}
     ORDER BY c.due_on DESC, c.id DESC
     LIMIT $2::integer) AS c
  {{deadline_joins}}
 ORDER BY c.due_on DESC, c.id DESC;

-- name: deadline_get
-- One clock as it stands, with its earlier versions, the oldest first.
-- $1 as_of, $2 clock_id
SELECT {{deadline_columns}},
       instant_text(c.superseded_at) AS superseded_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'id', v.id,
                 'starts_on', v.starts_on,
                 'start_event', v.start_event,
                 'basis', v.basis,
                 'due_on', v.due_on,
                 'calendar_version', v.calendar_version,
                 'created_at', instant_text(v.created_at),
                 'superseded_at', instant_text(v.superseded_at))
                 ORDER BY v.revision, v.created_at), '[]')
          FROM clock AS v
         WHERE v.partnership_id = c.partnership_id
           AND v.subject_id = c.subject_id
           AND v.kind = c.kind
           AND coalesce(v.origin_id, v.id) = coalesce(c.origin_id, c.id)
           AND v.revision < c.revision) AS earlier
  FROM clock AS c
  {{deadline_joins}}
 WHERE c.partnership_id = tenant()
   AND c.id = $2::uuid;

-- name: clock_extend
-- One more day that was agreed, on a clock that is open and due when it was read. The day of the agreement
-- is the caller's and may be long past; when we were told of it is ours.
-- $1 clock_id, $2 due_on, $3 extension (json object: until, reason, by, agreed_on)
WITH extended AS (
  UPDATE clock AS c
     SET extensions = c.extensions || jsonb_build_array(
           $3::jsonb || jsonb_build_object('recorded_at', instant_text(now()))),
         extended_until = greatest(c.extended_until, ($3::jsonb ->> 'until')::date)
   WHERE c.partnership_id = tenant()
     AND c.id = $1::uuid
     AND c.due_on = $2::date
     AND c.superseded_at IS NULL
     AND c.cancelled_at IS NULL
     AND c.completed_on IS NULL
  RETURNING c.id
)
SELECT require_one(count(e.id)) AS extended
  FROM extended AS e;

-- name: clock_exists
-- A row when the caller may see the clock.
-- $1 clock_id
SELECT c.id
  FROM clock AS c
 WHERE c.partnership_id = tenant()
   AND c.id = $1::uuid;

-- name: clock_extensions
-- What has been agreed for a clock.
-- stored
-- $1 clock_id
SELECT c.id AS clock_id,
       c.due_on,
       c.extended_until,
       c.extensions,
       jsonb_array_length(c.extensions) AS version
  FROM clock AS c
 WHERE c.partnership_id = tenant()
   AND c.id = $1::uuid;
