-- The cluster's roles, made once by a superuser before the first migration; safe to run again.
--
-- cspr_owner owns the schema: migrate, keys, recipients and audit connect as it.
-- csprd is the service: it holds nothing itself and becomes cspr_api or cspr_dispatch (SET ROLE).
-- Neither can pass row-level security. Passwords, where they are needed, are set beside this.

DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN
    SELECT *
    FROM (VALUES
      ('cspr_api', 'NOLOGIN'),
      ('cspr_dispatch', 'NOLOGIN'),
      ('cspr_admin', 'NOLOGIN'),
      ('cspr_owner', 'LOGIN'),
      ('csprd', 'LOGIN NOINHERIT')) AS roles (name, attributes)
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
      EXECUTE format('CREATE ROLE %I NOSUPERUSER NOBYPASSRLS %s', wanted.name, wanted.attributes);
    END IF;
  END LOOP;
END $$;

GRANT cspr_api, cspr_dispatch TO csprd;
GRANT cspr_admin TO cspr_owner;
