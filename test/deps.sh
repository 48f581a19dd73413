#!/usr/bin/env bash
# Installs the Debian packages that tests and demo use, those only that are missing.
set -euo pipefail

declare -A needs=(
	[/usr/lib/postgresql/15/bin/pg_waldump]=postgresql-15
	[/usr/bin/psql]=postgresql-client-15
	[/usr/bin/gcc]=gcc
	[/usr/include/stdlib.h]=libc6-dev
	[/usr/sbin/ip]=iproute2
	[/usr/bin/setpriv]=util-linux
	[/usr/bin/git]=git
)

missing=()
for file in "${!needs[@]}"; do
	[ -e "$file" ] || missing+=("${needs[$file]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
	echo "these Debian 12 packages are missing and cannot be installed from here (not Debian, or not root): ${missing[*]}" >&2
	exit 1
fi
echo "installing Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The tests start PostgreSQL themselves: no cluster of Debian's, no service.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
