#!/usr/bin/env bash
# Whether the dispatcher's claim stays as cheap as it is, however much has been delivered: fills a cluster of
# its own, and has PostgreSQL explain and run the claim. CSPRD is the program.
set -euo pipefail
# shellcheck source=tests/support/own_service.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/../support/own_service.sh" claim
own_database
url=$(cluster_url claim postgres cspr)
psql -X -q -v ON_ERROR_STOP=1 -f "$root/tests/bench/claim_plan.sql" "$url"
python3 "$root/tests/bench/claim_plan.py" "$url"
