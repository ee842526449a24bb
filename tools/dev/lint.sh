# shellcheck shell=bash
# ./dev lint and ./dev format.

lint_files() {
	git -C "$root" ls-files --cached --others --exclude-standard -- "$@" |
		while read -r path; do [[ ! -f $root/$path ]] || printf '%s\n' "$root/$path"; done
}

lint_c_format() {
	lint_files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror
}

# Every file that the build compiles, and no generated one. One file a time: version 14 takes each
# va_list for uninitialized from the second file on.
lint_clang_tidy() {
	packages_install build
	mkdir -p "$root/build"
	build_configure clang clang -Dbuildtype=debug
	# Generated headers must exist before a file that includes one can be read.
	build_targets clang
	python3 - "$root" "$root/build/clang/compile_commands.json" <<-'END' |
		import json, os, sys
		root, commands = sys.argv[1:]
		for entry in json.load(open(commands)):
		    path = os.path.realpath(os.path.join(entry["directory"], entry["file"]))
		    if not path.startswith(root + "/build/"):
		        print(path)
	END
		sort -u | xargs -r -P "$(nproc)" -n 1 clang-tidy --quiet -p "$root/build/clang"
}

lint_scripts() {
	(cd "$root" && shellcheck -x dev .ci/run tools/dev/run_test tools/dev/*.sh \
		tests/docs/run_documents.sh tests/faults/run_faults.sh \
		tests/support/own_service.sh tests/walk/run_walk.sh tests/recount/run_recount.sh \
		tests/bench/run_plans.sh)
}

dev_lint() {
	local failures=0 check
	packages_install lint build
	for check in lint_c_format lint_layers lint_scripts lint_yaml lint_clang_tidy; do
		say "${check#lint_}"
		("$check") || failures=$((failures + 1))
	done
	((failures == 0)) || fail "$failures checks failed"
	say 'Nothing to complain of'
}

lint_layers() {
	python3 "$root/tools/check_layers.py"
}

lint_yaml() {
	lint_files '*.yaml' '*.yml' | xargs -r python3 "$root/tools/check_yaml.py"
}

dev_format() {
	packages_install lint
	lint_files '*.c' '*.h' | xargs -r clang-format -i
}
