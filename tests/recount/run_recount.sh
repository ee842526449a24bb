#!/usr/bin/env bash
# Has recount.py count the reports of a service and a database of its own. CSPRD and CSPR are the
# programs; RECOUNT_SEEDS which records are made, two random sets when it is not said.
# What stands here is called by the parts that are sourced, and by the trap:
# shellcheck disable=SC2317
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
results=${CRITERION_OUTPUTS-}
results=${results#tap:}
read -ra seeds <<<"${RECOUNT_SEEDS:-$RANDOM $RANDOM}"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset "${!PG@}" "${!CSPR_@}" CRITERION_OUTPUTS

local_dir=$(mktemp -d /tmp/cspr-recount-XXXXXXXX)
chmod 0755 "$local_dir"
for part in "$root"/tools/dev/*.sh; do
	# shellcheck source=/dev/null
	source "$part"
done

finish() {
	process_stop "$local_dir/csprd.pid" TERM 20 || true
	cluster_discard recount
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
cluster_create recount fast
cluster_start recount
cluster_prepare recount
CSPR_DATABASE_URL=$(cluster_url recount csprd cspr)
CSPR_MIGRATION_URL=$(cluster_url recount cspr_owner cspr)
export PATH CSPR_PEPPER CSPR_SECRETS_KEY CSPR_DATABASE_URL CSPR_MIGRATION_URL
csprd migrate >"$local_dir/migrate.log" 2>&1 || fail "$(<"$local_dir/migrate.log")"
process_start "$local_dir/csprd.pid" "$local_dir/csprd.log" \
	env CSPR_LISTEN=127.0.0.1:0 CSPR_METRICS_LISTEN=127.0.0.1:0 CSPR_READY_FILE="$local_dir/ready" \
	CSPR_DISPATCH=off CSPR_CHECK_RESPONSES=on csprd serve
wait_until 20 has_started || fail 'csprd did not become ready'
CSPR_URL=$(head -n 1 "$local_dir/ready")
export CSPR_URL
CSPR_RECOUNT_TOKENS=
for seed in "${seeds[@]}"; do
	csprd partnerships create --slug "seed-$seed" --name "Seed $seed" --area-code E08000028 >/dev/null
	for agency in council:local_authority trust:childrens_trust police:police school:school; do
		csprd agencies create --partnership "seed-$seed" --slug "${agency%%:*}" \
			--name "${agency%%:*}" --kind "${agency#*:}" >/dev/null
	done
	CSPR_RECOUNT_TOKENS+=$(csprd keys create --partnership "seed-$seed" --agency council \
		--label recount --scope reports:read --scope partnership:read)' '
done
export CSPR_RECOUNT_TOKENS
status=0
RECOUNT_DATABASE_URL=$(cluster_url recount postgres cspr) \
	RECOUNT_HOLIDAYS=$root/db/seed/bank_holidays.csv \
	python3 "$root/tests/recount/recount.py" "${seeds[@]}" >"$local_dir/output" 2>&1 || status=$?
for seed in "${seeds[@]}"; do
	CSPR_TOKEN=$(csprd keys create --partnership "seed-$seed" --agency council --label public \
		--scope reports:read --scope partnership:read)
	export CSPR_TOKEN
	PYTHONPATH=$root/tests/disclosure python3 "$root/tests/disclosure/solve_reports.py" "seed-$seed" \
		>>"$local_dir/output" 2>&1 && verdict=ok || verdict='not ok'
	printf '%s - nothing that is hidden from the public of seed %s can be worked out\n' \
		"$verdict" "$seed" >>"$local_dir/output"
	[[ $verdict == ok ]] || status=1
done
cat "$local_dir/output"
if [[ $results ]]; then
	grep -E '^(ok|not ok) ' "$local_dir/output" >"$results" || true
fi
exit "$status"
