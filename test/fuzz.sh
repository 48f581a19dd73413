#!/usr/bin/env bash
# Runs every fuzz target in the repository for the time given, one after the other.
set -euo pipefail
time=${1:-30s}
git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | awk '{print $2}' | sort -u | while read -r target; do
		echo "== $dir $target ($time)"
		(cd "$dir" && go test . -run '^$' -fuzz "^$target\$" -fuzztime "$time")
	done
done
