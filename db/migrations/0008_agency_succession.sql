-- Agencies that are renamed or merged: the old one ends on a day and names the one that follows it.
-- What was written about it stays with it.

ALTER TABLE agency
  ADD COLUMN succeeded_by uuid,
  ADD COLUMN succeeded_on date,
  ADD CONSTRAINT agency_successor FOREIGN KEY (partnership_id, succeeded_by)
    REFERENCES agency (partnership_id, id),
  ADD CONSTRAINT agency_succession CHECK (
    (succeeded_by IS NULL) = (succeeded_on IS NULL) AND succeeded_by <> id),
  ADD CONSTRAINT agency_validity CHECK (valid_to >= valid_from);
CREATE INDEX agency_succeeded_by ON agency (partnership_id, succeeded_by);

-- Whether an agency is there on a day; what is not said bounds nothing.
CREATE FUNCTION agency_is_valid(p_from date, p_to date, p_day date) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT coalesce(p_from <= p_day, true) AND coalesce(p_day <= p_to, true) $$;

-- The agency that is on that day what the other one was before: itself, or who has followed it.
CREATE FUNCTION agency_on(p_agency uuid, p_day date) RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  WITH RECURSIVE line AS (
    SELECT a.id, a.succeeded_by, a.succeeded_on, 0 AS step
      FROM agency AS a
     WHERE a.partnership_id = tenant()
       AND a.id = p_agency
    UNION ALL
    SELECT a.id, a.succeeded_by, a.succeeded_on, l.step + 1
      FROM line AS l
      JOIN agency AS a ON a.partnership_id = tenant() AND a.id = l.succeeded_by
     WHERE l.succeeded_on <= p_day
  )
  SELECT l.id FROM line AS l ORDER BY l.step DESC LIMIT 1
$$;

-- The name that it has on that day.
CREATE FUNCTION agency_name_on(p_agency uuid, p_day date) RETURNS text
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT a.name
    FROM agency AS a
   WHERE a.partnership_id = tenant()
     AND a.id = agency_on(p_agency, p_day)
$$;

-- The safeguarding partners in law on a day: those whose sign-off counts.
CREATE FUNCTION statutory_partners_on(p_day date) RETURNS TABLE (agency_id uuid, name text)
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT a.id, a.name
    FROM agency AS a
   WHERE a.partnership_id = tenant()
     AND a.statutory_partner
     AND agency_is_valid(a.valid_from, a.valid_to, p_day)
$$;

-- The caller's own agency and every one that it has followed: what was theirs is its own now.
CREATE FUNCTION own_agencies() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  WITH RECURSIVE own AS (
    SELECT own_agency() AS id
    UNION
    SELECT a.id
      FROM own AS o
      JOIN agency AS a ON a.partnership_id = tenant() AND a.succeeded_by = o.id
  )
  SELECT array_agg(o.id) FROM own AS o
$$;
