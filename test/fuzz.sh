#!/usr/bin/env bash
# Runs every fuzz target in the repository for the time given, one after the other, and fails at the end
# if any found something. Inputs are made smaller in a few tries: go would spend up to a minute on each that
# is new, which is all the time there is.
set -euo pipefail
time=${1:-30s}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=()
while read -r dir; do
	while read -r target; do
		echo "== $dir $target ($time)"
		(cd "$dir" && go test . -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 100x) 2>&1 | tee "$out" && continue
		# The end of the time sometimes reaches a worker in the middle of an input, and go test then calls
		# that a failure. One that was found has an input.
		grep -q 'context deadline exceeded' "$out" && ! grep -q 'Failing input' "$out" && continue
		failed+=("$dir $target")
	done < <(grep -ho '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | awk '{print $2}' | sort -u)
done < <(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u)
((${#failed[@]} == 0)) || { printf 'FAILED: %s\n' "${failed[@]}"; exit 1; }
