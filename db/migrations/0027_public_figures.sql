-- What the public may be told.

-- Counts below the threshold are hidden, the others rounded: the partnership decides.
ALTER TABLE partnership
  ADD COLUMN disclosure_threshold integer NOT NULL DEFAULT 5
    CHECK (disclosure_threshold BETWEEN 1 AND 20),
  ADD COLUMN disclosure_rounding integer NOT NULL DEFAULT 1
    CHECK (disclosure_rounding IN (1, 5, 10));

-- Whether what is asked for is for the public; a setting of the request's transaction.
CREATE FUNCTION for_public() RETURNS boolean
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(current_setting('app.audience', true), '') = 'public' $$;

-- The reviews of the caller's partnership whose publication is embargoed. It runs as cspr_admin,
-- because the embargoes' own policies ask for the review, and that would go round in a circle.
CREATE FUNCTION embargoed_reviews() RETURNS uuid[]
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT coalesce(array_agg(DISTINCT e.review_id), '{}')
    FROM review_embargo AS e
   WHERE e.partnership_id = tenant()
     AND e.lifted_on IS NULL
$$;
CREATE INDEX review_embargo_open ON review_embargo (partnership_id, review_id)
  WHERE lifted_on IS NULL;
CREATE POLICY all_partnerships ON review_embargo TO cspr_admin USING (true);
GRANT SELECT ON review_embargo TO cspr_admin;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION embargoed_reviews() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;

-- An embargoed review is in nothing that is public, whatever a statement asks for.
CREATE POLICY not_embargoed ON review AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (CASE
           WHEN for_public() THEN id <> ALL ((SELECT embargoed_reviews())::uuid[])
           ELSE true
         END);
