# shellcheck shell=bash
# ./dev test: builds with sanitizers, runs every suite against a fresh cluster, counts the cases.

# Runs a check, notes how it ended for the count, and goes on.
test_check() {
	local name=$1 notes=$root/build/test-results/checks
	shift
	say "$name"
	# A subshell, so that a check that gives up does not end the run.
	if ("$@"); then
		printf 'ok %s\n' "$name" >>"$notes"
	else
		printf 'not ok %s\n' "$name" >>"$notes"
	fi
}

test_clang_builds() {
	build_configure clang clang -Dbuildtype=debug && build_targets clang
}

# The services' logs are kept; nothing that a sanitizer has said may stand in one.
test_logs_are_clean() {
	! grep -lE 'Sanitizer|runtime error:' -r "$root/build/test-results/logs" >&2
}

# Prints where axe-core is, when there is a browser to run it in.
pages_install() {
	# A subshell, because a failure would end everything.
	if ! (packages_install pages); then
		say '!!! no browser can be had: nobody looks at the pages of reports and briefings'
		return 1
	fi
	npm_install pages
}

test_suites() {
	local suites=() log=$root/build/test/meson-logs/testlog-run_test.json node_packages page_packages
	rm -f "$log"
	node_packages=$(npm_install standardwebhooks) || node_packages=
	page_packages=$(pages_install) || page_packages=
	if (($#)); then
		mapfile -t suites < <(meson test -C "$root/build/test" --list 2>/dev/null |
			sed -n 's/.* \/ //; /'"$1"'/p')
		((${#suites[@]})) || fail "no test matches $1"
	fi
	env CSPR_TEST_SERVER="$(cluster_url test postgres postgres)" \
		CSPR_TEST_NODE_PACKAGES="$node_packages" \
		CSPR_TEST_PAGE_PACKAGES="$page_packages" \
		CSPR_TEST_LOGS="$root/build/test-results/logs" \
		CSPR_TEST_RESULTS="$root/build/test-results" \
		LSAN_OPTIONS="suppressions=$root/tools/dev/sanitizers.supp:print_suppressions=0" \
		meson test -C "$root/build/test" --no-rebuild --num-processes "$(nproc)" --print-errorlogs \
		--timeout-multiplier 4 --wrapper "$root/tools/dev/run_test" "${suites[@]}" >&2 || true
	[[ -s $log ]] || fail 'no test has run'
}

# What nobody has filled is a pattern and not, by chance, zero.
test_configure() {
	build_configure test gcc -Dbuildtype=debug -Dc_args=-ftrivial-auto-var-init=pattern -Doptimization=1 \
		-Db_sanitize=address,undefined
}

dev_test() {
	local results=$root/build/test-results
	exclusive test
	packages_install build database test
	rm -rf -- "$results"
	mkdir -p "$results/logs"
	: >"$results/checks"
	say 'Building with sanitizers'
	test_configure
	if ! build_targets test; then
		printf '0 passed, 1 failed, 0 skipped\n'
		exit 1
	fi
	trap 'cluster_discard test' EXIT
	cluster_create test fast
	cluster_start test
	cluster_psql test -f "$root/db/roles.sql"
	test_suites "$@"
	cluster_stop test
	if ((!$#)); then
		test_check 'layers include only what they may' lint_layers
		test_check 'clang builds the tree without a warning' test_clang_builds
	fi
	test_check 'no sanitizer has complained in a log' test_logs_are_clean
	test_check 'PostgreSQL has not crashed' cluster_log_is_clean test
	python3 "$root/tools/dev/tally_tests.py" "$root/build/test/meson-logs/testlog-run_test.json" "$results" \
		"$root/tools/dev/run_test" "$results/checks"
}
