# Taskroot. 'make demo' shows it, 'make test' proves it.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 20s
BENCH       ?= .
DATA        ?=
IMAGE       ?= taskroot:dev

# One pure-Go binary; 'make test-race' needs a C compiler.
export CGO_ENABLED ?= 0

GRAPHTEST := github.com/taskroot/taskroot/internal/graphtest
# The packages whose tests use a database.
DB_PACKAGES = $(shell $(GO) list -f '{{$$p := .ImportPath}}{{range .TestImports}}{{if eq . "$(GRAPHTEST)"}}{{$$p}} {{end}}{{end}}{{range .XTestImports}}{{if eq . "$(GRAPHTEST)"}}{{$$p}} {{end}}{{end}}' ./...) ./internal/localdb

.PHONY: help build go-is-here neo4j-is-possible lint fmt test test-unit test-db test-race fuzz bench browser cases image neo4j-image up demo down clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

go-is-here:
	@command -v $(GO) >/dev/null || { echo "missing: Go 1.26 or newer: get it from https://go.dev/dl/" >&2; exit 1; }

neo4j-is-possible:
	@docker/prerequisites.sh

build: go-is-here ## the binary, build/taskroot
	@mkdir -p build
	$(GO) build -trimpath -o build/taskroot ./cmd/taskroot

build/withneo4j: go-is-here FORCE
	@mkdir -p build
	@$(GO) build -o $@ ./internal/graphtest/withneo4j

FORCE:

lint: go-is-here ## gofmt, vet, staticcheck
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt -w these: $$unformatted" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

fmt: ## gofmt everything
	@gofmt -w .

test: lint neo4j-is-possible build build/withneo4j ## everything: lint, unit, property, fuzz corpus, real database, whole program
	build/withneo4j $(GO) test -timeout 15m ./...

test-unit: go-is-here ## what needs no database
	env -u NEO4J_TEST_URI -u REQUIRE_NEO4J $(GO) test ./...

test-db: neo4j-is-possible build build/withneo4j ## what needs a database, on one made for it
	REQUIRE_NEO4J=1 build/withneo4j $(GO) test -timeout 15m $(DB_PACKAGES)

test-race: go-is-here ## unit tests under the race detector
	env -u NEO4J_TEST_URI -u REQUIRE_NEO4J CGO_ENABLED=1 $(GO) test -race ./...

fuzz: go-is-here ## each fuzz target for FUZZTIME
	@grep -rnoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' . | while IFS=: read -r file _ name; do \
	  echo "== $$file $${name#func }"; \
	  $(GO) test -run '^$$' -fuzz "^$${name#func }$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")"; \
	done

bench: go-is-here ## benchmarks; BENCH=regexp chooses
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

browser: ## the finds as Neo4j Browser runs them, docs/browser
	@mkdir -p docs/browser
	@for f in queries/find/*.cypher; do sed -E 's|^// (:param .*)$$|\1;|' $$f >docs/browser/$${f##*/}; done

cases: neo4j-is-possible build/withneo4j ## rewrite the expected part of the query cases; review the diff
	build/withneo4j $(GO) test ./queries -rewrite

image: build ## a container image of the binary
	docker build -t $(IMAGE) -f docker/binary.Dockerfile build

neo4j-image: ## a Neo4j image from the pinned jars, where no registry has one
	docker/build-neo4j-image.sh

up: build neo4j-is-possible ## the demo's database
	@docker/demo.sh up

demo: build neo4j-is-possible ## a small company (or DATA=folder) hunted, then served
	@docker/demo.sh demo "$(DATA)"

down: ## stop what demo and up started
	@docker/demo.sh down

clean: down ## remove what was built, the demo's database too
	rm -rf build
