-- key: status
-- rows
WITH found AS (
  SELECT CASE
           WHEN v.at IN ('discontinued', 'not_stated', 'embargoed') THEN v.at
           WHEN v.at IN ('signed_off', 'notice_given') THEN
             CASE WHEN v.held THEN 'embargoed' ELSE 'complete_unpublished' END
           WHEN v.at IN ('published', 'not_published', 'assurance', 'closed') THEN
             CASE
               WHEN p.published_on IS NULL THEN 'not_published'
               WHEN p.form = 'full' THEN 'published_full'
               ELSE 'published_other_form'
             END
           ELSE 'in_progress'
         END AS status
    FROM local_reviews AS v
    LEFT JOIN review_publication AS p ON p.id = v.id)
SELECT s.status, count(f.status) AS count,
       round(count(f.status) * 100.0 / nullif((SELECT count(*) FROM found), 0), 1) AS percent
  FROM unnest(ARRAY['published_full', 'published_other_form', 'not_published', 'embargoed',
         'complete_unpublished', 'in_progress', 'discontinued', 'not_stated']) AS s (status)
  LEFT JOIN found AS f ON f.status = s.status
 GROUP BY s.status;
-- totals
SELECT count(*) AS count FROM local_reviews;
