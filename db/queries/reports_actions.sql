-- The action tracker: every action that had been agreed by the day, as it then stood.

-- name: report_counts_from_indexes
-- For the count of all actions: an index has every column that it asks for, where the planner, which takes
-- a disk to spin, would read the whole table. The page beside it is looked up row by row.
SELECT {{planned_by_indexes}},
       set_config('random_page_cost', '1.1', true) AS cost,
       set_config('work_mem', '16MB', true) AS memory;

-- name: tracked_filter
-- Of a review, or led on the day by an agency or by one that it has followed by then.
-- fragment
-- $1 as_of, $7 agency_id, $8 review_id
a.partnership_id = tenant()
AND a.agreed_on <= $1::date
AND ($8::uuid IS NULL OR a.review_id = $8::uuid)
AND ($7::uuid IS NULL OR a.id IN (
  SELECT l.action_id
    FROM action_lead AS l
   WHERE l.partnership_id = tenant()
     AND l.agency_id IN (
       SELECT g.id
         FROM agency AS g
        WHERE g.partnership_id = tenant()
          AND (g.id = $7::uuid OR agency_on(g.id, $1::date) = $7::uuid))
     AND l.leads_from <= $1::date
     AND (l.released_on IS NULL OR l.released_on > $1::date)))

-- name: tracked_today
-- Actions as they are. Nothing of the log of steps is read, because no step lies in the future.
-- fragment
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $6 rag, $7 agency_id, $8 review_id, $12 today
(SELECT s.*
   FROM (SELECT a.id, a.state, a.due_on,
                action_rag(a.state, a.due_on, a.due_on <> a.original_due_on, $1::date) AS rag
           FROM action AS a
          WHERE {{tracked_filter}}
            AND $1::date = $12::date) AS s
  CROSS JOIN {{report_period}}
  WHERE s.due_on BETWEEN period.starts_on AND period.ends_on
    AND ($5::text[] IS NULL OR s.state = ANY ($5::text[]))
    AND ($6::text[] IS NULL OR s.rag = ANY ($6::text[]))) AS t

-- name: tracked_then
-- Actions as of an earlier day: in their last state by then, and due on the date that held by then.
-- The log is read for those alone that have moved since. OFFSET 0 keeps the planner from working the state out
-- once for each time that the colour asks for it.
-- fragment
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $6 rag, $7 agency_id, $8 review_id, $12 today
(SELECT s.*
   FROM (SELECT c.id, c.state, c.due_on,
                action_rag(c.state, c.due_on, c.due_on <> c.original_due_on, $1::date) AS rag
           FROM (
             SELECT a.id,
                    a.original_due_on,
                    CASE
                      WHEN {{action_has_moved}}
                      THEN coalesce((
                        SELECT t.to_state
                          FROM transition AS t
                         WHERE t.partnership_id = tenant()
                           AND t.subject_id = a.id
                           AND t.happened_on <= $1::date
                         ORDER BY t.id DESC
                         LIMIT 1), 'not_started')
                      ELSE a.state
                    END AS state,
                    {{action_due_on_day}} AS due_on
               FROM action AS a
              WHERE {{tracked_filter}}
                AND $1::date < $12::date
             OFFSET 0) AS c) AS s
  CROSS JOIN {{report_period}}
  WHERE s.due_on BETWEEN period.starts_on AND period.ends_on
    AND ($5::text[] IS NULL OR s.state = ANY ($5::text[]))
    AND ($6::text[] IS NULL OR s.rag = ANY ($6::text[]))) AS t

-- name: tracked_after
-- Behind the page before.
-- fragment
-- $10 after_key, $11 after_id
(t.due_on, t.id) > (
  CASE WHEN $10::date IS NULL THEN '-infinity' ELSE $10::date END,
  CASE WHEN $11::uuid IS NULL THEN '00000000-0000-0000-0000-000000000000' ELSE $11::uuid END)

-- name: tracked_leads
-- Who leads an action on the day, by the names that they had when it was agreed, and what they have
-- become by then.
-- fragment
-- $1 as_of
(SELECT array_agg(CASE
                    WHEN now_is.id IS NULL OR now_is.id = g.id THEN then_was.name
                    ELSE then_was.name || ' (now ' || now_is.name || ')'
                  END ORDER BY g.slug)
   FROM action_lead AS l
   JOIN agency AS g ON g.partnership_id = l.partnership_id AND g.id = l.agency_id
   LEFT JOIN agency AS now_is
     ON now_is.partnership_id = g.partnership_id
    AND g.succeeded_by IS NOT NULL
    AND now_is.id = agency_on(g.id, $1::date)
  CROSS JOIN LATERAL (
    SELECT CASE
             WHEN g.succeeded_by IS NULL THEN g.name
             ELSE agency_name_on(g.id, a.agreed_on)
           END AS name) AS then_was
  WHERE l.partnership_id = a.partnership_id
    AND l.action_id = a.id
    AND l.leads_from <= $1::date
    AND (l.released_on IS NULL OR l.released_on > $1::date))

-- name: report_action_tracker
-- A page of the actions by their due dates, and how many of all of them have each colour and state.
-- What is raised with national bodies has no action and is told beside them.
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $6 rag, $7 agency_id, $8 review_id
-- $9 limit (one more than the page), $10 after_key, $11 after_id, $12 today
WITH before AS MATERIALIZED (SELECT t.* FROM {{tracked_then}}),
page AS (
  (SELECT t.* FROM {{tracked_today}} WHERE {{tracked_after}} ORDER BY t.due_on, t.id LIMIT $9::integer)
  UNION ALL
  (SELECT t.* FROM before AS t WHERE {{tracked_after}} ORDER BY t.due_on, t.id LIMIT $9::integer)),
shown AS (
  SELECT p.id,
         '/v1/actions/' || p.id AS link,
         v.reference AS review,
         r.number AS recommendation_number,
         a.number,
         a.text AS action,
         {{tracked_leads}} AS lead_agencies,
         a.responsibility,
         a.owner,
         p.due_on,
         a.original_due_on,
         p.state,
         p.rag,
         (SELECT count(*)
            FROM action_evidence AS e
           WHERE e.partnership_id = a.partnership_id
             AND e.action_id = a.id
             AND e."on" <= $1::date) AS evidence_count,
         checked."on" AS last_assurance_on,
         checked.outcome AS last_assurance_outcome,
         CASE
           WHEN p.state = 'complete_pending_assurance'
           THEN coalesce(CASE WHEN checked."on" >= completed.happened_on THEN checked.next_due_on END,
             (completed.evidence ->> 'next_assurance_on')::date,
             (completed.happened_on + make_interval(months => a.assurance_interval_months))::date)
         END AS next_assurance_on,
         a.level,
         a.impact_measure
    FROM page AS p
    JOIN action AS a ON a.partnership_id = tenant() AND a.id = p.id
    LEFT JOIN review AS v ON v.partnership_id = a.partnership_id AND v.id = a.review_id
    LEFT JOIN recommendation AS r
      ON r.partnership_id = a.partnership_id AND r.id = a.recommendation_id
    LEFT JOIN LATERAL (
      SELECT t.happened_on, t.evidence
        FROM transition AS t
       WHERE t.partnership_id = a.partnership_id
         AND t.subject_id = a.id
         AND t.to_state = 'complete_pending_assurance'
         AND t.happened_on <= $1::date
       ORDER BY t.id DESC
       LIMIT 1) AS completed ON true
    LEFT JOIN LATERAL (
      SELECT s."on", s.outcome, s.next_due_on
        FROM action_assurance AS s
       WHERE s.partnership_id = a.partnership_id
         AND s.action_id = a.id
         AND s."on" <= $1::date
       ORDER BY s."on" DESC, s.created_at DESC
       LIMIT 1) AS checked ON true),
counted AS (
  SELECT coalesce(sum(g.actions), 0)::bigint AS actions,
         coalesce(sum(g.actions) FILTER (WHERE g.rag = 'red'), 0)::bigint AS red,
         coalesce(sum(g.actions) FILTER (WHERE g.rag = 'amber'), 0)::bigint AS amber,
         coalesce(sum(g.actions) FILTER (WHERE g.rag = 'green'), 0)::bigint AS green,
         coalesce(sum(g.actions) FILTER (WHERE g.rag = 'blue'), 0)::bigint AS blue,
         coalesce(sum(g.actions) FILTER (WHERE g.rag = 'grey'), 0)::bigint AS grey,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'not_started'), 0)::bigint AS not_started,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'in_progress'), 0)::bigint AS in_progress,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'complete_pending_assurance'), 0)::bigint
           AS complete_pending_assurance,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'closed_assured'), 0)::bigint AS closed_assured,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'closed_unverified'), 0)::bigint
           AS closed_unverified,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'not_accepted'), 0)::bigint AS not_accepted,
         coalesce(sum(g.actions) FILTER (WHERE g.state = 'superseded'), 0)::bigint AS superseded
    FROM (SELECT t.state, t.rag, count(*) AS actions FROM {{tracked_today}} GROUP BY t.state, t.rag
          UNION ALL
          SELECT t.state, t.rag, count(*) FROM before AS t GROUP BY t.state, t.rag) AS g),
raised AS (
  SELECT count(*) AS raised, count(*) FILTER (WHERE r.responded_on <= $1::date) AS answered
    FROM recommendation AS r
   WHERE r.partnership_id = tenant()
     AND r.raised_on <= $1::date
     AND ($8::uuid IS NULL OR r.review_id = $8::uuid))
SELECT part.name AS "_part",
       s.id::text AS "_row",
       s.due_on AS "_key",
       s.id AS "_id",
       CASE
         WHEN part.name = 'note'
         THEN format('Recommendations raised with national bodies: %s, answered: %s. They have no local '
           || 'action or due date.', n.raised, n.answered)
       END AS "_note",
       s.link,
       s.review,
       s.recommendation_number,
       s.number,
       s.action,
       s.lead_agencies,
       s.responsibility,
       s.owner,
       s.due_on,
       s.original_due_on,
       s.state,
       s.rag,
       s.evidence_count,
       s.last_assurance_on,
       s.last_assurance_outcome,
       s.next_assurance_on,
       s.level,
       s.impact_measure,
       c.actions,
       c.red,
       c.amber,
       c.green,
       c.blue,
       c.grey,
       c.not_started,
       c.in_progress,
       c.complete_pending_assurance,
       c.closed_assured,
       c.closed_unverified,
       c.not_accepted,
       c.superseded
  FROM (VALUES ('row', 1), ('total', 2), ('note', 3)) AS part (name, position)
  LEFT JOIN shown AS s ON part.name = 'row'
  LEFT JOIN counted AS c ON part.name = 'total'
  LEFT JOIN raised AS n ON part.name = 'note'
 WHERE part.name <> 'row' OR s.id IS NOT NULL
 ORDER BY part.position, s.due_on, s.id;
