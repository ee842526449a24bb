-- How each action stood on which days, so that a report as of any day reads narrow rows of an index, and
-- neither half a million actions whole nor the log of what has happened to them since.

-- From the day on which an action was agreed, each day is in one row of it; the last has no end. It says
-- what the log says (docs/adr/0013): kept by triggers, and never written otherwise.
CREATE TABLE action_standing (
  partnership_id uuid NOT NULL,
  action_id uuid NOT NULL,
  from_on date NOT NULL,
  until_on date,
  state text NOT NULL,
  due_on date NOT NULL,
  is_revised boolean NOT NULL,
  -- The day on which it had come to a state that nothing follows.
  ended_on date,
  PRIMARY KEY (partnership_id, action_id, from_on),
  FOREIGN KEY (partnership_id, action_id) REFERENCES action (partnership_id, id),
  CONSTRAINT action_standing_days CHECK (from_on < until_on)
);
-- For migration 0048's reason.
ALTER TABLE action_standing ALTER COLUMN partnership_id SET STATISTICS 0;

-- How an action stood from each day on which that changed. On a day on or after that of its every step it
-- is in the state that it is in; before, in that of the last step by then; and its due date likewise.
CREATE FUNCTION action_standings(p_partnership_id uuid, p_action_id uuid) RETURNS SETOF action_standing
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
         c.due_on, c.is_revised, c.ended_on
    FROM changed AS c
   WHERE c.is_new
$$;

-- As the owner, because a caller with limits sees only some of the steps. What has not changed is not written.
CREATE FUNCTION action_stands() RETURNS trigger
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
     SET (until_on, state, due_on, is_revised, ended_on) = (EXCLUDED.until_on, EXCLUDED.state,
           EXCLUDED.due_on, EXCLUDED.is_revised, EXCLUDED.ended_on)
   WHERE (s.until_on, s.state, s.due_on, s.is_revised, s.ended_on) IS DISTINCT FROM
     (EXCLUDED.until_on, EXCLUDED.state, EXCLUDED.due_on, EXCLUDED.is_revised, EXCLUDED.ended_on);
  RETURN NULL;
END $$;
CREATE TRIGGER action_stands
  AFTER INSERT ON action
  FOR EACH ROW EXECUTE FUNCTION action_stands('id');
CREATE TRIGGER action_stands_otherwise
  AFTER UPDATE ON action
  FOR EACH ROW WHEN ((NEW.state, NEW.agreed_on, NEW.due_on, NEW.original_due_on, NEW.closed_on)
    IS DISTINCT FROM (OLD.state, OLD.agreed_on, OLD.due_on, OLD.original_due_on, OLD.closed_on))
  EXECUTE FUNCTION action_stands('id');
CREATE TRIGGER action_stands
  AFTER INSERT OR UPDATE ON transition
  FOR EACH ROW WHEN (NEW.subject = 'action')
  EXECUTE FUNCTION action_stands('subject_id');
CREATE TRIGGER action_stands
  AFTER INSERT OR UPDATE ON action_due_revision
  FOR EACH ROW EXECUTE FUNCTION action_stands('action_id');

-- The owner works these out and has to see them.
CREATE POLICY all_partnerships ON transition TO cspr_admin USING (true);
CREATE POLICY all_partnerships ON action_due_revision TO cspr_admin USING (true);

ALTER TABLE action_standing ENABLE ROW LEVEL SECURITY;
ALTER TABLE action_standing FORCE ROW LEVEL SECURITY;
CREATE POLICY all_partnerships ON action_standing TO cspr_admin USING (true);
CREATE POLICY own_partnership ON action_standing TO cspr_api USING (partnership_id = tenant());

-- The actions that are closed to a caller with limits, by action_is_open's rule (0036): of other agencies, or
-- of an incident that is hidden.
CREATE FUNCTION closed_actions() RETURNS SETOF uuid
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  own uuid := own_agency();
  all_own uuid[] := own_agencies();
  hidden uuid[] := nullif(current_setting('app.hidden_incidents', true), '');
BEGIN
  IF own IS NOT NULL THEN
    RETURN QUERY
      SELECT a.id
        FROM action AS a
       WHERE a.partnership_id = tenant()
         AND (a.created_by_agency_id = own OR a.lead_agency_ids && all_own) IS NOT TRUE;
  END IF;
  IF hidden IS NOT NULL THEN
    RETURN QUERY
      SELECT a.id
        FROM rapid_review AS r
        JOIN action AS a ON a.partnership_id = r.partnership_id AND a.rapid_review_id = r.id
       WHERE r.partnership_id = tenant()
         AND r.incident_id = ANY (hidden)
      UNION ALL
      SELECT a.id
        FROM review_incident AS l
        JOIN action AS a ON a.partnership_id = l.partnership_id AND a.review_id = l.review_id
       WHERE l.partnership_id = tenant()
         AND l.incident_id = ANY (hidden)
         AND l.removed_at IS NULL;
  END IF;
END $$;
-- Whoever sees an action sees how it stood. They are found once: asked for each row, half a million took 13 s.
CREATE POLICY not_limited ON action_standing AS RESTRICTIVE TO cspr_api
  USING (CASE
           WHEN (SELECT sees_all()) THEN true
           ELSE action_id NOT IN (SELECT c.id FROM closed_actions() AS c (id))
         END);
GRANT SELECT ON action_standing TO cspr_api;

INSERT INTO action_standing
SELECT s.*
  FROM action AS a
 CROSS JOIN LATERAL action_standings(a.partnership_id, a.id) AS s;

-- As they stand, by their due dates; and as they stood, by when that ended: a day asks for those rows that
-- ended after it, and most ended long before.
CREATE INDEX action_standing_now ON action_standing (partnership_id, due_on, action_id)
  INCLUDE (state, from_on, is_revised)
  WHERE until_on IS NULL;
CREATE INDEX action_standing_then ON action_standing (partnership_id, until_on, from_on)
  INCLUDE (action_id, state, due_on, is_revised)
  WHERE until_on IS NOT NULL;

-- What was raised with national bodies is a small part of all recommendations.
CREATE INDEX recommendation_raised ON recommendation (partnership_id, raised_on)
  INCLUDE (responded_on, review_id, rapid_review_id, created_by_agency_id, addressee_agency_ids)
  WHERE raised_on IS NOT NULL;
