-- The action tracker: every action that had been agreed by the day, as it then stood.

-- name: report_counts_from_indexes
-- For the count of all actions: an index has every column that it asks for, where the planner, which takes
-- a disk to spin, would read the whole table. The page beside it is looked up row by row.
SELECT {{planned_by_indexes}},
       set_config('random_page_cost', '1.1', true) AS cost,
       set_config('work_mem', '16MB', true) AS memory;

-- name: tracked_filter
-- How an action s stood on the day, where it is due in the period and asked for: of a review, or led on the
-- day by an agency or by one that it has followed by then.
-- fragment
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $7 agency_id, $8 review_id
s.partnership_id = tenant()
AND s.from_on <= $1::date
AND s.due_on BETWEEN period.starts_on AND period.ends_on
AND ($5::text[] IS NULL OR s.state = ANY ($5::text[]))
AND ($8::uuid IS NULL OR s.action_id = ANY (ARRAY(
  SELECT a.id
    FROM action AS a
   WHERE a.partnership_id = tenant()
     AND a.review_id = $8::uuid)))
AND ($7::uuid IS NULL OR s.action_id IN (
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

-- name: tracked_still
-- Actions that have stood since the day as they did on it: nearly all of them, whatever the day.
-- fragment
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $7 agency_id, $8 review_id
action_standing AS s
CROSS JOIN {{report_period}}
WHERE s.until_on IS NULL
  AND {{tracked_filter}}

-- name: tracked_no_longer
-- Those that stand otherwise since: what was open on the day, and has moved.
-- fragment
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $7 agency_id, $8 review_id
action_standing AS s
CROSS JOIN {{report_period}}
WHERE s.until_on > $1::date
  AND {{tracked_filter}}

-- name: tracked_colour
-- fragment
-- $1 as_of, $6 rag
SELECT s.action_id AS id,
       s.state,
       s.due_on,
       action_rag(s.state, s.due_on, s.is_revised, $1::date) AS rag

-- name: due_as_coloured
-- A day that gives an action s the colour that its due date does: overdue, within four weeks, or later.
-- fragment
-- $1 as_of
CASE
  WHEN s.due_on < $1::date THEN $1::date - 1
  WHEN s.due_on <= $1::date + 28 THEN $1::date
  ELSE $1::date + 29
END

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
    AND now_is.id = CASE WHEN g.succeeded_by IS NOT NULL THEN agency_on(g.id, $1::date) END
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
-- Those that stand as they did are half a million, so that they are counted by what their colour depends on,
-- and not each given its own.
-- $1 as_of, $2 year, $3 from, $4 to, $5 state, $6 rag, $7 agency_id, $8 review_id
-- $9 limit (one more than the page), $10 after_key, $11 after_id
WITH no_longer AS MATERIALIZED (
  SELECT t.*
    FROM ({{tracked_colour}} FROM {{tracked_no_longer}}) AS t
   WHERE $6::text[] IS NULL OR t.rag = ANY ($6::text[])),
page AS (
  SELECT t.*
    FROM ((SELECT t.*
             FROM ({{tracked_colour}} FROM {{tracked_still}}) AS t
            WHERE {{tracked_after}}
              AND ($6::text[] IS NULL OR t.rag = ANY ($6::text[]))
            ORDER BY t.due_on, t.id
            LIMIT $9::integer)
          UNION ALL
          (SELECT t.* FROM no_longer AS t WHERE {{tracked_after}} ORDER BY t.due_on, t.id LIMIT $9::integer)) AS t
   ORDER BY t.due_on, t.id
   LIMIT $9::integer),
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
    FROM (SELECT t.state, action_rag(t.state, t.due_on, t.is_revised, $1::date) AS rag, t.actions
            FROM (SELECT s.state, s.is_revised, {{due_as_coloured}} AS due_on, count(*) AS actions
                    FROM {{tracked_still}}
                   GROUP BY 1, 2, 3) AS t
          UNION ALL
          SELECT t.state, t.rag, count(*) FROM no_longer AS t GROUP BY t.state, t.rag) AS g
   WHERE $6::text[] IS NULL OR g.rag = ANY ($6::text[])),
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
