-- What the public is told of reviews at one year's end, less what it was told at the end of the year before,
-- would be a count of the few that lie between. So reviews are told together: at the end of the first
-- reporting year by which there are enough, and then of each by which there are enough more.

CREATE FUNCTION told_together_least() RETURNS integer
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$
  SELECT greatest(5, p.disclosure_threshold)
    FROM partnership AS p
   WHERE p.id = tenant()
$$;

-- The last year's end at which some were told, of things of these days; where there never were enough, all
-- are too few to be told of.
CREATE FUNCTION told_together_until(days date[]) RETURNS date
  LANGUAGE plpgsql STABLE
  AS $$
DECLARE
  least integer := told_together_least();
  waiting integer := 0;
  told date := 'infinity';
  of_year record;
BEGIN
  FOR of_year IN
    SELECT reporting_year_ends(reporting_year(d)) AS ends_on, count(*) AS count
      FROM unnest(days) AS d
     GROUP BY 1
     ORDER BY 1
  LOOP
    waiting := waiting + of_year.count;
    IF waiting >= least THEN
      told := of_year.ends_on;
      waiting := 0;
    END IF;
  END LOOP;
  RETURN told;
END
$$;
