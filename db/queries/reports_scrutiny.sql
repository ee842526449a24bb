-- What the report to a scrutiny board has beyond the reports that it is made of.

-- name: report_settings_end
-- What the report before was planned with is not for the one that follows: whatever this session has set of
-- how statements are planned and what they may use. It takes one to three milliseconds.
SELECT set_config(s.name, s.reset_val, true) AS setting
  FROM pg_settings AS s
 WHERE s.source = 'session'
   AND (s.category LIKE 'Query Tuning %' OR s.category LIKE 'Resource Usage %');

-- name: scrutiny_examples
-- The actions of which the latest evidence by the day says that it changed something, else that it was
-- done: each once, with that piece.
-- $1 as_of
SELECT a.text AS action,
       latest.description AS evidence,
       latest.shows,
       '/v1/actions/' || a.id AS link
  FROM (
    SELECT DISTINCT ON (recent.action_id) recent.*
      FROM (
        SELECT e.action_id, e.id, e."on", e.description, e.shows
          FROM action_evidence AS e
         WHERE e.partnership_id = tenant()
           AND e."on" <= $1::date
         ORDER BY e."on" DESC, e.id DESC
         LIMIT 50) AS recent
     ORDER BY recent.action_id, recent.shows = 'impact' DESC, recent."on" DESC, recent.id DESC
  ) AS latest
  JOIN action AS a ON a.partnership_id = tenant() AND a.id = latest.action_id
 ORDER BY latest.shows = 'impact' DESC, latest."on" DESC, latest.id DESC
 LIMIT 8;
