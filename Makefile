# Music Chronus: `make play` and `make test` do all set-up on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SONG ?= patches/songs/breakbeat.chronus
WAV := $(notdir $(basename $(SONG))).wav

.PHONY: play test test-long check kernels lint types floors bench bench-peers failover chaos gallery docs clean

# Plays a shipped song; without a sound card it says so and writes what it plays to a file.
play: $(READY)
	@cards=$$($(BIN)/chronus devices); \
	case "$$cards" in \
	*"none: "*) \
		echo "$$cards" | sed -n 's/^none: /No sound: /p'; \
		echo "Playing without a sound card, into $(WAV)"; \
		$(BIN)/chronus play $(SONG) --device null --record $(WAV) ;; \
	*) $(BIN)/chronus play $(SONG) ;; \
	esac

# What plays in real time waits most of its time, so several of those tests run at once. Modules that
# are compiled while a song plays must be ready before their time in it, so fewer of those tests do.
# The last test needs a virtual sound card; CI may not leave it out.
COMPILING = tests/machine/test_reload.py
LIVE = tests/audio tests/doors tests/machine tests/packaging
test: kernels
	$(BIN)/python -m pytest -n 5 --dist worksteal $(LIVE) --ignore=$(COMPILING)
	$(BIN)/python -m pytest -n 3 --dist worksteal $(COMPILING)
	$(BIN)/python -m pytest -n auto tests $(addprefix --ignore=,$(LIVE))
	@if command -v pulseaudio >/dev/null; then \
		$(BIN)/python -m tests.audio.null_sink $(BIN)/python -m pytest tests/audio/test_heard.py; \
	elif [ "$$CHRONUS_LIVE_TESTS" = required ]; then \
		echo "pulseaudio is not installed"; exit 1; \
	else echo "left out: what a sound card hears (sudo apt install pulseaudio)"; fi

# What takes long and is not part of `make test`.
test-long: $(READY)
	$(BIN)/python -m pytest -n auto -m long tests

# The type checker has one core, and the compiler what is left of the others.
check: $(READY)
	$(MAKE) --jobs=4 --output-sync lint types floors kernels
	$(MAKE) test

# What is compiled once, no test waits for.
kernels: $(READY)
	$(BIN)/python -m tests.support.kernels

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

floors: $(READY)
	$(BIN)/lint-imports

# CPU time against a reference that is measured in the same run.
bench: $(READY)
	$(BIN)/python -m tests.bench $(ARGS)

# The same work in this engine, SuperCollider, Csound and C, in turn; says which are not installed.
bench-peers: $(READY)
	$(BIN)/python -m tests.bench.peers $(ARGS)

# Workers are killed in the middle of a song: how soon others go on, and what is heard of it.
failover: $(READY)
	$(BIN)/python -m tests.bench.failover $(ARGS)

# A song is edited at random while its processes are killed and stopped; MINUTES says how long.
MINUTES ?= 2
chaos: $(READY)
	$(BIN)/python -m tests.bench.chaos --minutes $(MINUTES) $(ARGS)

# Every kind and instrument as a sound and a picture, and a page of all; fails where one is silent,
# clipped, or like another.
gallery: $(READY)
	$(BIN)/python -m tests.bench.gallery $(ARGS)

# Writes the generated parts of the README anew.
docs: $(READY)
	$(BIN)/python -m tests.support.readme

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Music Chronus needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
