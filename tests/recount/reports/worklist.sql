-- key: id
-- period: none
-- ask: limit=1000
-- rows
SELECT c.id, c.kind AS obligation, c.due_on, c.subject, c.subject_id,
       (SELECT number FROM workdays WHERE day = c.due_on)
         - (SELECT number FROM workdays WHERE day = asked.as_of) AS working_days_remaining,
       CASE WHEN c.due_on < asked.as_of THEN 'breached' ELSE 'running' END AS state
  FROM asked
  JOIN clock AS c ON c.partnership_id = asked.partnership
 WHERE c.starts_on <= asked.as_of
   AND c.created_at::date <= asked.as_of
   AND coalesce(c.completed_on, 'infinity') > asked.as_of
   AND coalesce(c.cancelled_at::date, 'infinity') > asked.as_of
   AND coalesce(c.superseded_at::date, 'infinity') > asked.as_of;
-- totals
SELECT count(*) AS obligations, count(*) FILTER (WHERE c.due_on < asked.as_of) AS overdue
  FROM asked
  JOIN clock AS c ON c.partnership_id = asked.partnership
 WHERE c.starts_on <= asked.as_of
   AND c.created_at::date <= asked.as_of
   AND coalesce(c.completed_on, 'infinity') > asked.as_of
   AND coalesce(c.cancelled_at::date, 'infinity') > asked.as_of
   AND coalesce(c.superseded_at::date, 'infinity') > asked.as_of;
