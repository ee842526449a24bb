# shellcheck shell=bash
# A cluster and a csprd of a suite's own, in a temporary folder; all of it goes with the script that
# sources this:
#
#     source …/tests/support/own_service.sh NAME
#
# CSPRD and CSPR are the programs. Gives root, local_dir, results (where tools/dev/run_test wants the
# cases, or nothing), and what tools/dev has.
# What stands here is called by the scripts that source it, and by the trap:
# shellcheck disable=SC2317,SC2034
own_name=$1
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
results=${CRITERION_OUTPUTS-}
results=${results#tap:}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset "${!PG@}" "${!CSPR_@}" CRITERION_OUTPUTS

local_dir=$(mktemp -d "/tmp/cspr-$own_name-XXXXXXXX")
chmod 0755 "$local_dir"
for part in "$root"/tools/dev/*.sh; do
	# shellcheck source=/dev/null
	source "$part"
done

own_finish() {
	process_stop "$local_dir/csprd.pid" TERM 20 || true
	cluster_discard "$own_name"
	rm -rf -- "$local_dir"
}
trap own_finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A migrated database, and the environment of csprd's commands.
own_database() {
	PATH=$(dirname "$CSPRD"):$(dirname "$CSPR"):$PATH
	CSPR_PEPPER=$(head -c 32 /dev/urandom | base64 -w 0)
	CSPR_SECRETS_KEY=$(head -c 32 /dev/urandom | base64 -w 0)
	cluster_create "$own_name" fast
	cluster_start "$own_name"
	cluster_prepare "$own_name"
	CSPR_DATABASE_URL=$(cluster_url "$own_name" csprd cspr)
	CSPR_MIGRATION_URL=$(cluster_url "$own_name" cspr_owner cspr)
	export PATH CSPR_PEPPER CSPR_SECRETS_KEY CSPR_DATABASE_URL CSPR_MIGRATION_URL
	csprd migrate >"$local_dir/migrate.log" 2>&1 || fail "$(<"$local_dir/migrate.log")"
}

own_service_has_started() {
	process_alive "$local_dir/csprd.pid" || fail "csprd ended: $(tail -n 5 "$local_dir/csprd.log")"
	[[ -f $local_dir/ready ]] && (($(wc -l <"$local_dir/ready") > 0))
}

# A service on it that delivers nothing, in CSPR_URL.
own_service() {
	process_start "$local_dir/csprd.pid" "$local_dir/csprd.log" \
		env CSPR_LISTEN=127.0.0.1:0 CSPR_METRICS_LISTEN=127.0.0.1:0 \
		CSPR_READY_FILE="$local_dir/ready" CSPR_DISPATCH=off CSPR_CHECK_RESPONSES=on csprd serve
	wait_until 20 own_service_has_started || fail 'csprd did not become ready'
	CSPR_URL=$(head -n 1 "$local_dir/ready")
	export CSPR_URL
}

# Hands the cases of local_dir/output on to whoever counts them.
own_results() {
	if [[ $results ]]; then
		grep -E '^(ok|not ok) ' "$local_dir/output" >"$results" || true
	fi
}
