# Needs python3 (3.11 or later, with venv) and make. What else the tests need, `make test` installs.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet
# The private servers of the tests, a systemd to run the unit in, and what shows a report as a picture.
# HylaFAX wants some mail server; Debian's choice, exim4, would be one more daemon on the machine.
DEBIAN_PACKAGES := clamav-daemon dovecot-imapd dovecot-lmtpd faketime fonts-noto-cjk gcc hylafax-client hylafax-server iaxmodem iproute2 \
  libc6-dev libspandsp-dev libtiff-dev libtiff-tools \
  'mail-transport-agent|msmtp-mta' msmtp openssl poppler-utils postgresql procps strace systemd

.PHONY: demo test check train accuracy accuracy-fax fuzz bench chaos soak lock clean packages

demo: .venv/runtime
	$(BIN)/python examples/demo.py

# Two files of tests at a time, for most wait for a server; databases in memory, for most of the others wait for a disk.
# A folder for each run: one that begins empties its own, and two clones may be tested at once.
test: packages check
	scratch=$$(mktemp -d -p "$$(test -w /dev/shm && echo /dev/shm || echo /tmp)" faultdesk-XXXXXX) && \
	  trap 'rm -rf "$$scratch"' EXIT && \
	  $(BIN)/pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder --basetemp="$$scratch"

# That migrations and tables agree (alembic's check) is one of the tests: it needs a database.
check: .venv/development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: packages .venv/development
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.large_desk
	$(BIN)/python -m benchmarks.report
	$(BIN)/python -m benchmarks.cluster
	$(BIN)/python -m benchmarks.fax_backlog

# How right the desk reads: DATA is a folder of NNN.eml with NNN.json.
DATA ?= tests/data/mails
accuracy: .venv/development
	$(BIN)/python -m benchmarks.accuracy $(DATA)
	$(BIN)/python -m benchmarks.by_writer
	$(BIN)/python -m benchmarks.new_words

# How right faxes are read: DATA is folders of NAME.tif or NAME.pdf with NAME.json.
accuracy-fax: DATA = tests/data/faxes
accuracy-fax: .venv/development
	$(BIN)/python -m benchmarks.accuracy_fax $(DATA)

# Mails broken at random, read for ten minutes; `make test` reads a thousand of them.
fuzz: .venv/development
	$(BIN)/python -m benchmarks.fuzz

# Learns anew from plugins/faultdesk_classify/texts; the model goes into the repository with them.
train: .venv/development
	$(BIN)/python -m faultdesk_classify.training

# Kills the daemon 200 times while 5,000 mails come in, on each database: some twenty minutes.
chaos: packages .venv/development
	$(BIN)/python -m benchmarks.chaos

# 50,000 mails at once, and new ones all the while: ten minutes on two cores.
soak: packages .venv/development
	$(BIN)/python -m benchmarks.soak

lock: .venv/development
	$(PIP) uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-annotate --no-emit-package faultdesk \
	  --custom-compile-command 'make lock' --extra postgres --extra cluster --extra fax --group dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find daemon plugins migrations tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +

# Constraints, not requirements: one lock serves both environments. --group needs a newer pip than Debian's.
.venv/runtime: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade 'pip>=25.1'
	$(PIP) --constraint requirements.lock --editable .
	touch $@

.venv/development: .venv/runtime
	$(PIP) --constraint requirements.lock --editable '.[postgres,cluster,fax]' --group dev
	touch $@

packages:
	@scripts/packages $(DEBIAN_PACKAGES)
