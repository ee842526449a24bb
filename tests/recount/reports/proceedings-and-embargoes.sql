-- key: kind id
-- period: none
-- ask: limit=1000
-- rows
SELECT 'proceeding' AS kind, p.id, v.reference AS review, p.type, p.body, p.opened_on AS since,
       p.expected_end_on, CASE WHEN p.last_checked_on <= asked.as_of THEN p.last_checked_on END
         AS last_checked_on,
       p.affects_publication, NULL::date AS review_by, NULL AS owner,
       p.expected_end_on < asked.as_of AS overdue
  FROM asked
  JOIN review_proceeding AS p ON p.partnership_id = asked.partnership
  JOIN review AS v ON v.id = p.review_id
 WHERE p.opened_on <= asked.as_of
   AND NOT coalesce(p.ended_on <= asked.as_of, false)
UNION ALL
SELECT 'embargo', e.id, v.reference, NULL, NULL, e.embargoed_on, e.other_reason_until, NULL, true,
       e.review_by, e.owner, e.review_by < asked.as_of
  FROM asked
  JOIN review_embargo AS e ON e.partnership_id = asked.partnership
  JOIN review AS v ON v.id = e.review_id
 WHERE e.embargoed_on <= asked.as_of
   AND NOT coalesce(e.lifted_on <= asked.as_of, false);
-- totals
SELECT (SELECT count(*) FROM review_proceeding AS p, asked
         WHERE p.partnership_id = asked.partnership AND p.opened_on <= asked.as_of
           AND coalesce(p.ended_on, 'infinity') > asked.as_of) AS proceedings,
       (SELECT count(*) FROM review_proceeding AS p, asked
         WHERE p.partnership_id = asked.partnership AND p.opened_on <= asked.as_of
           AND coalesce(p.ended_on, 'infinity') > asked.as_of AND p.expected_end_on < asked.as_of)
         AS proceedings_overdue,
       (SELECT count(*) FROM review_embargo AS e, asked
         WHERE e.partnership_id = asked.partnership AND e.embargoed_on <= asked.as_of
           AND coalesce(e.lifted_on, 'infinity') > asked.as_of) AS embargoes,
       (SELECT count(*) FROM review_embargo AS e, asked
         WHERE e.partnership_id = asked.partnership AND e.embargoed_on <= asked.as_of
           AND coalesce(e.lifted_on, 'infinity') > asked.as_of AND e.review_by < asked.as_of)
         AS embargoes_overdue;
