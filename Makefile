# make run: every scenario on the embedded emulator.   make test: the whole test suite.
# make localstack-host: LocalStack without Docker.     make test-localstack: what is tested against it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
NPM := tests/contract/sdk/node_modules/.installed

LOCALSTACK_PORT ?= 0

.PHONY: run test localstack-host test-localstack test-dynamodb-oracle fuzz bench clean

run: $(VENV)/.installed
	$(BIN)/harness run

test: $(VENV)/.installed-test $(NPM) .ministack/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python docs/parity.py --check
	$(BIN)/pytest -n 2 --junitxml=build/junit.xml

localstack-host:
	@$(PYTHON) -m localstack_host --port $(LOCALSTACK_PORT)

test-localstack: $(VENV)/.installed-test
	$(BIN)/pytest tests/localstack --timeout 600

test-dynamodb-oracle: $(VENV)/.installed-test
	$(BIN)/pytest tests/oracle --steps 10000

bench: $(VENV)/.installed-test
	$(BIN)/python -m bench.dynamodb

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz.run --n 100000

clean:
	rm -rf $(VENV) runs

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[test]'
	touch $@ $(VENV)/.installed

# Another emulator to run on, with pins of its own.
.ministack/.installed:
	$(PYTHON) -m venv .ministack
	.ministack/bin/python -m pip install --quiet --disable-pip-version-check ministack==1.5.33 boto3==1.43.106
	touch $@

$(NPM): tests/contract/sdk/package-lock.json
	@if command -v npm >/dev/null; then cd $(<D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
	  && touch node_modules/.installed; else echo 'npm is missing: tests with its clients will be skipped'; fi
