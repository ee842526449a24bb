-- How many reviews are told of is also the sum of the years' reviews of rapid-reviews-by-year. Where one of those
-- years is hidden and the others are known from the tables of other days, the sum less theirs tells it: the others
-- that are hidden beside it protect nothing. So reviews are not told of at a year's end at which the sum would tell
-- the count of a year, however well the other years are known; they wait for a later one.

DROP FUNCTION told_together_until(date[]);

-- Whether the sum of all years, less what is known of it, tells the count of one that is hidden. Unknown are the
-- small counts that came to be since the sum was told last, and those that are no more. A year's count is in
-- `before` as it was then, and in `after` as it is. One unknown is told by the sum; more of them are where it is the
-- least or the most that they can make.
CREATE FUNCTION sum_tells_a_year(before integer[], after integer[], threshold integer) RETURNS boolean
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT u.appeared + u.went = 1
      OR u.appeared + u.went > 1
     AND u.sum NOT BETWEEN u.appeared - (threshold - 1) * u.went + 1
                       AND (threshold - 1) * u.appeared - u.went - 1
    FROM (SELECT count(*) FILTER (WHERE y.after BETWEEN 1 AND threshold - 1) AS appeared,
                 count(*) FILTER (WHERE y.before BETWEEN 1 AND threshold - 1) AS went,
                 coalesce(sum(y.after) FILTER (WHERE y.after BETWEEN 1 AND threshold - 1), 0)
                   - coalesce(sum(y.before) FILTER (WHERE y.before BETWEEN 1 AND threshold - 1), 0) AS sum
            FROM unnest(before, after) AS y (before, after)
           WHERE y.before <> y.after) AS u
$$;

-- The last year's end at which some reviews were told, of those decided on these days; where there never were
-- enough, all are too few to be told of. `led` are the incidents that led to reviews, each with its reporting year
-- and the days from which and, where it was taken from the review again, to which it did: so that a year's count
-- is what was told then.
CREATE FUNCTION told_together_until(
  days date[], led uuid[], led_years text[], led_on date[], led_to date[]) RETURNS date
  LANGUAGE plpgsql STABLE
  AS $$
DECLARE
  least integer := told_together_least();
  threshold integer := (SELECT p.disclosure_threshold FROM partnership AS p WHERE p.id = tenant());
  waiting integer := 0;
  told date := 'infinity';
  of_year record;
  before integer[];
  after integer[];
BEGIN
  FOR of_year IN
    SELECT reporting_year_ends(reporting_year(d)) AS ends_on, count(*) AS count
      FROM unnest(days) AS d
     GROUP BY 1
     ORDER BY 1
  LOOP
    waiting := waiting + of_year.count;
    CONTINUE WHEN waiting < least;
    SELECT array_agg(y.before ORDER BY y.year), array_agg(y.after ORDER BY y.year)
      INTO before, after
      FROM (SELECT l.year,
                   count(DISTINCT l.led) FILTER (WHERE told <> 'infinity'
                                                   AND l.led_on <= told
                                                   AND coalesce(l.led_to > told, true))::integer AS before,
                   count(DISTINCT l.led) FILTER (WHERE l.led_on <= of_year.ends_on
                                                   AND coalesce(l.led_to > of_year.ends_on, true))::integer AS after
              FROM unnest(led, led_years, led_on, led_to) AS l (led, year, led_on, led_to)
             GROUP BY l.year) AS y;
    -- As for the least number, too: who hides fewer counts is told of the same reviews.
    CONTINUE WHEN sum_tells_a_year(before, after, threshold) OR sum_tells_a_year(before, after, least);
    told := of_year.ends_on;
    waiting := 0;
  END LOOP;
  RETURN told;
END
$$;
