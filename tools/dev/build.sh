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

build_targets() {
	local directory=$root/build/$1
	shift
	ninja -C "$directory" --quiet "$@" >&2
}

build_release() {
	packages_install build
	mkdir -p "$root/build"
	say 'Building csprd and cspr'
	build_configure release gcc -Dbuildtype=release
	build_targets release service/csprd clients/cli/cspr
}

build_path() {
	printf '%s\n' "$root/build/release/service:$root/build/release/clients/cli"
}

dev_build() {
	build_release
	printf '%s\n' "$root/build/release/service/csprd" "$root/build/release/clients/cli/cspr"
}
