# shellcheck shell=bash
# ./dev bench: the release build against PostgreSQL's own ceiling, on a durable cluster of its own; how long
# each report takes on 100,000 incidents; or how fast and how fair webhooks are delivered.

dev_bench() {
	local directory=$local_dir/bench
	local script=bench.py
	if [[ ${1-} == reports ]]; then
		script=reports.py
		shift
	fi
	if [[ ${1-} == delivery ]]; then
		script=delivery.py
		shift
	fi
	[[ $# == 0 || ($script == bench.py && $1 == --json) || ($script == reports.py && $1 =~ ^[0-9]+$) ||
		($script == delivery.py && "$* " =~ ^(--json )?((idle|backlog|calls|fairness|history) )*$) ]] ||
		fail 'bench takes --json, reports and how many incidents, or delivery'
	exclusive bench
	packages_install build database bench
	build_release
	[[ $script != delivery.py ]] || build_targets release tests/bench/bench_receiver || fail 'the build failed'
	trap 'cluster_discard bench' EXIT
	cluster_create bench durable
	cluster_start bench
	cluster_prepare bench
	rm -rf -- "$directory"
	mkdir -m 0700 "$directory"
	PATH=$(build_path):$PATH
	CSPR_PEPPER=$(head -c 32 /dev/urandom | base64 -w 0)
	CSPR_SECRETS_KEY=$(head -c 32 /dev/urandom | base64 -w 0)
	CSPR_DATABASE_URL=$(cluster_url bench csprd cspr)
	CSPR_MIGRATION_URL=$(cluster_url bench cspr_owner cspr)
	export PATH CSPR_PEPPER CSPR_SECRETS_KEY CSPR_DATABASE_URL CSPR_MIGRATION_URL
	csprd migrate | cluster_migrated
	BENCH_SUPER_URL=$(cluster_url bench postgres cspr) BENCH_SERVER_LOG=$(cluster_log bench) \
		BENCH_PROGRAMS=$(cluster_programs) BENCH_DIRECTORY=$directory \
		BENCH_RECEIVER=$root/build/release/tests/bench/bench_receiver \
		python3 "$root/tests/bench/$script" "$@"
}
