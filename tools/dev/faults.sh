# shellcheck shell=bash
# ./dev faults: plays what must be survived against the release build; --short is the pass within ./dev test.

dev_faults() {
	exclusive faults
	packages_install build database
	build_release
	build_targets release tests/faults/receivers || fail 'the build failed'
	say 'Building a csprd that can crash'
	test_configure
	build_targets test service/csprd || fail 'the build failed'
	CSPRD=$root/build/release/service/csprd CSPR=$root/build/release/clients/cli/cspr \
		FAULT_DEBUG_CSPRD=$root/build/test/service/csprd \
		FAULT_RECEIVERS=$root/build/release/tests/faults/receivers FAULT_KEEP=$local_dir/faults \
		"$root/tests/faults/run_faults.sh" "$@"
}
