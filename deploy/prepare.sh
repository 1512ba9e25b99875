#!/usr/bin/env bash
# SIMULATED. Makes a network whose parties keep their rows on the PostgreSQL server of compose.yaml, and its password.
#
#   deploy/prepare.sh DIR        DIR must not exist; secrets go to deploy/secrets
set -euo pipefail
[ "$#" = 1 ] || { echo "usage: deploy/prepare.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
warifu=${WARIFU:-$here/../.venv/bin/warifu}
secrets=${SECRETS:-$here/secrets}
umask 077
"$warifu" new "$1"
for settings in "$1"/{hub,authority,residence,tax,childcare,insurance}/party.json; do
    sed -i '1s|{|{\n  "store": "postgresql://warifu@postgresql/warifu",|' "$settings"
done
mkdir -p "$secrets"
[ -e "$secrets/password" ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$secrets/password"
printf 'postgresql:5432:warifu:warifu:%s\n' "$(cat "$secrets/password")" >"$secrets/pgpass"
if [ "$(id -u)" = 0 ]; then # who a party is in its container
    chown -R 1000:1000 "$1" "$secrets/pgpass"
fi
echo "made $1 and $secrets; next: docker compose --file deploy/compose.yaml up"
