-- Reports about what the Panel said and how far reviews have come.

-- name: counted_reviews
-- The local child safeguarding practice reviews that count as ours on the day: decided on by then, and
-- of an incident that we lead. Each is of the reporting year in which it was decided on.
-- fragment
(SELECT v.id, v.reference, v.title, v.state, v.decided_on, v.discontinued_on
   FROM {{report_period}}
   JOIN review AS v ON v.decided_on BETWEEN period.starts_on AND period.ends_on
  WHERE v.partnership_id = tenant()
    AND {{is_lcspr}}
    AND EXISTS (
      SELECT
        FROM review_incident AS l
       WHERE l.partnership_id = v.partnership_id
         AND l.review_id = v.id
         AND link_stands(l.removed_at, $1::date)
         AND (l.incident_id IN ({{incidents_of_others}})) IS FALSE)) AS v

-- name: review_on_day
-- Joins to a review v of counted_reviews its publication u and how far it had come: one that has not
-- moved since is in the state that it was in, and of the others the log of steps tells. What was
-- published, was decided against or ended says its own day.
-- fragment
LEFT JOIN review_publication AS u ON u.partnership_id = tenant() AND u.id = v.id
  LEFT JOIN (
    SELECT DISTINCT t.subject_id
      FROM transition AS t
     WHERE t.partnership_id = tenant()
       AND t.subject = 'review'
       AND t.happened_on > $1::date) AS moved ON moved.subject_id = v.id
  LEFT JOIN LATERAL (
    SELECT t.to_state
      FROM transition AS t
     WHERE t.partnership_id = tenant()
       AND t.subject_id = moved.subject_id
       AND t.happened_on <= $1::date
     ORDER BY t.id DESC
     LIMIT 1) AS reached ON true
  CROSS JOIN LATERAL (
    SELECT CASE
             WHEN v.discontinued_on <= $1::date THEN 'discontinued'
             WHEN u.published_on <= $1::date THEN 'published'
             WHEN u.not_published_on <= $1::date THEN 'not_published'
             WHEN moved.subject_id IS NOT NULL THEN coalesce(reached.to_state, 'initiated')
             WHEN u.published_on > $1::date THEN 'notice_given'
             ELSE v.state
           END AS state,
           EXISTS (
             SELECT
               FROM review_embargo AS e
              WHERE e.partnership_id = tenant()
                AND e.review_id = v.id
                AND e.embargoed_on <= $1::date
                AND (e.lifted_on IS NULL OR e.lifted_on > $1::date)) AS is_embargoed) AS on_day

-- name: status_on_day
-- Exactly one for each review of review_on_day.
-- fragment
publication_status(on_day.state, u.form,
  CASE WHEN u.published_on <= $1::date THEN u.published_on END, on_day.is_embargoed)

-- name: report_review_status
-- How many reviews have which status, each of them one.
-- $1 as_of, $2 year, $3 from, $4 to
WITH counted AS MATERIALIZED (
  SELECT {{status_on_day}} AS status, count(*) AS count
    FROM {{counted_reviews}}
    {{review_on_day}}
   GROUP BY 1)
SELECT CASE WHEN grouping(s.status) = 0 THEN 'row' ELSE 'total' END AS "_part",
       s.status AS "_row",
       s.status,
       coalesce(sum(c.count), 0)::bigint AS count,
       percent_of(coalesce(sum(c.count), 0)::bigint,
         (SELECT sum(a.count)::bigint FROM counted AS a)) AS percent
  FROM unnest(ARRAY['published_full', 'published_other_form', 'not_published', 'embargoed',
         'complete_unpublished', 'in_progress', 'discontinued', 'not_stated'])
         WITH ORDINALITY AS s (status, place)
  LEFT JOIN counted AS c ON c.status = s.status
 GROUP BY GROUPING SETS ((s.status, s.place), ())
 ORDER BY s.place NULLS LAST;

-- name: report_review_status_records
-- The reviews behind a figure.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 limit, $7 after_key
SELECT 'review' AS kind,
       v.id,
       v.reference,
       '/v1/reviews/' || v.id AS link,
       v.reference AS "_key"
  FROM {{counted_reviews}}
  {{review_on_day}}
 WHERE ($5::text IS NULL OR {{status_on_day}} = $5::text)
   AND ($7::text IS NULL OR v.reference > $7::text)
 ORDER BY v.reference
 LIMIT $6::integer;

-- name: panel_submissions
-- When each rapid review went to the Panel, by the day: with its first complete submission, else with
-- its first one.
-- fragment
(SELECT s.rapid_review_id,
        coalesce(min(s.submitted_on) FILTER (WHERE s.complete), min(s.submitted_on)) AS sent_on
   FROM rapid_review_submission AS s
  WHERE s.partnership_id = tenant()
    AND s.submitted_on <= $1::date
  GROUP BY s.rapid_review_id) AS s

-- name: panel_latest_responses
-- The last response of the Panel to each rapid review by the day; what it said before stays in the
-- record and is not counted.
-- fragment
(SELECT DISTINCT ON (p.rapid_review_id)
        p.rapid_review_id, p.response, p.received_on, p.answer, p.answered_on
   FROM panel_response AS p
  WHERE p.partnership_id = tenant()
    AND p.received_on <= $1::date
    AND p.response <> 'no_response_yet'
  ORDER BY p.rapid_review_id, p.received_on DESC, p.number DESC) AS p

-- name: panel_sent
-- Each rapid review that the Panel was sent, with what it and the partnership said.
-- fragment
SELECT c.id, i.local_ref, s.sent_on, coalesce(p.response, 'no_response_yet') AS response,
       p.received_on AS response_on,
       CASE WHEN p.answered_on <= $1::date THEN p.answer END AS answer,
       CASE WHEN p.answered_on <= $1::date THEN p.answered_on END AS answered_on
  FROM {{counted_rapid_reviews}}
  JOIN incident AS i ON i.partnership_id = tenant() AND i.id = c.incident_id
  JOIN {{panel_submissions}} ON s.rapid_review_id = c.id
  LEFT JOIN {{panel_latest_responses}} ON p.rapid_review_id = c.id

-- name: report_panel_concurrence
-- What the Panel said to each rapid review that it was sent, by the incident's reference.
-- $1 as_of, $2 year, $3 from, $4 to, $5 limit (one more than the page), $6 after_key
WITH sent AS MATERIALIZED (
  {{panel_sent}}),
page AS (
  SELECT w.local_ref AS reference, d.outcome AS decision, d.decided_on, w.sent_on, w.response,
         w.response_on, w.answer, w.answered_on, w.id, '/v1/rapid-reviews/' || w.id AS link
    FROM (
      SELECT f.*
        FROM sent AS f
       WHERE f.local_ref > coalesce($6::text, '')
       ORDER BY f.local_ref
       LIMIT $5::integer) AS w
    LEFT JOIN LATERAL (
      SELECT d.outcome, d.decided_on
        FROM rapid_review_decision AS d
       WHERE d.partnership_id = tenant()
         AND d.rapid_review_id = w.id
         AND d.decided_on <= $1::date
       ORDER BY d.number DESC
       LIMIT 1) AS d ON true),
totals AS (
  SELECT count(*) FILTER (WHERE w.response = 'agreed') AS agreed,
         count(*) AS total,
         percent_of(count(*) FILTER (WHERE w.response = 'agreed'), count(*)) AS percent,
         count(*) FILTER (WHERE w.response = 'not_agreed') AS not_agreed,
         count(*) FILTER (WHERE w.response = 'more_information') AS more_information,
         count(*) FILTER (WHERE w.response = 'national_review_proposed')
           AS national_review_proposed,
         count(*) FILTER (WHERE w.response = 'no_response_yet') AS no_response_yet
    FROM sent AS w)
SELECT CASE WHEN t.total IS NULL THEN 'row' ELSE 'total' END AS "_part",
       p.reference AS "_key",
       p.*,
       t.*
  FROM page AS p
  FULL JOIN totals AS t ON false
 ORDER BY p.reference NULLS LAST;

-- name: report_panel_concurrence_records
-- The rapid reviews behind a figure.
-- $1 as_of, $2 year, $3 from, $4 to, $5 row, $6 figure, $7 limit, $8 after_key
SELECT 'rapid_review' AS kind,
       w.id,
       w.local_ref AS reference,
       '/v1/rapid-reviews/' || w.id AS link,
       w.local_ref AS "_key"
  FROM ({{panel_sent}}) AS w
 WHERE ($5::text IS NULL OR w.local_ref = $5::text)
   AND ($6::text IS NULL
     OR $6::text NOT IN ('agreed', 'not_agreed', 'more_information', 'national_review_proposed',
       'no_response_yet')
     OR w.response = $6::text)
   AND ($8::text IS NULL OR w.local_ref > $8::text)
 ORDER BY w.local_ref
 LIMIT $7::integer;
