-- key: reference
-- ask: limit=1000
-- first
DROP TABLE IF EXISTS timely, timely_reviews;
CREATE TEMP TABLE timely AS
WITH duties AS (
  SELECT DISTINCT ON (o.id) o.id, o.local_ref, c.starts_on, c.due_on,
         CASE WHEN c.completed_on <= asked.as_of THEN c.completed_on END AS sent_on
    FROM asked
   CROSS JOIN ours AS o
    JOIN clock AS c ON c.incident_id = o.id AND c.kind = 'sin'
   WHERE c.superseded_at IS NULL
     AND c.starts_on <= asked.as_of
     AND (coalesce(c.completed_on <= asked.as_of, false) OR coalesce((
       SELECT t.to_state
         FROM transition AS t
        WHERE t.subject_id = o.id
          AND t.happened_on <= asked.as_of
          AND t.to_state IN ('not_notified', 'withdrawn', 'reopened')
        ORDER BY t.id DESC
        LIMIT 1), 'reopened') = 'reopened')
   ORDER BY o.id, c.cancelled_at NULLS FIRST),
lines AS (
  SELECT o.id AS incident_id, o.local_ref, d.starts_on AS aware_on, d.due_on AS sin_due, d.sent_on, r.id AS rapid_id,
         t.due_on AS rapid_due, t.submitted_on, r.notified_on,
         coalesce(d.sent_on, r.notified_on, d.starts_on) AS counted_on
    FROM ours AS o
    LEFT JOIN duties AS d ON d.id = o.id
    LEFT JOIN rapid AS r ON r.incident_id = o.id
    LEFT JOIN timed AS t ON t.id = r.id)
SELECT l.incident_id, l.local_ref AS reference, l.aware_on, l.sin_due AS notification_due_on,
       l.sent_on AS notification_sent_on,
       (SELECT number FROM workdays WHERE day = l.sent_on)
         - (SELECT number FROM workdays WHERE day = l.aware_on) AS notification_working_days,
       CASE WHEN l.sent_on IS NULL AND l.sin_due >= asked.as_of THEN NULL
            ELSE l.sent_on IS NOT NULL AND l.sent_on <= l.sin_due END AS notification_on_time,
       l.rapid_due AS rapid_review_due_on, l.submitted_on AS rapid_review_submitted_on,
       CASE WHEN l.rapid_id IS NULL OR l.submitted_on IS NULL AND l.rapid_due >= asked.as_of THEN NULL
            ELSE l.submitted_on IS NOT NULL AND l.submitted_on <= l.rapid_due
       END AS rapid_review_on_time,
       CASE WHEN coalesce(l.submitted_on, asked.as_of) > l.rapid_due
            THEN (SELECT number FROM workdays WHERE day = coalesce(l.submitted_on, asked.as_of))
              - (SELECT number FROM workdays WHERE day = l.rapid_due)
       END AS rapid_review_working_days_late
  FROM lines AS l, asked
 WHERE l.counted_on BETWEEN asked.first AND asked.last;
CREATE TEMP TABLE timely_reviews AS
SELECT v.id, k.due_on, k.done_on, coalesce(k.done_on, asked.as_of) > k.due_on AS is_over,
       EXISTS (SELECT 1 FROM review_proceeding AS p
                WHERE p.review_id = v.id AND p.affects_publication
                  AND p.opened_on <= coalesce(k.done_on, asked.as_of)
                  AND coalesce(p.ended_on, 'infinity') >= k.due_on) AS is_held
  FROM asked
  JOIN review AS v ON v.partnership_id = asked.partnership
  LEFT JOIN stood AS s ON s.subject_id = v.id
  JOIN (SELECT c.subject_id, c.due_on,
               CASE WHEN c.completed_on <= asked.as_of THEN c.completed_on END AS done_on
          FROM clock AS c, asked
         WHERE c.kind = 'lcspr') AS k ON k.subject_id = v.id
 WHERE v.type = 'lcspr'
   AND v.decided_on <= asked.as_of
   AND s.state IS DISTINCT FROM 'discontinued'
   AND EXISTS (SELECT 1 FROM review_incident AS l
                WHERE l.review_id = v.id
                  AND l.incident_id IN (SELECT incident_id FROM timely)
                  AND coalesce(l.removed_at::date, 'infinity') > asked.as_of);
-- rows
SELECT reference, aware_on, notification_due_on, notification_sent_on, notification_working_days,
       notification_on_time, rapid_review_due_on, rapid_review_submitted_on, rapid_review_on_time,
       rapid_review_working_days_late
  FROM timely;
-- totals
SELECT count(notification_on_time) AS notifications,
       count(*) FILTER (WHERE notification_on_time) AS notifications_on_time,
       round(count(*) FILTER (WHERE notification_on_time) * 100.0
         / nullif(count(notification_on_time), 0), 1) AS notifications_percent,
       count(rapid_review_on_time) AS rapid_reviews,
       count(*) FILTER (WHERE rapid_review_on_time) AS rapid_reviews_on_time,
       round(count(*) FILTER (WHERE rapid_review_on_time) * 100.0
         / nullif(count(rapid_review_on_time), 0), 1) AS rapid_reviews_percent,
       round(avg(rapid_review_working_days_late), 1) AS rapid_reviews_mean_working_days_late,
       (SELECT round(avg(m.late), 1)
          FROM (SELECT t.rapid_review_working_days_late AS late,
                       row_number() OVER (ORDER BY t.rapid_review_working_days_late) AS place,
                       count(*) OVER () AS lines
                  FROM timely AS t
                 WHERE t.rapid_review_working_days_late IS NOT NULL) AS m
         WHERE 2 * m.place BETWEEN m.lines AND m.lines + 2)
         AS rapid_reviews_median_working_days_late,
       (SELECT count(*) FROM timely_reviews WHERE is_over OR done_on IS NOT NULL) AS lcsprs,
       (SELECT count(*) FROM timely_reviews WHERE NOT is_over AND done_on IS NOT NULL) AS lcsprs_on_time,
       (SELECT count(*) FROM timely_reviews WHERE is_over) AS lcsprs_overdue,
       (SELECT count(*) FROM timely_reviews WHERE is_over AND is_held) AS lcsprs_overdue_with_proceedings
  FROM timely;
