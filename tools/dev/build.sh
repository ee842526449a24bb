# shellcheck shell=bash
# Build directories: build/release for use, build/test with sanitizers, build/clang as a check.

# DIRECTORY COMPILER OPTIONS…: sets it up, again from nothing when the options have changed.
build_configure() {
	local directory=$root/build/$1 compiler=$2 wanted
	shift 2
	wanted="$compiler $*"
	if [[ -f $directory/build.ninja && -f $directory/options && $(<"$directory/options") == "$wanted" ]]; then
		return
	fi
	rm -rf -- "$directory"
	CC=$compiler meson setup "$directory" "$root" "$@" >"$root/build/setup.log" ||
		fail "meson setup failed: $(tail -n 20 "$root/build/setup.log")"
	printf '%s\n' "$wanted" >"$directory/options"
}

# DIRECTORY TARGETS…: what the tools write is shown only when they fail.
build_targets() {
	local directory=$root/build/$1 log=$root/build/$1.log
	shift
	if ! ninja -C "$directory" --quiet "$@" >"$log" 2>&1; then
		tail -n 60 "$log" >&2
		return 1
	fi
}

build_release() {
	packages_install build
	mkdir -p "$root/build"
	say 'Building csprd and cspr'
	build_configure release gcc -Dbuildtype=release
	build_targets release service/csprd clients/cli/cspr || fail 'the build failed'
}

build_path() {
	printf '%s\n' "$root/build/release/service:$root/build/release/clients/cli"
}

dev_build() {
	build_release
	printf '%s\n' "$root/build/release/service/csprd" "$root/build/release/clients/cli/cspr"
}
