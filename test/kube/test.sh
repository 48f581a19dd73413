#!/usr/bin/env bash
# The launcher's tests: the parts, then a cluster of its own from up to down. Only packages with tests are
# built, and nothing is vetted: both would compile all of Kubernetes once more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CGO_ENABLED=0
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./... | xargs go test -vet=off -count=1
go test -vet=off -tags kube -count=1 -timeout 10m .
