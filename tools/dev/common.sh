# shellcheck shell=bash
# What every command uses: speaking, failing, waiting for a condition.

say() {
	printf '%s\n' "$*" >&2
}

fail() {
	say "dev: $*"
	exit 1
}

# Tries the command every 50 ms until it holds; false when it did not within the seconds.
wait_until() {
	local seconds=$1 deadline
	shift
	deadline=$((${EPOCHREALTIME/./} + seconds * 1000000))
	until "$@"; do
		((${EPOCHREALTIME/./} < deadline)) || return 1
		sleep 0.05
	done
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "this needs root or sudo: $*"
	fi
}

# One of a kind at a time in this checkout; the lock ends with this command.
exclusive() {
	mkdir -p "$local_dir"
	exec 9>"$local_dir/$1.lock"
	flock -n 9 || fail "another ./dev $1 is at work in this checkout"
}
