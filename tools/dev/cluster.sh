# shellcheck shell=bash
# Private PostgreSQL clusters: data in .local/postgres-NAME, reached over a Unix socket only, never
# the system's. The socket's directory is closed to other users, which is the whole of its access
# control. PostgreSQL refuses to run as root; root's clusters belong to the user "postgres".

cluster_user() {
	if ((EUID == 0)); then
		printf 'postgres\n'
	else
		id -un
	fi
}

cluster_as() {
	if ((EUID == 0)); then
		(cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
	else
		(cd / && exec "$@")
	fi
}

# The newest PostgreSQL that Debian's packages have installed.
cluster_programs() {
	local programs=(/usr/lib/postgresql/*/bin/initdb)
	[[ -x ${programs[0]} ]] || fail 'PostgreSQL is not installed'
	printf '%s\n' "${programs[@]%/initdb}" | sort -V | tail -n 1
}

cluster_directory() {
	printf '%s\n' "$local_dir/postgres-$1"
}

# A place that PostgreSQL's user can reach and whose socket path fits (107 bytes) and needs no
# escaping in a URL. Where the checkout is not such a place, .local/ holds a link to one that is.
cluster_make_place() {
	local place=$1 elsewhere
	if [[ $place =~ ^[A-Za-z0-9/._-]{1,80}$ ]] && mkdir -m 0700 "$place" &&
		{ ((EUID != 0)) || chown postgres: "$place"; } 2>/dev/null &&
		cluster_as test -w "$place" 2>/dev/null; then
		return
	fi
	rmdir "$place" 2>/dev/null || true
	elsewhere=$(mktemp -d /var/tmp/cspr-XXXXXXXX)
	((EUID != 0)) || chown postgres: "$elsewhere"
	ln -s "$elsewhere" "$place"
}

# Removes what cluster_make_place() made, and nothing outside it.
cluster_discard() {
	local place
	place=$(cluster_directory "$1")
	cluster_stop "$1"
	if [[ -L $place ]]; then
		[[ $(readlink "$place") != /var/tmp/cspr-* ]] || rm -rf -- "$(readlink "$place")"
		rm -f -- "$place"
	fi
	rm -rf -- "$place"
}

# Makes a fresh cluster. "fast" gives up safety against a crash of the machine, for tests.
cluster_create() {
	local name=$1 kind=$2 place programs
	place=$(cluster_directory "$name")
	programs=$(cluster_programs)
	cluster_discard "$name"
	mkdir -p "$local_dir"
	cluster_make_place "$place"
	place=$(realpath "$place")
	cluster_as mkdir -m 0700 "$place/socket"
	cluster_as "$programs/initdb" --pgdata="$place/data" --username=postgres --encoding=UTF8 \
		--locale=C.UTF-8 --auth-local=trust --auth-host=reject --no-sync --no-instructions \
		>"$local_dir/initdb-$name.log" 2>&1 ||
		fail "initdb failed: $(<"$local_dir/initdb-$name.log")"
	{
		cat <<-END
			listen_addresses = ''
			unix_socket_directories = '$place/socket'
			unix_socket_permissions = 0700
			max_connections = 300
			timezone = 'UTC'
			log_timezone = 'UTC'
			log_line_prefix = '%m [%p] %d %a '
			log_error_verbosity = terse
			log_statement = none
			log_parameter_max_length = 0
			log_parameter_max_length_on_error = 0
		END
		[[ $kind != fast ]] || printf 'fsync = off\nfull_page_writes = off\n'
	} | cluster_as tee -a "$place/data/postgresql.conf" >/dev/null
}

cluster_record() {
	printf '%s\n' "$local_dir/postgres-$1.pid"
}

cluster_log() {
	printf '%s\n' "$local_dir/postgres-$1.log"
}

# Starts the cluster that cluster_create() made and waits until it answers.
cluster_start() {
	local name=$1 place programs launch=()
	place=$(realpath "$(cluster_directory "$name")")
	programs=$(cluster_programs)
	((EUID != 0)) || launch=(setpriv --reuid=postgres --regid=postgres --init-groups)
	process_start "$(cluster_record "$name")" "$(cluster_log "$name")" \
		env --chdir=/ "${launch[@]}" "$programs/postgres" -D "$place/data"
	wait_until 30 cluster_answers "$name" ||
		fail "PostgreSQL did not start: $(tail -n 5 "$(cluster_log "$name")")"
}

cluster_answers() {
	process_alive "$(cluster_record "$1")" || fail "PostgreSQL ended: $(<"$(cluster_log "$1")")"
	"$(cluster_programs)/pg_isready" -q -h "$(cluster_socket "$1")" -U postgres
}

cluster_socket() {
	printf '%s/socket\n' "$(realpath "$(cluster_directory "$1")")"
}

# A libpq URL: cluster, user, database.
cluster_url() {
	printf 'postgresql://%s@/%s?host=%s\n' "$2" "$3" "$(cluster_socket "$1")"
}

cluster_psql() {
	local name=$1
	shift
	"$(cluster_programs)/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster_url "$name" postgres postgres)" "$@"
}

# What csprd migrate says, without the ninety days that a new calendar is made of.
cluster_migrated() {
	sed '/^added /d' >&2
}

# Makes the roles and an empty database "cspr", ready for `csprd migrate`.
cluster_prepare() {
	cluster_psql "$1" -f "$root/db/roles.sql"
	cluster_psql "$1" -c 'CREATE DATABASE cspr OWNER cspr_owner'
}

# A fast shutdown: sessions are ended, nothing committed is lost.
cluster_stop() {
	process_stop "$(cluster_record "$1")" INT 30
}

# No backend may die of a signal, no assertion and no panic may have happened.
cluster_log_is_clean() {
	! grep -E 'PANIC:|TRAP:|terminated by signal (6|7|8|11)' "$(cluster_log "$1")" >&2
}
