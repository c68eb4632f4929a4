# The front door. Everything behind it is meson and the scripts; nothing is built here.
.PHONY: run console stop test test-fast bench check-style fuzz build clean help

help:
	@echo "make run          install what is needed, build, start the example server and region, make calls"
	@echo "make console      fetch what the API explorer serves (npm)"
	@echo "make stop         stop the example"
	@echo "make test         all tests: unit (also with sanitizers), corpora, house rules, system"
	@echo "make test-fast    the same without the sanitizer build"
	@echo "make stress       a million audited calls while workers and the audit's writer are killed (CALLS=...)"
	@echo "make bench        measure, as ratios to the limit of the same run"
	@echo "make check-style  formatting and house rules"
	@echo "make fuzz         each fuzz target for SECONDS (60)"
	@echo "make build        build into build/gcc"

build:
	@scripts/install-deps run
	@scripts/build gcc

run:
	@scripts/install-deps run
	@scripts/build gcc
	@scripts/run-example

console:
	@scripts/install-deps console
	@scripts/fetch-console

stop:
	@scripts/run-example stop

test:
	@scripts/install-deps run test
	@tests/run

test-fast:
	@scripts/install-deps run test
	@tests/run --no-sanitizers

stress:
	@scripts/install-deps run test
	@scripts/build gcc
	@SALLYPORT_STRESS_CALLS=$(or $(CALLS),1000000) /usr/bin/python3 -m pytest -q -s tests/system/test_audit.py -k exactly_one

bench:
	@scripts/install-deps run bench
	@scripts/build bench
	@tests/bench/run
	@tests/bench/run_logins

check-style:
	@scripts/install-deps run test
	@/usr/bin/python3 -m pytest -q tests/house

fuzz:
	@scripts/install-deps run test
	@scripts/fuzz $(or $(SECONDS),60)

clean:
	rm -rf build
