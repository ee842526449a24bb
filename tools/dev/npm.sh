# shellcheck shell=bash
# npm packages for the tests alone, as the lock files of tests/*/ pin them.

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

# npm_install SUITE: installs what tests/SUITE/package-lock.json pins and prints the directory that
# holds node_modules. Asks nothing of the network when it is there already. False when npm or the
# registry cannot be had; anything else that goes wrong is a fault of ours, and the tests that look
# for the packages then fail.
npm_install() {
	local suite=$1 source=$root/tests/$1 place=$root/build/$1
	local log=$local_dir/npm-$suite.log
	if ! npm_get; then
		say "!!! npm cannot be had: the cases of $suite are skipped"
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
		say "!!! the npm registry cannot be reached: the cases of $suite are skipped"
		return 1
	else
		say "npm ci failed: $(tail -n 5 "$log")"
	fi
}
