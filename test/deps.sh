#!/usr/bin/env bash
# Installs the Debian packages that tests and demo use, those only that are missing.
set -euo pipefail

missing=()
need() { # PACKAGE FILE: the package is missing when the file is
	[ -e "$2" ] || missing+=("$1")
}
need postgresql-15 /usr/lib/postgresql/15/bin/pg_waldump
need postgresql-client-15 /usr/lib/postgresql/15/bin/psql
need gcc /usr/bin/gcc
need libc6-dev /usr/include/stdlib.h
need util-linux /usr/bin/setpriv
need e2fsprogs /usr/sbin/mkfs.ext4
need xfsprogs /usr/sbin/mkfs.xfs
need git /usr/bin/git
need curl /usr/bin/curl

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
