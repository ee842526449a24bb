-- What the public is told of reviews is looked up in sets. With 10,000 embargoed reviews of 50,000, each review
-- was compared with an array of them, and the public waited seconds.

DROP POLICY not_embargoed ON review;
DROP FUNCTION embargoed_reviews();

-- The reviews of the caller's partnership whose publication is embargoed, each a key. As cspr_admin, as before
-- (0027). Looking one up takes as long whatever their number, or nearly. A set that PostgreSQL hashes would take an
-- eighth less of the longest report, but has to be made ready at each place in a plan where reviews are read, also
-- for those who are not the public: a single review is read at thirty.
CREATE FUNCTION embargoed_reviews() RETURNS jsonb
  LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
  SELECT coalesce(jsonb_object_agg(e.review_id, true), '{}')
    FROM review_embargo AS e
   WHERE e.partnership_id = tenant()
     AND e.lifted_on IS NULL
$$;
GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION embargoed_reviews() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;

-- An embargoed review is in nothing that is public, whatever a statement asks for.
CREATE POLICY not_embargoed ON review AS RESTRICTIVE FOR SELECT TO cspr_api
  USING (CASE
           WHEN for_public() THEN NOT (SELECT embargoed_reviews()) ? id::text
           ELSE true
         END);

DROP FUNCTION told_together_until(date[], uuid[], text[], date[], date[]);

-- As before (0062), of incidents that are counted already: `led` of them, notified on the same day, led to reviews
-- from one day to another, each of them in one row for a day. What a year's count was at each year's end is worked
-- out at once for all of them.
CREATE FUNCTION told_together_until(
  days date[], notified_on date[], led_on date[], led_to date[], led bigint[]) RETURNS date
  LANGUAGE plpgsql STABLE
  AS $$
DECLARE
  least integer := told_together_least();
  threshold integer := (SELECT p.disclosure_threshold FROM partnership AS p WHERE p.id = tenant());
  starts date[];
  reviews bigint[];
  counts integer[];
  waiting bigint := 0;
  told integer := 0;
BEGIN
  -- From the first year to that after the last: a day is of the year whose place width_bucket tells.
  SELECT array_agg(y::date ORDER BY y)
    INTO starts
    FROM (SELECT min(d) AS first, max(d) AS last
            FROM (SELECT unnest(days) UNION ALL SELECT unnest(notified_on) UNION ALL SELECT unnest(led_on)) AS d (d)
         ) AS bounds,
         generate_series(reporting_year_starts(reporting_year(bounds.first)),
           reporting_year_starts(reporting_year(bounds.last)) + interval '1 year', interval '1 year') AS y;
  SELECT array_agg(coalesce(d.count, 0) ORDER BY place)
    INTO reviews
    FROM generate_series(1, cardinality(starts) - 1) AS place
    LEFT JOIN (SELECT width_bucket(d, starts) AS place, count(*)
                 FROM unnest(days) AS d
                GROUP BY 1) AS d USING (place);
  -- A row for each year's end, and one before them, of how many incidents of each year had led to reviews by then.
  WITH span AS MATERIALIZED (
    SELECT width_bucket(l.notified_on, starts) AS year,
           width_bucket(l.led_on, starts) AS starts_at,
           width_bucket(l.led_to, starts) AS ends_at,
           sum(l.led)::integer AS led
      FROM unnest(notified_on, led_on, led_to, led) AS l (notified_on, led_on, led_to, led)
     GROUP BY 1, 2, 3)
  SELECT array_agg(e.counts ORDER BY e.place)
    INTO counts
    FROM (SELECT e.place, array_agg(e.count ORDER BY e.year) AS counts
            FROM (SELECT place, s.year,
                         coalesce(sum(s.led) FILTER (WHERE s.starts_at <= place
                                                       AND coalesce(s.ends_at > place, true)), 0)::integer AS count
                    FROM generate_series(0, cardinality(starts) - 1) AS place
                   CROSS JOIN span AS s
                   GROUP BY place, s.year) AS e
           GROUP BY e.place) AS e;
  FOR place IN 1 .. coalesce(cardinality(reviews), 0) LOOP
    waiting := waiting + reviews[place];
    CONTINUE WHEN reviews[place] = 0 OR waiting < least;
    -- As for the least number, too: who hides fewer counts is told of the same reviews.
    CONTINUE WHEN sum_tells_a_year(counts[told + 1:told + 1], counts[place + 1:place + 1], threshold)
      OR sum_tells_a_year(counts[told + 1:told + 1], counts[place + 1:place + 1], least);
    told := place;
    waiting := 0;
  END LOOP;
  RETURN CASE WHEN told = 0 THEN 'infinity' ELSE starts[told + 1] - 1 END;
END
$$;

-- Reports read the links in the order of incidents, and need nothing else of them.
DROP INDEX review_incident_of_incident;
CREATE INDEX review_incident_of_incident ON review_incident (partnership_id, incident_id)
  INCLUDE (review_id, removed_at);
