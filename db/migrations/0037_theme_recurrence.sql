-- Whether a theme came back after the actions on it were closed: what has the theme on a day, and which
-- actions on it were closed by then. Functions of the caller, so that what is hidden stays so.

-- The themes that a recommendation is about; without any it is about those of the review or the
-- incident that it was made of.
ALTER TABLE recommendation ADD COLUMN theme_ids uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX recommendation_themes ON recommendation USING gin (theme_ids);

CREATE FUNCTION recommendation_themes_are_there() RETURNS trigger
  LANGUAGE plpgsql SET search_path = public, pg_temp
  AS $$
BEGIN
  IF EXISTS (
    SELECT
      FROM unnest(NEW.theme_ids) AS named (id)
     WHERE NOT EXISTS (
       SELECT FROM theme AS t
        WHERE t.partnership_id = NEW.partnership_id AND t.id = named.id)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'recommendation_themes',
      MESSAGE = 'There is no such theme.';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER recommendation_themes_are_there
  BEFORE INSERT OR UPDATE OF theme_ids ON recommendation
  FOR EACH ROW WHEN (NEW.theme_ids <> '{}')
  EXECUTE FUNCTION recommendation_themes_are_there();

-- The reviews that have the theme on the day.
CREATE FUNCTION theme_reviews(p_theme uuid, p_as_of date)
  RETURNS TABLE (review_id uuid, reference text, decided_on date)
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT v.id, v.reference, v.decided_on
    FROM review AS v
   WHERE v.partnership_id = tenant()
     AND v.decided_on <= p_as_of
     AND v.id IN (
       SELECT k.review_id
         FROM review_theme AS k
         JOIN theme AS t ON t.partnership_id = k.partnership_id AND t.id = k.theme_id
        WHERE k.partnership_id = tenant()
          AND k.theme_id = p_theme
          AND t.derivation IS NULL
          AND coding_stands(k.coded_on, k.removed_on, p_as_of)
       UNION
       SELECT l.review_id
         FROM theme AS t
         JOIN child AS h ON h.partnership_id = t.partnership_id
         JOIN review_incident AS l
           ON l.partnership_id = h.partnership_id AND l.incident_id = h.incident_id
        WHERE t.partnership_id = tenant()
          AND t.id = p_theme
          AND t.derivation IS NOT NULL
          AND child_has_theme(t.derivation, t.white_other_counts, h.unborn, h.age_years, h.age_days,
                h.ethnicity)
          AND link_stands(l.removed_at, p_as_of))
$$;

-- The incidents that have it: by their own coding, by a review of theirs, or by their children. Each
-- is of the day on which it happened, and known from the day on which the authority was aware.
CREATE FUNCTION theme_incidents(p_theme uuid, p_as_of date)
  RETURNS TABLE (incident_id uuid, local_ref text, happened_on date)
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT i.id, i.local_ref, coalesce(i.incident_date, i.aware_on)
    FROM incident AS i
   WHERE i.partnership_id = tenant()
     AND i.aware_on <= p_as_of
     AND i.id IN (
       SELECT k.incident_id
         FROM incident_theme AS k
         JOIN theme AS t ON t.partnership_id = k.partnership_id AND t.id = k.theme_id
        WHERE k.partnership_id = tenant()
          AND k.theme_id = p_theme
          AND t.derivation IS NULL
          AND coding_stands(k.coded_on, k.removed_on, p_as_of)
       UNION
       SELECT l.incident_id
         FROM review_theme AS k
         JOIN theme AS t ON t.partnership_id = k.partnership_id AND t.id = k.theme_id
         JOIN review AS v ON v.partnership_id = k.partnership_id AND v.id = k.review_id
         JOIN review_incident AS l
           ON l.partnership_id = k.partnership_id AND l.review_id = k.review_id
        WHERE k.partnership_id = tenant()
          AND k.theme_id = p_theme
          AND t.derivation IS NULL
          AND coding_stands(k.coded_on, k.removed_on, p_as_of)
          AND v.decided_on <= p_as_of
          AND link_stands(l.removed_at, p_as_of)
       UNION
       SELECT h.incident_id
         FROM theme AS t
         JOIN child AS h ON h.partnership_id = t.partnership_id
        WHERE t.partnership_id = tenant()
          AND t.id = p_theme
          AND t.derivation IS NOT NULL
          AND child_has_theme(t.derivation, t.white_other_counts, h.unborn, h.age_years, h.age_days,
                h.ethnicity))
$$;

-- The actions on it that were agreed by the day.
CREATE FUNCTION theme_actions(p_theme uuid, p_as_of date)
  RETURNS TABLE (action_id uuid, number text, agreed_on date)
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  WITH origin AS MATERIALIZED (
    SELECT v.review_id AS id
      FROM theme_reviews(p_theme, p_as_of) AS v
    UNION ALL
    SELECT r.id
      FROM theme_incidents(p_theme, p_as_of) AS i
      JOIN rapid_review AS r ON r.partnership_id = tenant() AND r.incident_id = i.incident_id
  ), meant AS MATERIALIZED (
    SELECT m.id
      FROM recommendation AS m
     WHERE m.partnership_id = tenant()
       AND CASE
             WHEN m.theme_ids <> '{}' THEN m.theme_ids @> ARRAY[p_theme]
             ELSE m.review_id IN (SELECT o.id FROM origin AS o)
               OR m.rapid_review_id IN (SELECT o.id FROM origin AS o)
           END
  )
  SELECT a.id, a.number, a.agreed_on
    FROM action AS a
   WHERE a.partnership_id = tenant()
     AND a.agreed_on <= p_as_of
     AND CASE
           WHEN a.recommendation_id IS NOT NULL
           THEN a.recommendation_id IN (SELECT m.id FROM meant AS m)
           ELSE a.review_id IN (SELECT o.id FROM origin AS o)
             OR a.rapid_review_id IN (SELECT o.id FROM origin AS o)
         END
$$;

-- Each time that one of them was closed by the day, and until when it was: null while it still is.
CREATE FUNCTION theme_closures(p_theme uuid, p_as_of date)
  RETURNS TABLE (action_id uuid, number text, closure text, closed_on date, until date)
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT c.action_id, c.number, c.to_state, c.happened_on, c.until
    FROM (SELECT a.action_id, a.number, t.to_state, t.happened_on,
                 lead(t.happened_on) OVER (PARTITION BY t.subject_id ORDER BY t.id) AS until
            FROM theme_actions(p_theme, p_as_of) AS a
            JOIN transition AS t ON t.subject_id = a.action_id
           WHERE t.partnership_id = tenant()
             AND t.happened_on <= p_as_of) AS c
   WHERE c.to_state IN ('closed_assured', 'closed_unverified')
$$;

-- Each incident that happened while an action on the theme was closed, with the last closure of either
-- kind before it. In one walk through the days, because there may be many of both; what was opened again
-- is rare, and looked at for each incident.
CREATE FUNCTION theme_recurrences(p_theme uuid, p_as_of date)
  RETURNS TABLE (incident_id uuid, local_ref text, happened_on date, action_id uuid, closure text,
    closed_on date, days_after_assured integer, days_after_unverified integer)
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  WITH closed AS MATERIALIZED (
    SELECT c.action_id, c.closure, c.closed_on, c.until
      FROM theme_closures(p_theme, p_as_of) AS c
  ), opened_again AS MATERIALIZED (
    SELECT c.closure, c.closed_on, c.until
      FROM closed AS c
     WHERE c.until IS NOT NULL
  ), day AS (
    SELECT c.closure, c.closed_on, (min(c.action_id::text))::uuid AS action_id
      FROM closed AS c
     GROUP BY c.closure, c.closed_on
  ), walk AS (
    SELECT w.incident_id, w.local_ref, w.day,
           max(w.day) FILTER (WHERE w.closure = 'closed_assured') OVER before AS assured_on,
           max(w.day) FILTER (WHERE w.closure = 'closed_unverified') OVER before AS unverified_on
      FROM (SELECT i.incident_id, i.local_ref, i.happened_on AS day, NULL AS closure
              FROM theme_incidents(p_theme, p_as_of) AS i
             UNION ALL
            SELECT DISTINCT NULL::uuid, NULL, c.closed_on, c.closure
              FROM closed AS c
             WHERE c.until IS NULL) AS w
    -- On the day of a closure itself an incident is not after it.
    WINDOW before AS (ORDER BY w.day, w.closure NULLS FIRST ROWS UNBOUNDED PRECEDING)
  ), found AS (
    SELECT w.incident_id, w.local_ref, w.day AS happened_on,
           greatest(w.assured_on, opened.assured_on) AS assured_on,
           greatest(w.unverified_on, opened.unverified_on) AS unverified_on
      FROM walk AS w
     CROSS JOIN LATERAL (
       SELECT max(c.closed_on) FILTER (WHERE c.closure = 'closed_assured') AS assured_on,
              max(c.closed_on) FILTER (WHERE c.closure = 'closed_unverified') AS unverified_on
         FROM opened_again AS c
        WHERE c.closed_on < w.day
          AND c.until >= w.day) AS opened
     WHERE w.incident_id IS NOT NULL
  )
  SELECT f.incident_id, f.local_ref, f.happened_on, d.action_id, d.closure, d.closed_on,
         f.happened_on - f.assured_on, f.happened_on - f.unverified_on
    FROM found AS f
    JOIN day AS d
      ON d.closed_on = greatest(f.assured_on, f.unverified_on)
     AND d.closure = CASE
           WHEN f.assured_on >= f.unverified_on OR f.unverified_on IS NULL THEN 'closed_assured'
           ELSE 'closed_unverified'
         END
$$;

-- As 0030_open_to_all.sql: who is not limited is let through first.
CREATE FUNCTION review_part_is_open(p_review_id uuid) RETURNS boolean
  LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1
  AS $$
BEGIN
  IF own_agency() IS NOT NULL THEN
    RETURN false;
  END IF;
  RETURN CASE
           WHEN coalesce(current_setting('app.hidden_incidents', true), '') = '' THEN true
           ELSE review_is_open_to_caller(p_review_id)
         END;
END $$;
DROP POLICY not_restricted ON review_theme;
DROP POLICY not_restricted ON incident_theme;
ALTER POLICY own_partnership ON review_theme USING (partnership_id = tenant());
ALTER POLICY own_partnership ON incident_theme USING (partnership_id = tenant());
-- As a subquery, because reports read all of them: it is asked once, and not for each row.
CREATE POLICY not_limited ON review_theme AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE review_part_is_open(review_id) END);
CREATE POLICY not_limited ON incident_theme AS RESTRICTIVE TO cspr_api
  USING (CASE WHEN (SELECT sees_all()) THEN true ELSE shared_is_open(incident_id) END);
