#!/usr/bin/env bash
# Runs the random walk of walk.py against a service and a database of its own. CSPRD and CSPR are the
# programs; WALK_STEPS how far to go, WALK_SEED where to begin again, WALK_WALKERS how many share it.
# What stands here is called by the parts that are sourced, and by the trap:
# shellcheck disable=SC2317
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
results=${CRITERION_OUTPUTS-}
results=${results#tap:}
steps=${WALK_STEPS:-1500}
seed=${WALK_SEED-}
walkers=${WALK_WALKERS:-$((steps < 20000 ? 1 : 3))}
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
process_start "$local_dir/csprd.pid" "$local_dir/csprd.log" \
	env CSPR_LISTEN=127.0.0.1:0 CSPR_METRICS_LISTEN=127.0.0.1:0 CSPR_READY_FILE="$local_dir/ready" \
	CSPR_DISPATCH=off CSPR_CHECK_RESPONSES=on csprd serve
wait_until 20 has_started || fail 'csprd did not become ready'
CSPR_URL=$(head -n 1 "$local_dir/ready")
export CSPR_URL
document=$local_dir/openapi.json
cspr api GET /openapi.json >"$document"

# new_partnership SLUG: with the agencies that the walk needs.
new_partnership() {
	local agency
	csprd partnerships create --slug "$1" --name "$1" >/dev/null
	for agency in council:local_authority trust:childrens_trust police:police \
		icb:integrated_care_board; do
		csprd agencies create --partnership "$1" --slug "${agency%%:*}" --name "${agency%%:*}" \
			--kind "${agency#*:}" --statutory-partner >/dev/null
	done
	csprd agencies create --partnership "$1" --slug school --name school --kind school >/dev/null
}

# new_key PARTNERSHIP AGENCY ROLE: a line of role, scopes and token.
new_key() {
	local scopes words
	mapfile -t scopes < <(python3 "$root/tests/walk/scopes.py" "$3" <"$document")
	words=${scopes[*]/#/--scope }
	# shellcheck disable=SC2086
	printf '%s\t%s\t%s\n' "$3" "${scopes[*]}" \
		"$(csprd keys create --partnership "$1" --agency "$2" --label "$3" $words)"
}

new_partnership elsewhere
stranger=$(new_key elsewhere council everything)
for ((walker = 0; walker < walkers; walker++)); do
	new_partnership "walk-$walker"
	{
		for role in everything reader unit publisher approver signer decider; do
			new_key "walk-$walker" council "$role"
		done
		new_key "walk-$walker" school partner
		printf 'stranger%s\n' "${stranger#everything}"
	} >"$local_dir/keys-$walker"
done
python3 "$root/tests/walk/scopes.py" --collect "$local_dir"/keys-* >"$local_dir/keys.json"
status=0
WALK_DATABASE_URL=$(cluster_url walk postgres cspr) WALK_HOLIDAYS=$root/db/seed/bank_holidays.csv \
	WALK_KEYS=$local_dir/keys.json python3 "$root/tests/walk/walk.py" "$steps" ${seed:+"$seed"} >"$local_dir/output" 2>&1 || status=$?
cat "$local_dir/output"
verdict=ok
for ((walker = 0; walker < walkers; walker++)); do
	csprd audit verify --partnership "walk-$walker" >>"$local_dir/audit.log" 2>&1 || verdict='not ok'
done
printf '%s 99 - every audit chain verifies\n' "$verdict" | tee -a "$local_dir/output"
[[ $verdict == ok ]] || { cat "$local_dir/audit.log"; status=1; }
if [[ $results ]]; then
	grep -E '^(ok|not ok) ' "$local_dir/output" >"$results" || true
fi
exit "$status"
