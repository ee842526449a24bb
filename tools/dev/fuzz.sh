# shellcheck shell=bash
# ./dev fuzz: runs each fuzz target for some seconds; the corpus is kept in .local/fuzz.

dev_fuzz() {
	local seconds=${1-60} target name targets=()
	[[ $seconds =~ ^[0-9]+$ ]] || fail 'fuzz takes a number of seconds'
	packages_install build fuzz
	mkdir -p "$root/build"
	build_configure fuzz clang -Dbuildtype=debug -Doptimization=1 -Dfuzz=true
	mapfile -t targets < <(ninja -C "$root/build/fuzz" -t targets all |
		sed -n 's|^\(tests/fuzz/[a-z0-9_]*_fuzz\): .*|\1|p')
	((${#targets[@]})) || fail 'there is no fuzz target'
	build_targets fuzz "${targets[@]}" || fail 'the build failed'
	for target in "${targets[@]/#/$root/build/fuzz/}"; do
		name=$(basename "$target")
		mkdir -p "$local_dir/fuzz/$name"
		say "$name, $seconds s"
		ASAN_OPTIONS=detect_leaks=1 "$target" -max_total_time="$seconds" -max_len=65536 -timeout=5 \
			-print_final_stats=1 -artifact_prefix="$local_dir/fuzz/$name-" \
			"$local_dir/fuzz/$name" 2>&1 |
			tail -n 12
	done
}
