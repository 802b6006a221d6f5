# What a newcomer, a maintainer and CI run. Everything made lies in .venv and build/; `make clean` removes both.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo check test e2e bench vsix pictures clean

# The example project: judged, expanded, built and run in eight containers. Sets up what is missing.
demo: .venv/.runs
	$(BIN)/python -m scripts.demo

# What every change has to pass; under a minute, and it needs no engine.
check: lint
	$(BIN)/pytest -q -n 2 tests/unit

# Everything: what CI runs. The engine is started if none answers, and then stopped again; sweeps are compared
# with the program whose language they are written in.
test: lint build/reference/ready
	$(BIN)/python -m scripts.engine while sh -ec \
	  'for part in base-image neovim emacs registry vscode; do scripts/$$part.sh; done; \
	   CALIBAN_REQUIRE_ENGINE=1 $(BIN)/pytest -q -n 2'

# The language server as a process, over stdio.
e2e: .venv/.develops
	$(BIN)/pytest -q -n 2 tests/e2e

# How long a user waits: for the first answer, beside a schema validator; for what an editor asks at each keystroke,
# beside the server that VS Code has for JSON; for a submission, beside the original; for a window of VS Code. Kept in benchmarks/RESULTS.md.
bench: .venv/.develops build/bench/bin/check-jsonschema build/bench-json/ready build/bench-reference/ready
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/editor.py
	$(BIN)/python benchmarks/submission.py
	scripts/vscode.sh
	$(BIN)/python benchmarks/extension.py

clean:
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache

.PHONY: lint
lint: .venv/.develops
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m scripts.docs --check
	. scripts/node.sh && npm --prefix editor/vscode run --silent check && npm --prefix editor/vscode run --silent test

# Both install this checkout editable; what the second has installed, the first leaves alone.
.venv/.runs: pyproject.toml constraints.txt scripts/venv.sh
	PYTHON=$(PYTHON) scripts/venv.sh
	touch $@

.venv/.develops: pyproject.toml constraints.txt scripts/venv.sh
	PYTHON=$(PYTHON) scripts/venv.sh dev
	touch $@

# The program whose expansion ours is compared with.
build/reference/ready: scripts/reference.sh
	PYTHON=$(PYTHON) scripts/reference.sh

# The same program whole, as far as its command `cloud` needs it.
build/bench-reference/ready:
	$(PYTHON) -m venv build/bench-reference
	build/bench-reference/bin/pip install --quiet --disable-pip-version-check --no-deps caliban==0.4.2
	build/bench-reference/bin/pip install --quiet --disable-pip-version-check commentjson==0.9.0 blessings==1.7 \
	  schema==0.7.2 'setuptools<81' 'SQLAlchemy<2' absl-py tqdm pyyaml yaspin docker kubernetes pg8000 pysocks \
	  psycopg2-binary google-auth google-auth-httplib2 google-cloud-core google-cloud-container google-api-python-client
	touch $@

build/bench/bin/check-jsonschema: .venv/.runs
	$(PYTHON) -m venv build/bench
	build/bench/bin/pip install --quiet --disable-pip-version-check check-jsonschema

# The language server that VS Code has for JSON; it runs on Node. No program of a package is run to install it.
build/bench-json/ready:
	mkdir -p build/bench-json
	npm install --prefix build/bench-json --ignore-scripts --no-audit --no-fund --silent vscode-langservers-extracted@4.10.0
	touch $@

# The pictures of the extension's README, as its tests see it, and its icon.
pictures: .venv/.develops
	scripts/vscode.sh
	.venv/bin/pytest -q tests/vscode/digits
	.venv/bin/python -m scripts.vscode_pictures

# The VS Code extension as a file to install.
vsix: .venv/.develops
	scripts/vsix.sh
