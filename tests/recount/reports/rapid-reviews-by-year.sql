-- key: year
-- rows
SELECT y || '-' || right((y + 1)::text, 2) AS year,
       count(r.id) AS rapid_reviews,
       count(r.id) FILTER (WHERE r.became_lcspr) AS lcsprs,
       round(count(r.id) FILTER (WHERE r.became_lcspr) * 100.0 / nullif(count(r.id), 0), 1) AS percent,
       (SELECT as_of FROM asked) < make_date(y + 1, 3, 31) AS part_year
  FROM generate_series((SELECT min(opens) FROM rapid), (SELECT max(opens) FROM rapid)) AS y
  LEFT JOIN rapid AS r ON r.opens = y
 GROUP BY y;
-- totals
SELECT count(*) AS rapid_reviews,
       count(nullif(became_lcspr, false)) AS lcsprs,
       round(avg(CASE WHEN became_lcspr THEN 100.0 ELSE 0.0 END), 1) AS percent
  FROM rapid;
