# shellcheck shell=bash
# ./dev demo: a whole cspr on this machine, told as the story of one incident. Everything that runs
# is recorded in .local/demo; the demonstration begins with an empty database each time.

demo_receivers=(dfe ofsted panel)

demo_record() {
	printf '%s\n' "$local_dir/demo/$1.pid"
}

demo_is_up() {
	process_alive "$(demo_record csprd)" && process_alive "$(cluster_record demo)"
}

# Ends what the demonstration started and leaves the logs. The service goes first, so that it can
# finish what it is doing.
demo_stop() {
	local receiver
	process_stop "$(demo_record csprd)" TERM 20
	for receiver in "${demo_receivers[@]}"; do
		process_stop "$(demo_record "$receiver")" TERM 5
	done
	cluster_discard demo
	rm -f "$local_dir/demo.env"
}

# A value out of JSON on stdin: demo_value 'data[0].id' in Python's terms: demo_value "['id']".
demo_value() {
	python3 -c "import json, sys; print(json.load(sys.stdin)$1)"
}

demo_secrets() {
	local receiver
	(
		umask 077
		mkdir -p "$local_dir/demo"
		head -c 32 /dev/urandom | base64 -w 0 >"$local_dir/demo/pepper"
		head -c 32 /dev/urandom | base64 -w 0 >"$local_dir/demo/secrets_key"
		for receiver in "${demo_receivers[@]}"; do
			printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64 -w 0)" \
				>"$local_dir/demo/$receiver.secret"
		done
	)
}

# What csprd and cspr read, for this command and, by demo.env, for the user's shell.
demo_environment() {
	PATH=$(build_path):$PATH
	export PATH
	export CSPR_PEPPER_FILE=$local_dir/demo/pepper
	export CSPR_SECRETS_KEY_FILE=$local_dir/demo/secrets_key
	export CSPR_TARGET_ALLOW=127.0.0.1/32
	CSPR_DATABASE_URL=$(cluster_url demo csprd cspr)
	CSPR_MIGRATION_URL=$(cluster_url demo cspr_owner cspr)
	export CSPR_DATABASE_URL CSPR_MIGRATION_URL
}

demo_write_environment() {
	local name
	(
		umask 077
		{
			printf '# The demonstration that runs now; ./dev demo --stop takes this file away.\n'
			for name in CSPR_URL CSPR_TOKEN CSPR_TOKEN_TRUST CSPR_TOKEN_OTHER CSPR_DATABASE_URL \
				CSPR_MIGRATION_URL CSPR_PEPPER_FILE CSPR_SECRETS_KEY_FILE CSPR_TARGET_ALLOW; do
				printf 'export %s=%q\n' "$name" "${!name}"
			done
			# shellcheck disable=SC2016
			printf 'export PATH=%q:"$PATH"\n' "$(build_path)"
		} >"$local_dir/demo.env"
	)
}

demo_start_receiver() {
	local name=$1 directory=$local_dir/demo
	rm -f "$directory/$name.port"
	process_start "$(demo_record "$name")" "$directory/$name.log" \
		cspr webhook listen --port 0 --port-file "$directory/$name.port" \
		--secret-file "$directory/$name.secret" --name "$name"
	wait_until 10 demo_has_line "$directory/$name.port" ||
		fail "the receiver $name did not start: $(<"$directory/$name.log")"
}

demo_has_line() {
	[[ -f $1 ]] && (($(wc -l <"$1") > 0))
}

demo_start_service() {
	local directory=$local_dir/demo
	rm -f "$directory/ready"
	process_start "$(demo_record csprd)" "$directory/csprd.log" \
		env CSPR_LISTEN=127.0.0.1:0 CSPR_METRICS_LISTEN=127.0.0.1:0 \
		CSPR_READY_FILE="$directory/ready" CSPR_RETRY_SCALE_PERCENT=5 csprd serve
	wait_until 20 demo_service_has_started ||
		fail "csprd did not become ready: $(tail -n 5 "$directory/csprd.log")"
	CSPR_URL=$(head -n 1 "$directory/ready")
	export CSPR_URL
}

demo_service_has_started() {
	process_alive "$(demo_record csprd)" ||
		fail "csprd ended: $(tail -n 5 "$local_dir/demo/csprd.log")"
	demo_has_line "$local_dir/demo/ready"
}

# The scopes of the document that the filter lets through, as --scope arguments in demo_scopes.
demo_find_scopes() {
	mapfile -t demo_scopes < <(cspr api GET /openapi.json | python3 -c '
import json, re, sys
document = json.load(sys.stdin)
scopes = {scope for path in document["paths"].values() for operation in path.values()
          if isinstance(operation, dict) for wanted in operation.get("security", [])
          for scope in wanted.get("bearer", [])}
for scope in sorted(scopes):
    if re.search(sys.argv[1], scope):
        print("--scope", scope, sep="\n")' "$1")
}

demo_make_callers() {
	local demo_scopes
	demo_find_scopes '(?<!_own)$'
	CSPR_TOKEN=$(csprd keys create --partnership sandwell --agency "$1" \
		--label 'business unit' "${demo_scopes[@]}")
	CSPR_TOKEN_OTHER=$(csprd keys create --partnership elsewhere --agency council \
		--label 'business unit' "${demo_scopes[@]}")
	demo_find_scopes '^(incidents:(write|read)|notifications:read)_own$'
	CSPR_TOKEN_TRUST=$(csprd keys create --partnership sandwell --agency trust \
		--label 'case management system' "${demo_scopes[@]}")
	export CSPR_TOKEN CSPR_TOKEN_OTHER CSPR_TOKEN_TRUST
}

demo_load() {
	local example=$root/db/seed/sandwell.json receiver
	python3 "$root/tools/demo/load_example.py" "$example" agencies
	csprd partnerships create --slug elsewhere --name 'Elsewhere Safeguarding Children Partnership' \
		>/dev/null
	csprd agencies create --partnership elsewhere --slug council --name 'Elsewhere Council' \
		--kind local_authority --statutory-partner >/dev/null
	for receiver in "${demo_receivers[@]}"; do
		csprd recipients set --partnership sandwell --recipient "$receiver" \
			--url "http://127.0.0.1:$(head -n 1 "$local_dir/demo/$receiver.port")/" \
			--secret-file "$local_dir/demo/$receiver.secret" >/dev/null
	done
	# The business unit sits with the first of the statutory partners.
	demo_make_callers "$(demo_value "['agencies'][0]['slug']" <"$example")"
	python3 "$root/tools/demo/load_example.py" "$example" incidents
}

demo_up() {
	packages_install build database
	build_release
	demo_stop
	rm -rf -- "$local_dir/demo"
	demo_secrets
	say 'Starting PostgreSQL in .local/'
	cluster_create demo durable
	cluster_start demo
	cluster_prepare demo
	demo_environment
	csprd migrate | cluster_migrated
	say 'Starting csprd and the receivers that stand for DfE, Ofsted and the Panel'
	local receiver
	for receiver in "${demo_receivers[@]}"; do
		demo_start_receiver "$receiver"
	done
	demo_start_service
	say 'Loading the Sandwell example: invented data, no real person'
	demo_load
	demo_write_environment
}

demo_title() {
	printf '\n\033[1m%s\033[0m\n' "$*" | if [[ -t 1 && -z ${NO_COLOR-} ]]; then cat; else
		sed 's/\x1b\[[01]m//g'
	fi
}

demo_deliveries_are_done() {
	[[ $(cspr notification get "$1" -o json | demo_value "['state']") == delivered ]]
}

demo_story() {
	local incident=$local_dir/demo/incident.json created notification receiver
	sed "s/@INCIDENT@/$(date -d '3 days ago' +%F)/; s/@AWARE@/$(date -d '2 days ago' +%F)/
		s/@YEAR@/$(date +%Y)/" "$root/tools/demo/incident.json" >"$incident"

	demo_title "The Trust's case management system posts an incident"
	printf '$ cspr incident create -f .local/demo/incident.json\n'
	created=$(CSPR_TOKEN=$CSPR_TOKEN_TRUST cspr incident create -o json -f "$incident" |
		demo_value "['id']")
	CSPR_TOKEN=$CSPR_TOKEN_TRUST cspr incident list -o table --local-ref "SAND-$(date +%Y)-D001"

	demo_title 'Its statutory dates, and the rules that they follow from'
	printf '$ cspr incident clocks %s\n' "$created"
	cspr incident clocks "$created" -o table

	demo_title 'The business unit notifies DfE, Ofsted and the Panel'
	printf '$ cspr notification create %s --set kind=serious_incident\n' "$created"
	notification=$(cspr notification create "$created" --set kind=serious_incident -o json |
		demo_value "['id']")
	wait_until 30 demo_deliveries_are_done "$notification" ||
		fail "the deliveries did not arrive: $(cspr notification get "$notification" -o json)"
	for receiver in "${demo_receivers[@]}"; do
		python3 "$root/tools/demo/show_deliveries.py" <"$local_dir/demo/$receiver.log"
	done

	demo_title 'The deadlines that run'
	printf '$ cspr deadlines --state running\n'
	cspr deadlines --state running -o table
}

demo_goodbye() {
	cat <<-END

		The service answers at $CSPR_URL. In another shell:
		  source .local/demo.env
		  cspr incident list
		  curl -H "Authorization: Bearer \$CSPR_TOKEN" "\$CSPR_URL/v1/deadlines"
	END
}

# Runs docs/a-whole-case.md against the demonstration that is up, each command shown before it runs.
demo_case() {
	python3 "$root/tests/docs/blocks.py" "$root/docs/a-whole-case.md" >"$local_dir/demo/case.sh"
	(cd "$root" && bash -e -v -o pipefail "$local_dir/demo/case.sh" 3>/dev/null 2>&1 |
		sed '/^printf /d') || fail 'a step of the case was refused'
}

# Shows what the receivers and the service write, until Ctrl-C or the service's end.
demo_watch() {
	local logs=() receiver
	printf 'Ctrl-C stops everything that this has started.\n'
	for receiver in "${demo_receivers[@]}"; do
		logs+=("$local_dir/demo/$receiver.log")
	done
	tail -q -n 0 -F --pid="$(process_id "$(demo_record csprd)")" "${logs[@]}" |
		python3 "$root/tools/demo/show_deliveries.py" &
	wait $! || true
}

dev_demo() {
	case ${1-} in
	--stop)
		demo_stop
		return
		;;
	'' | --detach | --case) ;;
	*) fail 'demo takes --detach, --case or --stop' ;;
	esac
	if demo_is_up && [[ -f $local_dir/demo.env ]]; then
		if [[ ${1-} == --case ]]; then
			demo_case
			return
		fi
		say 'The demonstration runs already; source .local/demo.env, or ./dev demo --stop'
		return
	fi
	exclusive demo
	trap demo_stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	demo_up
	demo_story
	if [[ ${1-} == --case ]]; then
		demo_case
	fi
	demo_goodbye
	if [[ ${1-} ]]; then
		trap - EXIT
		return
	fi
	demo_watch
}
