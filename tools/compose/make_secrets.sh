#!/usr/bin/env bash
# Makes the secrets of docker-compose.yml that are not there yet, in .local/secrets. What exists is
# kept: another pepper would make every API key worthless. The certificate is for trying things out.
set -euo pipefail

directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)/.local/secrets
mkdir -p "$directory"
# Containers read the files as users of their own; on this machine the directory keeps others out.
chmod 0700 "$directory"

keep() {
	local path=$directory/$1
	shift
	[[ -s $path ]] || printf '%s\n' "$@" >"$path"
	chmod 0444 "$path"
}

random_word() {
	head -c 32 /dev/urandom | base64 -w 0 | tr '+/' '-_' | tr -d '='
}

keep postgres_password "$(random_word)"
keep database_url "postgresql://csprd:$(random_word)@postgres/cspr"
keep migration_url "postgresql://cspr_owner:$(random_word)@postgres/cspr"
keep pepper "$(random_word)"
keep secrets_key "$(head -c 32 /dev/urandom | base64 -w 0)"
if [[ ! -s $directory/tls_certificate || ! -s $directory/tls_key ]]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
		-keyout "$directory/tls_key" -out "$directory/tls_certificate" 2>/dev/null
	chmod 0444 "$directory/tls_key" "$directory/tls_certificate"
fi
