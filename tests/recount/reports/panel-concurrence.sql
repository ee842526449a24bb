-- key: reference
-- ask: limit=1000
-- rows
WITH said AS (
  SELECT p.*, rank() OVER (PARTITION BY p.rapid_review_id ORDER BY p.received_on DESC, p.number DESC) AS back
    FROM panel_response AS p, asked
   WHERE p.partnership_id = asked.partnership
     AND p.received_on <= asked.as_of),
decided AS (
  SELECT d.*, rank() OVER (PARTITION BY d.rapid_review_id ORDER BY d.number DESC) AS back
    FROM rapid_review_decision AS d, asked
   WHERE d.partnership_id = asked.partnership
     AND d.decided_on <= asked.as_of)
SELECT r.local_ref AS reference, d.outcome AS decision, d.decided_on,
       coalesce(t.submitted_on, x.first_on) AS sent_on,
       coalesce(s.response, 'no_response_yet') AS response,
       s.received_on AS response_on,
       CASE WHEN s.answered_on <= asked.as_of THEN s.answer END AS answer,
       CASE WHEN s.answered_on <= asked.as_of THEN s.answered_on END AS answered_on
  FROM asked
 CROSS JOIN rapid AS r
  JOIN timed AS t ON t.id = r.id
  JOIN (SELECT u.rapid_review_id, min(u.submitted_on) AS first_on
          FROM rapid_review_submission AS u, asked
         WHERE u.submitted_on <= asked.as_of
         GROUP BY u.rapid_review_id) AS x ON x.rapid_review_id = r.id
  LEFT JOIN said AS s ON s.rapid_review_id = r.id AND s.back = 1
  LEFT JOIN decided AS d ON d.rapid_review_id = r.id AND d.back = 1;
-- totals
WITH said AS (
  SELECT coalesce((
           SELECT p.response
             FROM panel_response AS p
            WHERE p.rapid_review_id = r.id
              AND p.received_on <= asked.as_of
            ORDER BY p.received_on DESC, p.number DESC
            LIMIT 1), 'no_response_yet') AS response
    FROM rapid AS r, asked
   WHERE r.id IN (SELECT u.rapid_review_id FROM rapid_review_submission AS u
                   WHERE u.submitted_on <= asked.as_of))
SELECT count(*) AS total,
       count(*) FILTER (WHERE response = 'agreed') AS agreed,
       count(*) FILTER (WHERE response = 'not_agreed') AS not_agreed,
       count(*) FILTER (WHERE response = 'more_information') AS more_information,
       count(*) FILTER (WHERE response = 'national_review_proposed') AS national_review_proposed,
       count(*) FILTER (WHERE response = 'no_response_yet') AS no_response_yet
  FROM said;
