# shellcheck shell=bash
# Processes that outlive a command. One is known by its id, the moment it began and the boot that
# this was in, so that what we end is what we started and nothing that has its number now.

process_identity() {
	local stat fields
	[[ -r /proc/$1/stat ]] || return 1
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	# The program's name stands in parentheses and may hold anything; the state comes after it.
	read -ra fields <<<"${stat##*) }"
	[[ ${fields[0]} != Z ]] || return 1
	printf '%s %s %s\n' "$1" "${fields[19]}" "$(</proc/sys/kernel/random/boot_id)"
}

# Runs the command in the background in a session of its own, so that Ctrl-C reaches us alone.
process_start() {
	local record=$1 log=$2
	shift 2
	setsid "$@" </dev/null >"$log" 2>&1 9>&- &
	process_identity $! >"$record" || fail "$(basename "$record" .pid) ended at once: $log"
}

process_id() {
	local id rest
	read -r id rest <"$1"
	printf '%s\n' "$id"
}

process_alive() {
	local id
	[[ -s $1 ]] && id=$(process_id "$1") && [[ $(process_identity "$id") == "$(<"$1")" ]]
}

process_gone() {
	! process_alive "$1"
}

# Ends what the record names with the signal, within the seconds, and by force after them.
process_stop() {
	local record=$1 signal=$2 seconds=$3 id
	if process_alive "$record"; then
		id=$(process_id "$record")
		kill -s "$signal" "$id" 2>/dev/null || true
		if ! wait_until "$seconds" process_gone "$record"; then
			say "$(basename "$record" .pid) ($id) did not end within $seconds s and was killed"
			kill -s KILL "$id" 2>/dev/null || true
			wait_until 10 process_gone "$record" || true
		fi
	fi
	rm -f "$record"
}
