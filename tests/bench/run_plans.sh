#!/usr/bin/env bash
# Whether a report reads a large table of the partnerships whole, whether a statement is planned otherwise for one
# partnership than for another, and whether a list reads more than its page: fills a large and a small one in a
# cluster of its own, and has PostgreSQL explain every statement. CSPRD is the program.
set -euo pipefail
# shellcheck source=tests/support/own_service.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/own_service.sh" plans
own_database
url=$(cluster_url plans postgres cspr)

# partnership SLUG INCIDENTS: its id.
partnership() {
	local id
	id=$(psql -X -q -A -t "$url" -c "INSERT INTO partnership (id, slug, name)
		VALUES (gen_random_uuid(), '$1', '$1') RETURNING id")
	psql -X -q -v ON_ERROR_STOP=1 -v "partnership=$id" -v "incidents=$2" \
		-f "$root/tests/bench/reports.sql" "$url"
	printf '%s\n' "$id"
}

partnership large 3000 >/dev/null
small=$(partnership small 60)
python3 "$root/tests/bench/reports_plans.py" "$url" "$small"
large=$(psql -X -q -A -t "$url" -c "SELECT id FROM partnership WHERE slug = 'large'")
python3 "$root/tests/bench/shared_plans.py" "$url" "$large" "$small"
python3 "$root/tests/bench/list_plans.py" "$url" "$large"
