-- The annual report asks how actions stood, too: of those that were agreed by the end of its period.

ALTER TABLE action_standing ADD COLUMN agreed_on date;

-- As before (0058), with the day on which it was agreed.
CREATE OR REPLACE FUNCTION action_standings(p_partnership_id uuid, p_action_id uuid) RETURNS SETOF action_standing
  LANGUAGE sql STABLE
  AS $$
  WITH steps AS MATERIALIZED (
    SELECT t.id, t.to_state, t.happened_on
      FROM transition AS t
     WHERE t.partnership_id = p_partnership_id
       AND t.subject_id = p_action_id
       AND t.subject = 'action'),
  revisions AS MATERIALIZED (
    SELECT v.id, v.due_to, v.revised_on
      FROM action_due_revision AS v
     WHERE v.partnership_id = p_partnership_id
       AND v.action_id = p_action_id),
  days AS (
    SELECT a.agreed_on AS day
      FROM action AS a
     WHERE a.partnership_id = p_partnership_id
       AND a.id = p_action_id
    UNION
    SELECT s.happened_on FROM steps AS s
    UNION
    SELECT v.revised_on FROM revisions AS v),
  stood AS (
    SELECT d.day,
           a.agreed_on,
           a.original_due_on,
           CASE WHEN later_step.is_there THEN coalesce(step.to_state, 'not_started') ELSE a.state END AS state,
           CASE WHEN later_step.is_there THEN step.happened_on ELSE a.closed_on END AS since,
           CASE
             WHEN d.day < (SELECT max(v.revised_on) FROM revisions AS v)
             THEN coalesce((
               SELECT v.due_to FROM revisions AS v WHERE v.revised_on <= d.day ORDER BY v.id DESC LIMIT 1),
               a.original_due_on)
             ELSE a.due_on
           END AS due_on
      FROM action AS a
      JOIN days AS d ON d.day >= a.agreed_on
     CROSS JOIN LATERAL (
       SELECT coalesce(d.day < max(s.happened_on), false) AS is_there FROM steps AS s) AS later_step
      LEFT JOIN LATERAL (
        SELECT s.to_state, s.happened_on
          FROM steps AS s
         WHERE s.happened_on <= d.day
         ORDER BY s.id DESC
         LIMIT 1) AS step ON true
     WHERE a.partnership_id = p_partnership_id
       AND a.id = p_action_id),
  said AS (
    SELECT s.day,
           s.agreed_on,
           s.state,
           s.due_on,
           s.due_on <> s.original_due_on AS is_revised,
           CASE
             WHEN s.state IN ('closed_assured', 'closed_unverified', 'not_accepted', 'superseded')
             THEN s.since
           END AS ended_on
      FROM stood AS s),
  changed AS (
    SELECT s.*,
           (s.state, s.due_on, s.is_revised, s.ended_on) IS DISTINCT FROM
             lag((s.state, s.due_on, s.is_revised, s.ended_on)) OVER (ORDER BY s.day) AS is_new
      FROM said AS s)
  SELECT p_partnership_id, p_action_id, c.day, lead(c.day) OVER (ORDER BY c.day), c.state,
         c.due_on, c.is_revised, c.ended_on, c.agreed_on
    FROM changed AS c
   WHERE c.is_new
$$;

-- As before.
CREATE OR REPLACE FUNCTION action_stands() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  subject uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
  WITH stands AS MATERIALIZED (
    SELECT s.* FROM action_standings(NEW.partnership_id, subject) AS s),
  gone AS (
    DELETE FROM action_standing AS s
     WHERE s.partnership_id = NEW.partnership_id
       AND s.action_id = subject
       AND s.from_on NOT IN (SELECT n.from_on FROM stands AS n))
  INSERT INTO action_standing AS s
  SELECT n.* FROM stands AS n
  ON CONFLICT (partnership_id, action_id, from_on) DO UPDATE
     SET (until_on, state, due_on, is_revised, ended_on, agreed_on) = (EXCLUDED.until_on, EXCLUDED.state,
           EXCLUDED.due_on, EXCLUDED.is_revised, EXCLUDED.ended_on, EXCLUDED.agreed_on)
   WHERE (s.until_on, s.state, s.due_on, s.is_revised, s.ended_on, s.agreed_on) IS DISTINCT FROM
     (EXCLUDED.until_on, EXCLUDED.state, EXCLUDED.due_on, EXCLUDED.is_revised, EXCLUDED.ended_on,
       EXCLUDED.agreed_on);
  RETURN NULL;
END $$;

DROP INDEX action_standing_now;
DROP INDEX action_standing_then;
UPDATE action_standing AS s
   SET agreed_on = a.agreed_on
  FROM action AS a
 WHERE a.partnership_id = s.partnership_id
   AND a.id = s.action_id;
ALTER TABLE action_standing ALTER COLUMN agreed_on SET NOT NULL;
CREATE INDEX action_standing_now ON action_standing (partnership_id, due_on, action_id)
  INCLUDE (state, from_on, is_revised, agreed_on, ended_on)
  WHERE until_on IS NULL;
CREATE INDEX action_standing_then ON action_standing (partnership_id, until_on, from_on)
  INCLUDE (action_id, state, due_on, is_revised, agreed_on, ended_on)
  WHERE until_on IS NOT NULL;

-- Nobody asks any more which actions have moved since a day, or whose due date has.
DROP INDEX transition_of_action;
DROP INDEX action_due_revision_on;
