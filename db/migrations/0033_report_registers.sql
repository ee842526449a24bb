-- What the registers among the reports are made by.

-- Working days of England and Wales by number: the difference of two days' numbers is how many of
-- them lie after the one, up to and including the other. A day of a year whose bank holidays are not
-- loaded has none, and of several runs of years the longest counts, the later one of two.
CREATE FUNCTION working_day_numbers() RETURNS TABLE (day date, number bigint)
  LANGUAGE sql STABLE PARALLEL SAFE ROWS 4000
  AS $$
  WITH loaded AS (
    SELECT DISTINCT extract(year FROM h.date)::integer AS year FROM bank_holiday AS h),
  runs AS (
    SELECT l.year, l.year - row_number() OVER (ORDER BY l.year) AS run FROM loaded AS l),
  covered AS (
    SELECT make_date(min(r.year), 1, 1) AS first_day, make_date(max(r.year), 12, 31) AS last_day
      FROM runs AS r
     GROUP BY r.run
     ORDER BY count(*) DESC, max(r.year) DESC
     LIMIT 1)
  SELECT d.day,
         count(*) FILTER (WHERE extract(isodow FROM d.day) < 6 AND h.date IS NULL)
           OVER (ORDER BY d.day)
    FROM covered AS c
   CROSS JOIN LATERAL (
     SELECT c.first_day + n AS day FROM generate_series(0, c.last_day - c.first_day) AS n) AS d
    LEFT JOIN bank_holiday AS h ON h.date = d.day
$$;

-- The clocks that timeliness is judged by, among all the others.
CREATE INDEX clock_judged ON clock (partnership_id, kind, subject_id)
  WHERE superseded_at IS NULL AND kind IN ('sin', 'rapid_review', 'lcspr');
-- What was open on a past day is what is open now, or was done since.
CREATE INDEX clock_completed ON clock (partnership_id, completed_on) WHERE completed_on IS NOT NULL;
-- Which resources have moved since a day; the others are in the state that they were in.
CREATE INDEX transition_happened ON transition (partnership_id, subject, happened_on)
  WHERE subject IN ('review', 'referral');
-- How an incident came to be without a notification, and back.
CREATE INDEX transition_of_duty ON transition (partnership_id, subject_id, id)
  WHERE subject = 'incident' AND to_state IN ('withdrawn', 'not_notified', 'reopened');
-- The few incidents that others lead.
CREATE INDEX incident_of_others ON incident (partnership_id, id) INCLUDE (created_by_agency_id)
  WHERE our_role <> 'lead';
