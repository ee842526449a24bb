# shellcheck shell=bash
# ./dev db: psql on the demonstration's database while that runs, else on a cluster kept for this.

dev_db() {
	packages_install database
	if process_alive "$(cluster_record demo)"; then
		"$(cluster_programs)/psql" "$(cluster_url demo cspr_owner cspr)" "$@"
		return
	fi
	build_release
	process_alive "$(cluster_record own)" && fail 'another ./dev db is open'
	if [[ ! -d $(cluster_directory own)/data ]]; then
		cluster_create own durable
		cluster_start own
		trap 'cluster_stop own' EXIT
		cluster_prepare own
	else
		cluster_start own
		trap 'cluster_stop own' EXIT
	fi
	CSPR_MIGRATION_URL=$(cluster_url own cspr_owner cspr) "$root/build/release/service/csprd" migrate | cluster_migrated
	# Ctrl-C belongs to psql here: it cancels a query there.
	trap '' INT
	"$(cluster_programs)/psql" "$(cluster_url own cspr_owner cspr)" "$@"
}
