#!/usr/bin/env bash
# The end-to-end test: the story in short, on a three-node Kubernetes of its own, which is gone afterwards.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../demo/build.sh"
cd "$root"
build_all
"$localkube" down >/dev/null 2>&1 || true
trap '"$localkube" down' EXIT
"$localkube" up
"$bin/story" tell --short --root "$root"
