#!/usr/bin/env bash
# Runs the random walk of walk.py against a service and a database of its own. CSPRD and CSPR are the
# programs; WALK_STEPS how far to go, WALK_SEED where to begin again.
# What stands here is called by the parts that are sourced, and by the trap:
# shellcheck disable=SC2317
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
results=${CRITERION_OUTPUTS-}
results=${results#tap:}
steps=${WALK_STEPS:-1500}
seed=${WALK_SEED-}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset "${!PG@}" "${!CSPR_@}" CRITERION_OUTPUTS

local_dir=$(mktemp -d /tmp/cspr-walk-XXXXXXXX)
chmod 0755 "$local_dir"
for part in "$root"/tools/dev/*.sh; do
	# shellcheck source=/dev/null
	source "$part"
done

finish() {
	process_stop "$local_dir/csprd.pid" TERM 20 || true
	cluster_discard walk
	rm -rf -- "$local_dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

has_started() {
	process_alive "$local_dir/csprd.pid" || fail "csprd ended: $(tail -n 5 "$local_dir/csprd.log")"
	[[ -f $local_dir/ready ]] && (($(wc -l <"$local_dir/ready") > 0))
}

PATH=$(dirname "$CSPRD"):$(dirname "$CSPR"):$PATH
CSPR_PEPPER=$(head -c 32 /dev/urandom | base64 -w 0)
CSPR_SECRETS_KEY=$(head -c 32 /dev/urandom | base64 -w 0)
cluster_create walk fast
cluster_start walk
cluster_prepare walk
CSPR_DATABASE_URL=$(cluster_url walk csprd cspr)
CSPR_MIGRATION_URL=$(cluster_url walk cspr_owner cspr)
export PATH CSPR_PEPPER CSPR_SECRETS_KEY CSPR_DATABASE_URL CSPR_MIGRATION_URL
csprd migrate >"$local_dir/migrate.log" 2>&1 || fail "$(<"$local_dir/migrate.log")"
csprd partnerships create --slug walk --name Walk >/dev/null
for agency in council:local_authority trust:childrens_trust police:police icb:integrated_care_board; do
	csprd agencies create --partnership walk --slug "${agency%%:*}" --name "${agency%%:*}" \
		--kind "${agency#*:}" --statutory-partner >/dev/null
done
csprd agencies create --partnership walk --slug school --name school --kind school >/dev/null
process_start "$local_dir/csprd.pid" "$local_dir/csprd.log" \
	env CSPR_LISTEN=127.0.0.1:0 CSPR_METRICS_LISTEN=127.0.0.1:0 CSPR_READY_FILE="$local_dir/ready" \
	CSPR_DISPATCH=off CSPR_CHECK_RESPONSES=on csprd serve
wait_until 20 has_started || fail 'csprd did not become ready'
CSPR_URL=$(head -n 1 "$local_dir/ready")
export CSPR_URL
mapfile -t scopes < <(cspr api GET /openapi.json | python3 "$root/tests/walk/scopes.py")
CSPR_TOKEN=$(csprd keys create --partnership walk --agency council --label walk "${scopes[@]}")
export CSPR_TOKEN
status=0
WALK_DATABASE_URL=$(cluster_url walk postgres cspr) WALK_HOLIDAYS=$root/db/seed/bank_holidays.csv \
	python3 "$root/tests/walk/walk.py" "$steps" ${seed:+"$seed"} >"$local_dir/output" 2>&1 || status=$?
cat "$local_dir/output"
csprd audit verify --partnership walk >"$local_dir/audit.log" 2>&1 && verdict=ok || verdict='not ok'
printf '%s 99 - the audit chain verifies\n' "$verdict" | tee -a "$local_dir/output"
[[ $verdict == ok ]] || { cat "$local_dir/audit.log"; status=1; }
if [[ $results ]]; then
	grep -E '^(ok|not ok) ' "$local_dir/output" >"$results" || true
fi
exit "$status"
