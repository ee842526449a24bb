-- Another bank holiday counts every partnership's open clocks anew, so it stands in the audit chain
-- of each, whoever changed it and how.

CREATE FUNCTION bank_holiday_audit() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  before text := current_setting('app.partnership_id', true);
  action text := 'bank_holiday.' ||
    CASE TG_OP WHEN 'INSERT' THEN 'add' WHEN 'UPDATE' THEN 'change' ELSE 'remove' END;
  every record;
BEGIN
  FOR every IN SELECT p.id FROM partnership AS p ORDER BY p.id LOOP
    PERFORM set_config('app.partnership_id', every.id::text, true);
    PERFORM audit_append(action, 'bank_holiday', coalesce(NEW.date, OLD.date)::text, 'done', NULL,
      NULL);
  END LOOP;
  PERFORM set_config('app.partnership_id', coalesce(before, ''), true);
  RETURN NULL;
END $$;
CREATE TRIGGER bank_holiday_audit AFTER INSERT OR UPDATE OR DELETE ON bank_holiday
  FOR EACH ROW EXECUTE FUNCTION bank_holiday_audit();

GRANT CREATE ON SCHEMA public TO cspr_admin;
ALTER FUNCTION bank_holiday_audit() OWNER TO cspr_admin;
REVOKE CREATE ON SCHEMA public FROM cspr_admin;
REVOKE ALL ON FUNCTION bank_holiday_audit() FROM PUBLIC;
