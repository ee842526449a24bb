-- What a rapid review is told of recurrence is asked with the same fragments as a theme's own
-- (db/queries/theme_recurrence.sql), which serve themes that most reviews have.
DROP FUNCTION theme_recurrences(uuid, date);
DROP FUNCTION theme_closures(uuid, date);
DROP FUNCTION theme_actions(uuid, date);
DROP FUNCTION theme_incidents(uuid, date);
DROP FUNCTION theme_reviews(uuid, date);
