SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:

# What the tests start (see test/), and the C compiler that Go's race detector needs.
PACKAGES := postfix postfix-ldap dovecot-core slapd ldap-utils redis-server prometheus swaks gcc libc6-dev
# What `make test-listmanagers` needs besides.
LISTMANAGERS := sympa dbconfig-sqlite3 mailman3 msmtp
# How long `make fuzz` spends on each fuzz test.
FUZZTIME := 1m
# Tests and soak tests with random numbers log their seed. To have the same ones again: RCPTQUOTA_TEST_SEED=123 make test
# golangci-lint has a go.mod of its own, so that none of its modules becomes ours.
LINT := go tool -modfile=.lint.mod golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: build ## show the milter at work in a terminal
	test/demo.sh bin/rcptquota

.PHONY: test
test: deps lint ## run everything: lint, then all tests, those with real servers too
	go test -race -timeout 14m -tags servers ./...

.PHONY: test-listmanagers
test-listmanagers: PACKAGES += $(LISTMANAGERS)
test-listmanagers: deps ## run the tests with Sympa and Mailman 3, which install some 200 packages
	go test -race -timeout 14m -tags servers,listmanagers -run '^Test(Sympa|Mailman)$$' ./test

.PHONY: build
build: ## build bin/rcptquota
	go build -trimpath -o bin/ ./cmd/rcptquota

.PHONY: lint
lint: ## check style, the house's rules and go.mod
	go mod tidy -diff
	$(LINT) run
	go fix -diff -tags servers,bench,soak,listmanagers ./...

.PHONY: bench
bench: deps ## run the benchmarks: beside the code, then of the whole system; OTHER=PROGRAM compares with another build
	go test -run '^$$' -bench . -benchmem -tags servers ./quota/... ./milter ./ldapcache
	go test -run '^$$' -bench . -timeout 1h -tags servers,bench ./test/...

.PHONY: bench-logs
bench-logs: build ## give replay and report logs of a million messages whose answers are known; tell time and memory
	go test -count 1 -v -timeout 30m -run '^TestSynthetic$$' ./cmd/rcptquota/replay -messages 1000000 -program "$$PWD/bin/rcptquota"
	go test -count 1 -v -timeout 30m -run '^TestMadeUpLog$$' ./cmd/rcptquota/report -records 1000000 -program "$$PWD/bin/rcptquota"

.PHONY: soak
soak: deps ## run the long tests: a million steps against the model, overshoot over processes, kills, outages, 200 reloads
	go test -timeout 10m -run TestAgainstModel ./quota/counter/local -steps 1000000
	go test -tags servers -timeout 10m -run TestExplainedThroughPostfix ./test -explain-cases 200
	go test -tags servers,soak -timeout 30m -v ./test/soak
	go test -tags servers -timeout 30m -v ./test/reload -reloads 200

.PHONY: fuzz
fuzz: ## run each fuzz test for FUZZTIME=1m, then garbage against a server; stop at the first crash
	@packages=$$(go list ./...)
	for package in $$packages; do
	  names=$$(go test -list '^Fuzz' "$$package" | sed -n '/^Fuzz/p')
	  for name in $$names; do
	    echo "$$package $$name"
	    go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package"
	  done
	done
	go test -race -count 1 -run '^TestGarbage$$' -v ./milter -garbage 30s

.PHONY: deps
deps: ## install the missing ones of the Debian packages that the tests need
	@missing=()
	for package in $(PACKAGES); do
	  status=$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null) || true
	  [ "$$status" = installed ] || missing+=("$$package")
	done
	[ $${#missing[@]} -gt 0 ] || exit 0
	if [ "$$(id -u)" != 0 ] || [ -z "$$(command -v apt-get)" ]; then
	  echo "The tests need the Debian packages $${missing[*]}: install them, or run make as root on Debian." >&2
	  exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	debconf-set-selections <<< '
	postfix postfix/main_mailer_type select No configuration
	sympa sympa/hostname string listes.ac-test.fr
	sympa sympa/listmaster string listmaster@listes.ac-test.fr
	sympa sympa/database-type select sqlite3
	sympa wwsympa/webserver_type select Other'
	apt-get update
	apt-get install -y --no-install-recommends "$${missing[@]}"
