-- key: review kind held_on audience attendance id
-- ask: limit=1000
-- rows
SELECT v.reference AS review, d.id, d.kind, d.held_on, d.audience, d.attendance,
       CASE WHEN d.learning_and_development_told_on <= asked.as_of
            THEN d.learning_and_development_told_on END AS subgroup_told_on
  FROM asked
  JOIN review_dissemination AS d ON d.partnership_id = asked.partnership
  JOIN review AS v ON v.id = d.review_id
 WHERE d.held_on BETWEEN asked.first AND least(asked.last, asked.as_of);
-- totals
SELECT count(*) AS occasions, count(DISTINCT d.review_id) AS reviews,
       coalesce(sum(d.attendance), 0) AS total_attendance,
       count(*) FILTER (WHERE d.kind = 'seven_minute_briefing') AS seven_minute_briefings,
       count(*) FILTER (WHERE d.kind = 'webinar') AS webinars,
       count(*) FILTER (WHERE d.kind = 'briefing_event') AS briefing_events,
       count(*) FILTER (WHERE d.kind = 'training') AS training,
       count(*) FILTER (WHERE d.kind = 'other') AS other
  FROM asked
  JOIN review_dissemination AS d ON d.partnership_id = asked.partnership
 WHERE d.held_on BETWEEN asked.first AND least(asked.last, asked.as_of);
