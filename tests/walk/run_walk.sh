#!/usr/bin/env bash
# Runs the random walk of walk.py against a service and a database of its own. CSPRD and CSPR are the
# programs; WALK_STEPS how far to go, WALK_SEED where to begin again, WALK_WALKERS how many share it.
set -euo pipefail
steps=${WALK_STEPS:-1500}
seed=${WALK_SEED-}
walkers=${WALK_WALKERS:-$((steps < 20000 ? 1 : 3))}
# shellcheck source=tests/support/own_service.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/own_service.sh" walk
own_database
own_service
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
own_results
exit "$status"
