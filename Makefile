# The commands of this project; `make help` lists them.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help

# gotest is go test with a short report, in which a skip on CI is a failure.
# CI runs tests anew even if a run on the same machine has passed.
gotest := go run .ci/gotest.go $(if $(CI),-count=1)

# Packages in which several goroutines share state. Under the race detector
# everything is five to ten times slower, so the rest waits for test-long.
RACE_DIRS := creditbank creditbank/postgres creditbank/postgres/pgtest creditbank/sqlite creditbank/posting \
             creditbank/access creditbank/access/password certify/issuance chain chain/local \
             api/token api/oidc api/replica api/redis api/redis/redistest
# Of those, the ones that exist and have tests.
RACE = $(strip $(foreach d,$(RACE_DIRS),$(if $(wildcard $(d)/*_test.go),./$(d))))

FUZZTIME ?= 1m
BENCH    ?= .

.PHONY: help setup test test-long lint fmt generate bench fuzz demo

help: ## list the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1	\2/p' Makefile | expand -t 18

setup: ## install what the tests need, or say what to install
	@.ci/setup

test: setup lint ## everything a change must pass; CI runs this
	go build ./...
	$(gotest) -timeout 10m ./...
	$(if $(RACE),$(gotest) -race -timeout 20m $(RACE))

test-long: setup lint ## test, all under the race detector, long variants, fuzzing
	CREDITBANK_LONG=1 $(gotest) -race -count=1 -timeout 2h ./...
	$(MAKE) --no-print-directory fuzz

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); if [[ -n $$unformatted ]]; then \
		printf 'run make fmt, for:\n%s\n' "$$unformatted" >&2; exit 1; fi
	go vet ./...
	go vet .ci/gotest.go
	go tool staticcheck ./...

fmt: ## format the Go files
	gofmt -w .

generate: ## make anew what is generated from the contract
	go generate ./api/contract

bench: ## run the benchmarks; BENCH=regexp chooses
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 1h ./...

# Minimising an interesting input takes up to a minute by default, in which
# nothing new is tried.
fuzz: ## run each fuzz target for FUZZTIME
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		{ grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go 2>/dev/null || true; } | sed 's/^func //' | \
		while read -r target; do \
			echo "$$dir $$target"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x . </dev/null); \
		done; \
	done

demo: ## a bank with a city in it, on this machine
	go run ./cmd/creditbank demo
