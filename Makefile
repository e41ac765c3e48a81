# The two commands: `make demo` and `make test`. Both set up everything they need.
PYTHON ?= python3
UV := .tools/bin/uv
RUN := .venv/bin/
# Compiled once and apart from the sources, also where Python is told to write nothing beside them: the tests start
# hundreds of processes, and each would compile a thousand modules for itself, two seconds of a processor.
export PYTHONPYCACHEPREFIX ?= $(CURDIR)/build/bytecode
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-kafka bench faults live browser independent test check unit slow nightly contract flow schemas release-schemas settings diagram setup clean bench-peers fuzz
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | sort

setup: .venv/.ready ## Install the locked packages into .venv

.venv/.ready: pyproject.toml uv.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Hifadhi needs Python 3.11 or newer")'
	test -x $(UV) || { $(PYTHON) -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9; }
	$(UV) sync --frozen --quiet
	touch $@

demo: setup ## The whole story on the embedded exchange, ending with a verified ledger (SCENARIO=S2: another one; KEEP=1: leave it running)
	$(RUN)hifadhi demo $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(KEEP),--keep)

demo-kafka: setup ## The same, each service its own process, on a real Kafka and PostgreSQL (BROKERS=3: three brokers)
	$(RUN)python deploy/local/demo_kafka.py --brokers $(or $(BROKERS),1) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(KEEP),--keep)

bench: setup ## Measure, print a table and write build/bench.json
	cd tests && PYTHONPATH=../deploy/local ../$(RUN)python -m benchmarks

bench-peers: setup build/peers/as4/.ready build/peers/phase4/.ready ## Beside as4 and phase4, half an hour (QUICK=1: some seconds each); writes build/peers.json
	cd tests && PYTHONPATH=../deploy/local ../$(RUN)python -m benchmarks.peers $(if $(QUICK),--quick)

PEERS := tests/benchmarks/peers

# Environments of the peers' own; nothing of them enters our lock file.
build/peers/as4/.ready: $(PEERS)/as4_peer/requirements.txt | setup
	$(UV) venv --quiet --clear --python .venv/bin/python build/peers/as4
	$(UV) pip install --quiet --python build/peers/as4/bin/python --requirement $<
	touch $@

build/peers/phase4/.ready: $(PEERS)/phase4_peer/pom.xml $(shell find $(PEERS)/phase4_peer/src -type f)
	mvn --quiet --batch-mode --file $(PEERS)/phase4_peer/pom.xml clean package
	touch $@

faults: setup ## Kill it anywhere, RUNS times (100), PLACE=embedded or kafka; writes build/faults.json and build/faults.md
	cd tests && PYTHONPATH=../deploy/local ../$(RUN)python -m faults.long_run $(or $(RUNS),100) --place $(or $(PLACE),embedded)

fuzz: setup ## Fuzz each parser for MINUTES (5) of processor time, in turn, or those of TARGET="note posted"; findings in build/fuzz
	$(UV) sync --frozen --quiet --group fuzz
	PYTHONPATH=tests $(RUN)python -m fuzz $(or $(MINUTES),5) $(TARGET)

# In four calls of pytest, so that processors are not idle at the end of each target and servers start once. Tests of one
# group (`xdist_group`) stay with one worker, which alone starts what they share.
test: check ## Everything that must be green
	$(RUN)pytest $(PURE) tests/deploy -n 2 --dist worksteal
	$(RUN)pytest $(SERVED) -m "not alone" -n 2 --dist loadgroup
	$(ON_DISK) $(RUN)pytest tests/live -m alone
	$(RUN)pytest $(BESIDE) -n 2 --dist loadgroup

# The other tests have their folders in memory (`tests/conftest.py`); what is held to a time limit is not helped by that.
ON_DISK := PYTEST_DEBUG_TEMPROOT=$${TMPDIR:-/tmp}
PURE := -p no:schemathesis tests/unit tests/vectors
SERVED := tests/contract tests/flow tests/liars tests/faults tests/live
BESIDE := -p no:schemathesis tests/browser tests/independent

check: setup ## Style, types, the promises between the rooms
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports

unit: setup ## The pure rooms and each service alone, under a minute
	$(RUN)pytest $(PURE) -m "not slow" -n 2 --dist worksteal

slow: setup ## The long ones of the same, and what is in deploy/
	$(RUN)pytest $(PURE) -m slow -n 2 --dist worksteal
	$(RUN)pytest tests/deploy -n 2 --dist worksteal

contract: setup ## The ports, every adapter under the same suite
	$(RUN)pytest tests/contract -n 2 --dist loadgroup

nightly: setup ## The invariants over random histories for more than ten minutes, 15,000 of 100 steps
	HYPOTHESIS_PROFILE=nightly $(RUN)pytest tests/unit/referral/test_invariants.py --timeout 7200

flow: setup ## Whole messages through the whole exchange, a hub that lies, processes killed
	$(RUN)pytest tests/flow tests/liars tests/faults -n 2 --dist loadgroup

live: setup ## What only a real broker, a real database and real processes show
	$(RUN)pytest tests/live -m "not alone" -n 2 --dist loadgroup
	$(ON_DISK) $(RUN)pytest tests/live -m alone

browser: setup ## The operators' pages in a real Chromium
	$(RUN)pytest tests/browser -n 2 --dist worksteal

independent: setup ## Our ledgers and our wire, judged by programs in Go, Java and JavaScript
	$(RUN)pytest tests/independent -n 2 --dist loadgroup

schemas: setup ## Write schemas/ from the types
	$(RUN)python tests/write_schemas.py schemas

release-schemas: setup ## List in schemas/released.sha256 what is not listed yet: from then on it never changes
	$(RUN)python tests/release_schemas.py schemas

settings: setup ## Write deploy/settings.md from the settings
	$(RUN)python tests/write_settings.py

diagram: setup ## Write the state diagram from the table
	$(RUN)python tests/write_diagram.py

clean: ## Forget everything that was installed or made
	rm -rf .venv .tools build .demo .demo-kafka .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
