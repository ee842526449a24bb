# shellcheck shell=bash
# Debian packages: what the lists in tools/packages name is installed when it is missing.

packages_in() {
	local list
	for list in "$@"; do
		sed 's/#.*//; /^[[:space:]]*$/d' "$root/tools/packages/$list.txt"
	done | sort -u
}

packages_missing() {
	local wanted present
	wanted=$(packages_in "$@")
	# Foreign architectures and removed packages with leftover configuration do not count.
	# shellcheck disable=SC2086
	present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
		sed -n 's/^installed //p' | sort -u)
	comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$present")
}

# Asks nothing of the network when everything is there.
packages_install() {
	local missing fresh=()
	missing=$(packages_missing "$@")
	[[ $missing ]] || return 0
	mapfile -t fresh <<<"$missing"
	say "Installing ${fresh[*]}"
	if [[ " ${fresh[*]} " == *" postgresql-15 "* ]]; then
		packages_without_system_cluster packages_apt "${fresh[@]}"
	else
		packages_apt "${fresh[@]}"
	fi
}

# Nothing of the user's is removed to make room: apt-get then says what stands in the way.
packages_apt() {
	local log=$local_dir/apt.log
	mkdir -p "$local_dir"
	if ! as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 ||
		! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
			--no-remove -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "$@" >>"$log" 2>&1; then
		fail "apt-get failed: $(tail -n 10 "$log")"
	fi
}

# PostgreSQL's package makes and starts a cluster of its own when it is first installed, which
# nobody asked us for. Clusters that exist already are never touched.
packages_without_system_cluster() {
	local settings=/etc/postgresql-common/createcluster.d
	as_root mkdir -p "$settings"
	printf 'create_main_cluster = false\n' | as_root tee "$settings/cspr.conf" >/dev/null
	# In a subshell, so that the file goes away however the installation ends.
	(
		trap 'as_root rm -f "$settings/cspr.conf"' EXIT
		"$@"
	)
}

dev_packages() {
	local list
	(($#)) || fail "packages takes names of lists: $(cd "$root/tools/packages" && echo *.txt)"
	for list in "$@"; do
		[[ -f $root/tools/packages/$list.txt ]] || fail "there is no list $list"
	done
	packages_install "$@"
}
