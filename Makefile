# Every target starts from a fresh clone: the first run makes .venv and installs what is missing.
PY := .venv/bin/python
ARGS ?=
N ?= 20
HOST ?= 127.0.0.1
STATES ?= 1000000
.DEFAULT_GOAL := help
.PHONY: help setup run demo test check format coverage bench bench-lines bench-mqtt bench-storage screen goals soak soak-page smoke-browsers powercut guards docs screenshots lock

help:  ## these lines
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

setup:  ## install what the server needs into .venv
	@tools/setup.sh

run: setup  ## serve with config.ini; more options in ARGS="--server.port=8080"
	@exec $(PY) server.py $(ARGS)

demo: setup  ## serve simulated devices on this machine only, without a login
	@exec $(PY) server.py $(ARGS) demo

test:  ## everything: check, then the whole suite, with a real server and a real Chromium
	@tools/setup.sh dev
	@$(MAKE) --no-print-directory check
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

check:  ## lint, format, types, import contract, freshness of docs, known vulnerabilities
	@tools/setup.sh dev
	$(PY) -m ruff check -q
	$(PY) -m ruff format -q --check
	$(PY) -m mypy --no-error-summary
	$(PY) -m pytest -q --no-header tests/contracts/test_imports.py tests/contracts/test_docs.py
	$(PY) -m tools.dependencies

format:  ## let ruff format and fix
	@tools/setup.sh dev
	$(PY) -m ruff format
	$(PY) -m ruff check --fix

coverage:  ## the suite once more, slower, with branch coverage of every server process
	@tools/setup.sh dev
	$(PY) -m pytest --cov --cov-report=term $(ARGS)

bench:  ## measure, beside the two rivals
	@tools/setup.sh dev
	@test -d bench/rivals/node/node_modules || npm --prefix bench/rivals/node ci || echo "no npm packages: the Node rival is left out"
	$(PY) -m bench.run $(ARGS)

bench-lines:  ## measure line protocol, beside InfluxDB: ARGS="--repeat 1" for a quick look
	@tools/setup.sh dev
	$(PY) -m bench.lines $(ARGS)

bench-mqtt:  ## measure MQTT with Mosquitto, beside a subscriber of a few lines: ARGS="--repeat 1" for a quick look
	@tools/setup.sh dev
	$(PY) -m bench.mqtt $(ARGS)

bench-storage:  ## measure the storage, beside its rivals: ARGS="--scale 0.1" for a quick look
	@tools/setup.sh dev
	$(PY) -m bench.storage.run $(ARGS)

screen:  ## every test of the pages in Chromium; under plain http HOST=pi.local, which /etc/hosts has to lead to 127.0.0.1
	@tools/setup.sh dev
	SERVER_HOST=$(HOST) $(PY) -m pytest -n 2 --dist loadfile -m "" tests/e2e --deselect tests/e2e/test_browsers.py $(ARGS)

goals:  ## what the pages cost in Chromium, against their goals; wants a quiet machine
	@tools/setup.sh dev
	$(PY) -m pytest -q -s -m "" tests/e2e/test_goals.py $(ARGS)

soak:  ## the fault tests, N times over: N=100
	@tools/setup.sh dev
	@for i in $$(seq $(N)); do echo "soak: $$i of $(N)"; $(PY) -m pytest -q tests/faults $(ARGS) || exit 1; done

soak-page:  ## eight hours of live readings at 10 Hz through each kind of page, in minutes; its memory stays what it was
	@tools/setup.sh dev
	SOAK_TICKS=288000 $(PY) -m pytest -q -s -m "" tests/e2e/test_soak.py $(ARGS)

smoke-browsers:  ## the pages in Firefox and WebKitGTK: sudo apt install firefox-esr webkit2gtk-driver xvfb xauth
	@tools/setup.sh dev
	$(PY) -m pytest -q -rs -m "" tests/e2e/test_browsers.py $(ARGS)

powercut:  ## cut the power in every way at every system call of a run, up to STATES=1000000
	@tools/setup.sh dev
	TELLTALE_POWERCUTS=$(STATES) $(PY) -m pytest -q tests/faults/test_powercut.py $(ARGS)

guards:  ## take out one guard of the security at a time and see a test fail: ARGS="12 13" for some rows
	@tools/setup.sh dev
	$(PY) -m tools.guards $(ARGS)

docs:  ## write the generated parts of README.md and docs/
	@tools/setup.sh dev
	$(PY) -m cogapp -r -I . README.md docs/*.md

screenshots:  ## pictures of every page in test-artefacts/screenshots, and docs/screenshot.png: ARGS="--only series" for some
	@tools/setup.sh dev
	$(PY) tools/screenshots.py $(ARGS)

lock:  ## renew requirements*.txt from the floors in pyproject.toml
	@tools/lock.sh
