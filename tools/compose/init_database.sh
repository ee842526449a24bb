#!/usr/bin/env bash
# Run once by the postgres image on a new data directory: the roles, with the passwords that stand
# in the URLs which csprd is given.
set -euo pipefail

password_in() {
	sed -E 's|^postgresql://[^:]+:([^@]+)@.*|\1|' "/run/secrets/$1"
}

run_sql() {
	psql -X -q -v ON_ERROR_STOP=1 -U postgres -d cspr "$@"
}

run_sql -f /usr/share/cspr/roles.sql
run_sql -v service="$(password_in database_url)" -v owner="$(password_in migration_url)" <<-'END'
	ALTER ROLE csprd PASSWORD :'service';
	ALTER ROLE cspr_owner PASSWORD :'owner';
	ALTER DATABASE cspr OWNER TO cspr_owner;
END
