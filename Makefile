# make run: every scenario on the embedded emulator, on the handlers in Python and then on those in TypeScript.
# make test: the test suite.  make test-elsewhere: whole runs on other endpoints.
# make bench: how fast it is on this machine, and what the machine could do at best.
# make mutants: broken handlers, each of which the judge must tell, at every rate.
# make picture: the picture of a run in the README, from runs that are made for it.
# make localstack-host: LocalStack without Docker.     make test-localstack: what is tested against it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
NPM := tests/contract/sdk/node_modules/.installed
TYPESCRIPT := examples/typescript
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
export FANOUT_HARNESS_NODE_MODULES ?= $(CURDIR)/$(VENV)/node_modules

LOCALSTACK_PORT ?= 4566

.PHONY: run run-python run-typescript test test-elsewhere test-localstack localstack-host localstack-install \
  test-dynamodb-oracle mutants fuzz bench picture clean

run: run-python run-typescript

run-python: $(VENV)/.installed
	$(BIN)/harness run

run-typescript: $(VENV)/.installed $(TYPESCRIPT)/node_modules/.installed
	@if [ -f $(TYPESCRIPT)/node_modules/.installed ]; then \
	  $(BIN)/harness install-sdk && $(BIN)/harness run --stack $(TYPESCRIPT)/stack.yaml; \
	else echo "SKIPPED: the scenarios on the handlers in TypeScript ($(TYPESCRIPT)): $(NO_NODE)"; fi

test: $(VENV)/.installed-test $(NPM) $(TYPESCRIPT)/node_modules/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python docs/parity.py --check
	$(BIN)/pytest -n 3 --dist worksteal --junitxml=build/junit.xml

test-elsewhere: $(VENV)/.installed-test .ministack/.installed
	$(BIN)/pytest tests/elsewhere -n 4 --dist worksteal

localstack-host:
	@$(PYTHON) -m localstack_host --port $(LOCALSTACK_PORT)

localstack-install:
	@$(PYTHON) -m localstack_host --install

mutants: $(VENV)/.installed-test
	$(BIN)/python -m tests.mutants.play --all

test-localstack: $(VENV)/.installed-test
	$(BIN)/pytest tests/localstack --timeout 600 -rP

test-dynamodb-oracle: $(VENV)/.installed-test
	$(BIN)/pytest tests/oracle --steps 10000

bench: $(VENV)/.installed-test
	$(BIN)/python -m bench.fan_out
	$(BIN)/python -m bench.dynamodb
	$(BIN)/python -m bench.functions

picture: $(VENV)/.installed-test
	$(BIN)/python docs/terminal_picture.py

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

NO_NODE = Node.js or npm is missing on this machine; with Node.js 20 or newer they run

$(NPM): tests/contract/sdk/package-lock.json
	@if command -v npm >/dev/null; then cd $(<D) && $(NPM_CI) \
	  && touch node_modules/.installed; else echo 'npm is missing: tests with its clients will be skipped'; fi

# `sam build` calls this for each function of template.yaml: what is deployed is dex/, and nothing else.
build-%Function:
	mkdir -p $(ARTIFACTS_DIR) && cp -R dex $(ARTIFACTS_DIR)

# Without SST's own command, which is large and deploys to AWS.
$(TYPESCRIPT)/node_modules/.installed: $(TYPESCRIPT)/package-lock.json
	@if command -v node >/dev/null && command -v npm >/dev/null; then cd $(<D) && $(NPM_CI) --omit=optional \
	  && touch node_modules/.installed; fi
