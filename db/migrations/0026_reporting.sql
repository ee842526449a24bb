-- What reports count by.

-- The reporting year of a day, 1 April to 31 March, as "2019-20".
CREATE FUNCTION reporting_year(p_day date) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
  SELECT to_char(p_day - interval '3 months', 'YYYY-')
      || to_char(p_day + interval '9 months', 'YY')
$$;

CREATE FUNCTION reporting_year_starts(p_year text) RETURNS date
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT make_date(left(p_year, 4)::integer, 4, 1) $$;

CREATE FUNCTION reporting_year_ends(p_year text) RETURNS date
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT make_date(left(p_year, 4)::integer + 1, 3, 31) $$;

-- A share of a base in percent with one decimal; of nothing there is none.
CREATE FUNCTION percent_of(p_count bigint, p_base bigint) RETURNS numeric
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT round(100.0 * p_count / nullif(p_base, 0), 1) $$;

-- What lapsed is rare and asked for by every count of rapid reviews.
CREATE INDEX transition_lapsed ON transition (partnership_id, subject_id, id)
  WHERE to_state = 'lapsed';
