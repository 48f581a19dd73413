#!/usr/bin/env bash
# Builds what the story needs: the launcher, Kubernetes, Redoubt and the story's node images.
# Prints a line with its time for each. Sourced by run.sh and by test/e2e/run.sh.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$root/bin
localkube=$bin/kube/localkube

step() { # TITLE COMMAND...: says what goes on, and how long it took
	local title=$1 began=$SECONDS
	shift
	printf '%-58s ' "$title …"
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		printf 'failed after %d s\n' $((SECONDS - began))
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
	printf '%4d s\n' $((SECONDS - began))
}

go_build() { # OUTPUT PACKAGE
	(cd "$root" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/$1" "$2")
}

build_all() {
	mkdir -p "$bin/kube"
	step "Debian packages for the tools" "$root/test/deps.sh"
	step "the launcher" bash -c "cd '$root/test/kube' && CGO_ENABLED=0 go build -trimpath -o '$localkube' ./cmd/localkube"
	if [ "${KUBE:-namespaces}" = namespaces ]; then
		step "Debian packages for Kubernetes" "$localkube" install
	fi
	step "Kubernetes, etcd and helm from Go modules (cold: minutes)" "$localkube" build
	step "the operator" go_build operator ./cmd/operator
	step "kubectl redoubt" go_build kubectl-redoubt ./cmd/kubectl-redoubt
	step "node image: kv 1.2.0 and ledger" go_build images/orders/node ./test/demo/images/orders
	step "node image: without ledger" go_build images/no-ledger/node ./test/demo/images/no-ledger
	step "node image: kv 1.3.0" go_build images/next-kv/node ./test/demo/images/next-kv
	step "the story" go_build story ./test/demo
}
