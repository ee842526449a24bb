#!/usr/bin/env bash
# Plays faults on a cluster, services and receivers of its own; see faults.py for the arguments. CSPRD,
# CSPR and FAULT_RECEIVERS are the programs; FAULT_KEEP a folder for the logs, if they are to be kept.
# What stands here is called by the parts that are sourced, and by the trap:
# shellcheck disable=SC2317
set -euo pipefail
# shellcheck source=tests/support/own_service.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/own_service.sh" faults

# What faults.py could not end itself.
end_everything() {
	local record disk
	for record in "$local_dir"/*.pid; do
		[[ ! -f $record ]] || process_stop "$record" KILL 10
	done
	for disk in "$local_dir"/disk-*; do
		! mountpoint -q "$disk" || umount -l "$disk"
	done
	if [[ ${FAULT_KEEP-} ]]; then
		mkdir -p "$FAULT_KEEP"
		cp "$local_dir"/*.log "$FAULT_KEEP/" 2>/dev/null || true
	fi
	own_finish
}
trap end_everything EXIT

own_database
cluster_psql faults -c 'ALTER DATABASE cspr RENAME TO cspr_template'
cluster_stop faults
FAULT_POSTGRESQL=$(cluster_programs)
FAULT_CLUSTER=$(realpath "$(cluster_directory faults)")
export FAULT_FOLDER=$local_dir FAULT_POSTGRESQL FAULT_CLUSTER CSPR_TARGET_ALLOW=127.0.0.1/32
status=0
python3 "$root/tests/faults/faults.py" "$@" || status=$?
[[ ! -f $local_dir/output ]] || own_results
exit "$status"
