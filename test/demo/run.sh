#!/usr/bin/env bash
# make demo: from a bare machine to a guarded cluster, and what it does when things go wrong.
set -euo pipefail
export KUBE=${1:-namespaces}
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"
cd "$root"

command -v go >/dev/null || { echo "Go is missing: install Go 1.26 and put it on the PATH" >&2; exit 1; }
began=$SECONDS
echo "Building (the first time: about eight minutes on two cores)"
build_all
echo
echo "A Kubernetes of three nodes"
"$localkube" up
"$bin/story" tell --root "$root"
printf '\nThe whole demo took %d min %d s.\n' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
