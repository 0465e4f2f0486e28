# Everything that people and CI do here, one verb a line. `make demo` and `make test` need nothing but Python 3.11+.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
export PORT

.PHONY: demo serve test test-postgres test-long lint bench sdks lock

demo: .venv/installed
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo

serve: .venv/installed
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) serve

test: .venv/installed-dev sdks
	$(BIN)/python -m pytest $(ARGS)

# What touches no database runs once, in `make test`.
test-postgres: .venv/installed-dev
	DATABASE_URL=$${TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/polyscribe} \
		$(BIN)/python -m pytest -m "not slow and not sdk" --ignore-glob="tests/core/test_outbound*" \
		--ignore-glob="tests/media/test_sandbox*" --ignore=tests/transcription/engine --ignore=tests/test_layout.py $(ARGS)

test-long: .venv/installed-dev sdks
	$(BIN)/python -m pytest -m "" $(ARGS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MANAGE) makemigrations --check --dry-run

bench: .venv/installed-dev
	PYTHONPATH=.:platform $(BIN)/python -m bench $(ARGS)

# Clients whose versions exclude each other live in folders of their own. Node's needs npm, and is left out without.
sdks: var/sdks/videodb-0.4.5 var/sdks/videodb-node-0.2.0

var/sdks/videodb-0.4.5: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $@ videodb==0.4.5

var/sdks/videodb-node-0.2.0:
	npm install --silent --ignore-scripts --prefix $@ videodb@0.2.0 || echo "npm could not install Node's client: its test is skipped."

# Pins everything that pyproject.toml asks for, without the address of the index that answered.
lock: .venv/installed-dev
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --allow-unsafe --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-header --no-annotate --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --allow-unsafe --extra dev --output-file requirements-dev.lock pyproject.toml

.venv/installed: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
