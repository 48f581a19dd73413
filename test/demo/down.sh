#!/usr/bin/env bash
# make demo-down: the cluster with everything in it, and what was built for it.
set -euo pipefail
export KUBE=${1:-namespaces}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
localkube=$root/bin/kube/localkube
[ -x "$localkube" ] || (cd "$root/test/kube" && CGO_ENABLED=0 go build -trimpath -o "$localkube" ./cmd/localkube)
"$localkube" down
rm -rf "$root/bin/images" "$root/bin/story" "$root/bin/operator" "$root/bin/kubectl-redoubt"
