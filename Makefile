# Redoubt. `make help` lists the targets; the long work is in test/.
SHELL       := /bin/bash
.DEFAULT_GOAL := help

BIN         := $(CURDIR)/bin
KUBE_BIN    := $(BIN)/kube
KUBE        ?= namespaces
GO          ?= go
PACKAGES    := ./...
export KUBEBUILDER_ASSETS = $(KUBE_BIN)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo demo-down
demo: ## install what is needed, start a real three-node Kubernetes, tell the whole story (KUBE=kind on Docker)
	@test/demo/run.sh $(KUBE)

demo-down: ## remove every trace of the demo
	@test/demo/down.sh $(KUBE)

.PHONY: test
test: deps kube-build ## everything that can be tested on this machine, the demo's story as the last test
	$(GO) vet $(PACKAGES)
	$(GO) test -count=1 $(PACKAGES)   # some tests run programs that they build: nothing cached
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/node ./cmd/node
	REDOUBT_NODE=$(BIN)/node $(GO) test -count=1 -run TestRealNodes ./controllers/envtest
	cd examples/module && $(GO) test -count=1 ./...
	cd test/power && $(GO) vet ./... && $(GO) test -count=1 ./...   # root, /dev/fuse, loop devices
	test/kube/test.sh
	test/e2e/run.sh

.PHONY: check
check: deps kube-build ## vet, format, lint, arch test, race detector, generated files up to date
	$(GO) vet $(PACKAGES)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) tool staticcheck $(PACKAGES)
	$(GO) test -run 'TestImports|TestPackageComments|TestPure' .
	CGO_ENABLED=1 $(GO) test -race $(PACKAGES)
	$(MAKE) generate
	@git diff --exit-code -- api config charts || { echo "generated files were not up to date: commit what 'make generate' wrote"; exit 1; }

.PHONY: build
build: ## the three programs, static, into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/ ./cmd/node ./cmd/operator ./cmd/kubectl-redoubt

.PHONY: generate
generate: ## deepcopy, CRDs, RBAC, and their copies in the chart
	$(GO) tool controller-gen object paths=./api/v1
	$(GO) tool controller-gen crd paths=./api/v1 output:crd:dir=config/crd
	$(GO) generate ./config/...

.PHONY: deps
deps: ## Debian packages that the tests use, where they are missing
	@test/deps.sh

.PHONY: kube-build
kube-build: ## a real Kubernetes from Go modules, into bin/kube (minutes when cold)
	@cd test/kube && $(GO) run ./cmd/localkube build

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each (default 30s)
	@test/fuzz.sh $${FUZZTIME:-30s}

.PHONY: crash
crash: ## 500 kills of a node under load and 100 of a primary with a standby, every acknowledged write looked for; every byte damaged; 5000 lives of a log
	$(GO) test -count=1 -timeout 1h -v ./test/crash -kills 500 -promotions 100
	$(GO) test -count=1 -timeout 1h ./wal/segment -run TestEveryDamaged -every-byte
	$(GO) test -count=1 -timeout 1h ./wal/segment -run TestLivesOfALog -lives 5000

.PHONY: power
power: deps ## power cuts under a real node on ext4 and xfs, CUTS on each (default 500)
	cd test/power && $(GO) test -count=1 -v -timeout 6h -run TestCutsLoseNothing . -cuts $${CUTS:-500}

.PHONY: bench bench-micro
bench: ## the log, the engine and the node beside their peers (BENCH="--quick", "append sql", ...; see test/bench)
	cd test/bench && $(GO) run . $(BENCH)

bench-micro: ## micro-benchmarks beside the code
	$(GO) test -run '^$$' -bench . -benchmem ./wal/... ./rmgr/... ./node/...

.PHONY: image
image: build ## what the images contain: static binaries (see test/kube for pushing them without Docker)
	@ls -l $(BIN)/node $(BIN)/operator

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN)
