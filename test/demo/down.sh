#!/usr/bin/env bash
# make demo-down: the cluster with everything in it, and what was built for it.
set -euo pipefail
driver=${1:-local}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ ! -x "$root/bin/localkube" ]; then
	mkdir -p "$root/bin"
	(cd "$root/test/kube" && CGO_ENABLED=0 go build -trimpath -o "$root/bin/localkube" ./cmd/localkube)
fi
"$root/bin/localkube" --driver "$driver" down
rm -rf "$root/bin/images" "$root/bin/story" "$root/bin/operator" "$root/bin/kubectl-redoubt"
