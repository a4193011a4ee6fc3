# make run and make test do all the set-up; everything else is for people who work on sae-search.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
AUDIT := .venv-audit
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip
LOCK := $(UV) compile --quiet --universal --python-version 3.11.5 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" -c constraints.txt pyproject.toml
# What is installed is held against the hashes of the lock, file by file. uv takes a fraction of pip's time; where
# the registry lacks it or it fails, pip goes on with the same lock. Our own folder has no hash, and needs nothing
# more: the lock has what builds it, too.
HASHED := install --quiet --no-deps --require-hashes -r
install = (sed -n '/^uv==/,/[^\]$$/p' $(1) > $(VENV)/uv.txt && $(PIP) $(HASHED) $(VENV)/uv.txt && $(UV) $(HASHED) $(1)) \
	|| $(PIP) $(HASHED) $(1)

.PHONY: run pictures test test-slow test-gpu test-peers campaign concepts-simulation simulate peers lint format docs schema lock audit sbom clean help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## install and search on the embedded digits
	$(BIN)/python search/run.py spaces/sae.yaml

test: $(VENV)/.dev lint ## install, check style and types, run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not gpu and not peers"

test-slow: $(VENV)/.dev ## whole searches, minutes each (MNIST where SAE_SEARCH_DATA has it)
	$(BIN)/python -m pytest -m "slow and not gpu and not peers"

test-gpu: $(VENV)/.dev ## tests that need a CUDA device
	$(BIN)/python -m pytest -m gpu

test-peers: $(VENV)/.dev peers ## the real SAELens reads our exports
	$(BIN)/python -m pytest -m peers

campaign: $(VENV)/.dev ## real searches under real faults, hours: SEEDS=20 FIRST=0; `python -m tests.campaign --help`
	$(BIN)/python -m tests.campaign --seeds $(or $(SEEDS),20) --first $(or $(FIRST),0)

concepts-simulation: $(VENV)/.dev ## how often a verdict on concepts is wrong, minutes; ARMS=1 trains its arms anew, half an hour
	$(if $(ARMS),$(BIN)/python -m studies.concepts.train_arms)
	$(BIN)/python -m studies.concepts.simulate

simulate: $(VENV)/.dev ## simulated searches under drawn faults, a night: SEEDS=100000 FIRST=0; a failing seed is shrunk
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),100000) --first $(or $(FIRST),0) --processes $$(nproc)

peers: $(PEERS)/.made ## an environment of its own for SAELens and dictionary_learning (7 GB)

lint: $(VENV)/.dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## mend the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev ## build the documentation site into build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "open build/docs/index.html"

pictures: $(VENV)/.dev ## photograph the pages of RUN into docs/pictures: RUN=runs/NAME
	$(BIN)/python -m docs.generate.pictures $(RUN)

schema: $(VENV)/.dev ## write search/space.schema.json anew after a change of the settings
	$(BIN)/python -m search.space.json_schema

lock: $(VENV)/.dev ## write constraints.txt from what is installed, requirements*.txt with the hashes of its files
	(sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable) > constraints.new
	mv constraints.new constraints.txt
	echo uv | $(LOCK) - -o requirements.txt
	echo uv | $(LOCK) - --extra dev -o requirements-dev.txt

audit: $(AUDIT)/.made ## known vulnerabilities of the locked packages (asks PyPI)
	$(AUDIT)/bin/pip-audit --strict --requirement requirements-dev.txt --no-deps --disable-pip

sbom: $(AUDIT)/.made ## write sbom.json, the locked packages as CycloneDX
	$(AUDIT)/bin/cyclonedx-py requirements requirements-dev.txt --pyproject pyproject.toml --output-reproducible -o sbom.json

clean: ## remove the environment and caches, keep the runs
	rm -rf $(VENV) $(PEERS) $(AUDIT) sbom.json build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml requirements.txt | $(BIN)/python
	@echo "installing into $(VENV): about 7 GB of disk ($$(df -Ph . | awk 'NR == 2 {print $$4}') free here), most of it PyTorch; some minutes, once"
	@$(call install,requirements.txt)
	@$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(call install,requirements-dev.txt)
	touch $@

# Their dependencies are many and not ours; nothing of this project is installed there.
$(PEERS)/.made: peers-constraints.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install -c peers-constraints.txt sae-lens dictionary-learning
	touch $@

# Tools that only look at the lock file stay out of it.
$(AUDIT)/.made:
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip --disable-pip-version-check --quiet install pip-audit==2.10.1 cyclonedx-bom==7.5.0
	touch $@
