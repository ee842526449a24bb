#!/usr/bin/env bash
# Runs what README.md and docs/*.md tell the reader to type, as one shell session beside a
# demonstration of its own, and fails at the first command that fails. CSPRD and CSPR are the
# programs. Each block is a case, written where tools/dev/run_test wants them.
# What stands here is called by the parts that are sourced, and by the trap:
# shellcheck disable=SC2317
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
results=${CRITERION_OUTPUTS-}
results=${results#tap:}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset "${!PG@}" "${!CSPR_@}" CRITERION_OUTPUTS

local_dir=$(mktemp -d /tmp/cspr-docs-XXXXXXXX)
chmod 0755 "$local_dir"
for part in "$root"/tools/dev/*.sh; do
	# shellcheck source=/dev/null
	source "$part"
done

# The programs that are being tested stand in for the release, and nothing is installed here.
packages_install() {
	:
}
build_release() {
	:
}
build_path() {
	printf '%s\n' "$(dirname "$CSPRD"):$(dirname "$CSPR")"
}

finish() {
	demo_stop || true
	rm -rf -- "$local_dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What links to libcspr links to the one that is being tested, with the sanitizers that it has.
build_root=$(cd -- "$(dirname "$CSPR")/../.." && pwd -P)
export PKG_CONFIG_PATH=$build_root/meson-uninstalled
flags=("-Wl,-rpath,$build_root/clients/lib")
if nm -D "$build_root/clients/lib/libcspr.so" | grep __asan_init >/dev/null; then
	flags+=("-fsanitize=address,undefined")
fi
mkdir "$local_dir/bin"
printf '#!/bin/sh\nexec /usr/bin/cc "$@" %s\n' "${flags[*]}" >"$local_dir/bin/cc"
chmod 0755 "$local_dir/bin/cc"
PATH=$local_dir/bin:$PATH

demo_up
# The session's directory is a checkout's, as far as the demonstration goes.
mkdir "$local_dir/session"
ln -s "$local_dir" "$local_dir/session/.local"
documents=("$root/README.md")
for document in "$root"/docs/*.md; do
	[[ ! -f $document ]] || documents+=("$document")
done
python3 "$root/tests/docs/blocks.py" "${documents[@]}" >"$local_dir/session.sh"
wanted=$(grep -c '^printf .ok - ' "$local_dir/session.sh")
status=0
# A session of its own, so that what it leaves running ends with it.
(cd "$local_dir/session" && exec setsid bash -e -o pipefail "$local_dir/session.sh" \
	3>"$local_dir/passed" >"$local_dir/output" 2>&1 </dev/null) &
session=$!
wait "$session" || status=$?
kill -- "-$session" 2>/dev/null || true
passed=$(grep -c '^ok ' "$local_dir/passed" || true)
if ((status == 0 && passed != wanted)); then
	status=1
fi
if [[ $results ]]; then
	cp "$local_dir/passed" "$results"
	if ((status != 0)); then
		sed -n 's/^== /not ok - /p' "$local_dir/output" | tail -n 1 >>"$results"
	fi
fi
cat "$local_dir/output"
printf '%s of %s blocks ended well\n' "$passed" "$wanted"
exit "$status"
