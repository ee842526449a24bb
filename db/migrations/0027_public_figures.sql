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

-- An embargoed review is in nothing that is public, whatever a statement asks for. The embargo's own
-- policies do not ask for the review, so that this cannot go round in a circle.
CREATE POLICY not_embargoed ON review AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (CASE
           WHEN for_public() THEN NOT EXISTS (
             SELECT
               FROM review_embargo AS e
              WHERE e.partnership_id = review.partnership_id
                AND e.review_id = review.id
                AND e.lifted_on IS NULL)
           ELSE true
         END);
