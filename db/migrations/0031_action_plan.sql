-- Where a number stands among others, as people order them: 2 before 10, and 1.2 before 1.10.
CREATE FUNCTION plan_place(p_number text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT string_agg(lpad(part[1], greatest(length(part[1]), 10), CASE
           WHEN part[1] ~ '^\d' THEN '0' ELSE ' '
         END), '' ORDER BY place)
    FROM regexp_matches(p_number, '\d+|\D+', 'g') WITH ORDINALITY AS found (part, place)
$$;
