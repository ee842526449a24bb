# shellcheck shell=bash
# ./dev walk: a long random walk through the whole process, against the release build.

dev_walk() {
	local steps=${1:-100000} seed=${2-}
	[[ $steps =~ ^[0-9]+$ ]] || fail 'walk takes a number of steps, and perhaps a seed'
	exclusive walk
	packages_install build database
	build_release
	CSPRD=$root/build/release/service/csprd CSPR=$root/build/release/clients/cli/cspr \
		WALK_STEPS=$steps WALK_SEED=$seed "$root/tests/walk/run_walk.sh"
}
