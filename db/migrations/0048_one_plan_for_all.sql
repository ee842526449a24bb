-- A session keeps the plan of a statement and uses it for whoever asks next. PostgreSQL looks tenant() up
-- in what it knows of the column: while a partnership with hardly any rows asked, any index that begins
-- with the partnership seemed good enough, and one that has most of the rows was then read to the end for
-- a single incident (200 ms, not 1). Without statistics of this column each partnership counts as a
-- two-hundredth of the table, and the plan is the same whoever asks. A new table does the same.
--
-- Statistics that a database has already are kept, and not renewed. A superuser takes them away:
-- DELETE FROM pg_statistic AS s USING pg_attribute AS a
--  WHERE a.attrelid = s.starelid AND a.attnum = s.staattnum AND a.attname = 'partnership_id'.
DO $$
DECLARE
  of_a_partnership regclass;
BEGIN
  FOR of_a_partnership IN
    SELECT a.attrelid
      FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid
     WHERE a.attname = 'partnership_id'
       AND c.relkind IN ('r', 'p')
       AND c.relnamespace = 'public'::regnamespace
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN partnership_id SET STATISTICS 0', of_a_partnership);
  END LOOP;
END $$;
