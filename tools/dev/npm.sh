# shellcheck shell=bash
# The official Standard Webhooks package, as its lock file pins it, for the tests alone.

# Another node than Debian's does as well, and its npm would be in the way of Debian's.
npm_get() {
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		# A subshell, because a failure would end everything.
		(packages_install npm)
	fi
}

npm_says_unreachable() {
	grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|SOCKET_TIMEOUT' "$1"
}

# Prints the directory that holds node_modules. Asks nothing of the network when it is there
# already. False when npm or the registry cannot be had; anything else that goes wrong is a fault
# of ours, and the tests that look for the package then fail.
npm_install() {
	local source=$root/tests/standardwebhooks place=$root/build/standardwebhooks
	local log=$local_dir/npm.log
	if ! npm_get; then
		say '!!! npm cannot be had: nothing will be verified with the official package'
		return 1
	fi
	printf '%s\n' "$place"
	if [[ -d $place/node_modules ]] && cmp -s "$source/package-lock.json" "$place/installed"; then
		return
	fi
	rm -rf -- "$place"
	mkdir -p "$place"
	cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$place"
	if (cd "$place" && npm ci --cache "$local_dir/npm") >"$log" 2>&1; then
		cp "$source/package-lock.json" "$place/installed"
	elif npm_says_unreachable "$log"; then
		say "!!! the npm registry cannot be reached: nothing will be verified with the official package"
		return 1
	else
		say "npm ci failed: $(tail -n 5 "$log")"
	fi
}
