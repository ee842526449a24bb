-- key: review
-- ask: limit=1000
-- first
DROP TABLE IF EXISTS plans;
CREATE TEMP TABLE plans AS
  SELECT v.reference, p.*, c.starts_on AS plan_day, c.due_on AS notice_by,
         CASE WHEN p.published_on <= asked.as_of THEN p.published_on END AS out_on,
         CASE WHEN p.notice_given_on <= asked.as_of THEN p.notice_given_on END AS told_on
    FROM asked
    JOIN review AS v ON v.partnership_id = asked.partnership
    JOIN review_publication AS p ON p.id = v.id
    LEFT JOIN clock AS c ON c.subject_id = v.id AND c.kind = 'publication_notice'
   WHERE v.decided_on <= asked.as_of
     AND (p.notice_given_on <= asked.as_of OR p.published_on <= asked.as_of
       OR c.created_at::date <= asked.as_of)
     AND coalesce(p.published_on, c.starts_on, p.notice_given_on) BETWEEN asked.first AND asked.last;
-- rows
SELECT l.reference AS review, l.form, l.plan_day AS planned_on, l.notice_by AS notice_due_on,
       l.told_on AS notice_given_on, l.told_on <= l.notice_by AS notice_on_time,
       l.out_on AS published_on, l.media_plan IS NOT NULL AS has_media_plan,
       CASE WHEN l.cabinet_member_told_on <= asked.as_of THEN l.cabinet_member_told_on END
         AS cabinet_member_told_on,
       CASE WHEN l.nspcc_submitted_on <= asked.as_of THEN l.nspcc_submitted_on END
         AS nspcc_submitted_on
  FROM plans AS l, asked;
-- totals
SELECT count(*) AS publications, count(told_on) AS notices,
       count(*) FILTER (WHERE told_on <= notice_by) AS notices_on_time,
       round(count(*) FILTER (WHERE told_on <= notice_by) * 100.0 / nullif(count(told_on), 0), 1)
         AS notices_percent,
       count(out_on) AS published,
       count(*) FILTER (WHERE out_on IS NOT NULL
         AND coalesce(nspcc_submitted_on, 'infinity') > (SELECT as_of FROM asked))
         AS published_and_not_with_nspcc
  FROM plans;
