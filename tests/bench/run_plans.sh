#!/usr/bin/env bash
# Whether a report reads a large table of the partnerships whole: fills a large and a small partnership in
# a cluster of its own, and has PostgreSQL explain every statement for the small one. CSPRD is the program.
# What stands here is called by the parts that are sourced, and by the trap:
# shellcheck disable=SC2317
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset "${!PG@}" "${!CSPR_@}"

local_dir=$(mktemp -d /tmp/cspr-plans-XXXXXXXX)
chmod 0755 "$local_dir"
for part in "$root"/tools/dev/*.sh; do
	# shellcheck source=/dev/null
	source "$part"
done

finish() {
	cluster_discard plans
	rm -rf -- "$local_dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cluster_create plans fast
cluster_start plans
cluster_prepare plans
CSPR_DATABASE_URL=$(cluster_url plans csprd cspr) \
	CSPR_MIGRATION_URL=$(cluster_url plans cspr_owner cspr) "$CSPRD" migrate >"$local_dir/migrate.log" 2>&1 ||
	fail "$(<"$local_dir/migrate.log")"
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
