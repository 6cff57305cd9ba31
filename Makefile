# `make demo` and `make test` do all the set-up they need; the rest assume one of them ran once.

PROFILE ?= ci
TARGET := target/$(PROFILE)
# Those of web/e2e that `make test` runs on the mock; `make pages` runs all.
TESTED := access accessibility administration alerting anomalies api-docs baselines events figures layouts logs metrics pages palette three-clicks
CARGO_TEST := cargo test --locked --profile $(PROFILE)
# What scripts/setup unpacks where it cannot install.
export PATH := $(PATH):$(CURDIR)/target/tools/bin

.PHONY: help build release demo test check web openapi accuracy accuracy-short bench bench-sweep soak setup unit pages e2e

help:
	@echo "make build    the complete program, page included, at target/release/vedette"
	@echo "make release  the same, laid out by a profile of itself at work, at target/tuned/vedette: a fifth to a third less CPU (less still with BOLT)"
	@echo "make demo     Vedette with a small shop reporting to it, at https://localhost:9443"
	@echo "make test     format, lints, all tests, the page's checks, end to end in a real browser"
	@echo "make check    format and lints only"
	@echo "make web      build the page        make openapi  write openapi/controller.json        make pages  the page's browser tests"
	@echo "make bench    all that is measured: the table, then how cost grows with load (make bench-sweep, that alone)"
	@echo "make accuracy DATA=folder  score detection and causes on labelled data; writes docs/accuracy.md"
	@echo "make soak     the long forms of the crash, pause and overload tests"

setup:
	scripts/setup
	python3 examples/shop/run.py --prepare-only

web: web/dist/index.html

# Only when its sources changed: a new page means linking the program again, which takes minutes.
web/dist/index.html: web/node_modules/.package-lock.json web/package.json web/vite.config.ts web/index.html $(shell find web/src web/public)
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund

build: web
	cargo build --locked --release -p vedette
	@ls -lh target/release/vedette

check:
	cargo fmt --all --check
	cargo clippy --locked --profile $(PROFILE) --workspace --all-targets -- -D warnings

# Twice the compiling and five minutes of work in between; with BOLT as many once more.
release: web
	cargo build --locked --release -p loadgen
	python3 scripts/release.py

openapi:
	UPDATE_EXPECT=1 cargo test --locked --profile $(PROFILE) -p api openapi
	cd web && npm run --silent types

unit:
	$(CARGO_TEST) --workspace

# The pages in a real browser, on made-up data: all of them, or those that SPECS names.
pages: web
	cd web && npm run --silent e2e -- $(SPECS:%=e2e/%.spec.ts)

e2e: web
	@# As `unit` compiles them, so that nothing is compiled twice for features that only tests use.
	$(CARGO_TEST) --workspace --no-run --test vedette --test loadgen
	python3 tests/e2e/run.py --vedette $(TARGET)/vedette --loadgen $(TARGET)/loadgen

test: setup web
	cd web && npm run --silent typecheck && npm run --silent lint && npm run --silent test
	@# On a machine that others use too, pages take longer.
	VEDETTE_RETRIES="$${VEDETTE_RETRIES:-1}" VEDETTE_PATIENCE="$${VEDETTE_PATIENCE:-3}" $(MAKE) --no-print-directory check unit pages e2e SPECS="$(TESTED)"

demo:
	@echo "The first time, everything is downloaded and built, which takes about ten minutes; after that, seconds."
	@scripts/step "system packages" scripts/setup demo
	@scripts/step "the shop's packages and libraries" python3 examples/shop/run.py --prepare-only
	@scripts/step "the page and the program" $(MAKE) --no-print-directory build
	@python3 scripts/demo.py --vedette target/release/vedette

bench: release
	target/release/loadgen table --vedette target/tuned/vedette --out target/measured --sweep

bench-sweep: release
	target/release/loadgen sweep --vedette target/tuned/vedette --out target/sweep

# DATA is a folder outside of this tree with the data sets unpacked: nab, microsoft-cloud-monitoring, petshop-low-traffic, nezha-day1.
# Simulated systems are made where they are missing, which takes hours: SIMULATED names a folder that keeps them.
SIMULATED ?= target/simulated

accuracy:
	cargo build --locked --release -p accuracy -p loadgen
	test -e $(SIMULATED)/incidents || { target/release/loadgen incidents --seeds 1001..1149 --hours 9 --warm-up-hours 3 --no-traces --out $(SIMULATED)/made && mv $(SIMULATED)/made $(SIMULATED)/incidents; }
	test -e $(SIMULATED)/held-out || { target/release/loadgen incidents --seeds 1150..1200 --hours 9 --warm-up-hours 3 --no-traces --out $(SIMULATED)/made && mv $(SIMULATED)/made $(SIMULATED)/held-out; }
	test -e $(SIMULATED)/quiet || { target/release/loadgen incidents --seeds 1001..1008 --days 8 --fault none --no-traces --out $(SIMULATED)/made && mv $(SIMULATED)/made $(SIMULATED)/quiet; }
	target/release/accuracy report --nab $(DATA)/nab --microsoft $(DATA)/microsoft-cloud-monitoring --petshop $(DATA)/petshop-low-traffic --nezha $(DATA)/nezha-day1 --incidents $(SIMULATED)/incidents --held-out $(SIMULATED)/held-out --quiet $(SIMULATED)/quiet >target/accuracy.md
	mv target/accuracy.md docs/accuracy.md

# The short form: few and small systems, and scores that a change must not fall far below.
accuracy-short:
	cargo build --locked --profile $(PROFILE) -p accuracy -p loadgen
	rm -rf target/simulated-short
	$(TARGET)/loadgen incidents --seeds 2001..2004 --tiers 10 --hours 5 --warm-up-hours 2 --harmless 0 --no-traces --out target/simulated-short/incidents
	$(TARGET)/accuracy incidents --data target/simulated-short/incidents --least-top-3 0.5
	$(TARGET)/loadgen incidents --seeds 2001..2002 --tiers 10 --hours 36 --fault none --no-traces --out target/simulated-short/quiet
	$(TARGET)/accuracy watched --data target/simulated-short/quiet --most-false 0.5

soak: web
	SIMULATION_SCHEDULES=100000 cargo test --locked --profile soak -p ingest --lib simulation
	cargo build --locked --release -p vedette -p loadgen
	python3 tests/e2e/run.py --vedette target/release/vedette --loadgen target/release/loadgen --only kills --kills 50 --full-load
	python3 tests/e2e/run.py --vedette target/release/vedette --loadgen target/release/loadgen --only "statement that becomes slow"
	target/release/loadgen recovery --vedette target/release/vedette --gib 1
	target/release/loadgen pause --vedette target/release/vedette --seconds 300 --max-wait-s 600
	target/release/loadgen overload --vedette target/release/vedette --factor 3 --seconds 600 --memory-limit 512MiB --series 4000 --max-wait-s 900
