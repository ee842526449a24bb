#!/usr/bin/env bash
# Has recount.py count the reports of a service and a database of its own. CSPRD and CSPR are the
# programs; RECOUNT_SEEDS which records are made, two random sets when it is not said.
set -euo pipefail
read -ra seeds <<<"${RECOUNT_SEEDS:-$RANDOM $RANDOM}"
# shellcheck source=tests/support/own_service.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/own_service.sh" recount
own_database
own_service
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
own_results
exit "$status"
