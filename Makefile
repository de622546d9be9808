# Every target bootstraps what it needs from a bare python3 (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HTML := _build/html
PORT ?= 8000
# JupyterLab reads defaults below its own prefix too, so that nobody's home is touched.
LAB_DEFAULTS := $(VENV)/etc/jupyter/labconfig/default_setting_overrides.json
.DEFAULT_GOAL := help
# Some machines forbid Python to keep what it compiled; each of the many kernels that build, test
# and grade would then spend 3 s on compiling the same modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install site serve lab pdf screenshots release-exercises test check format oracle
.PHONY: bench bench-site bench-build bench-grading new-chapter versions lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

# uv comes from the lock like everything else, its hash checked by pip; then uv installs the rest.
$(VENV)/installed: requirements.txt pyproject.toml
	@echo "Installing the lock into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@awk '/^uv==/{p=1} p{print} p&&!/\\$$/{exit}' requirements.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip install --quiet --require-hashes --compile-bytecode --python $(BIN)/python -r requirements.txt
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python -e .
	@touch $@

install: $(VENV)/installed ## make .venv and install the lock

# A page that is not built again does not repeat its warnings: after a failure every page is read
# anew (outputs stay cached), or a second try would pass for no good reason. The stamp is as old as
# the build's start: what is edited while it runs is newer. Folders are listed too, since a file
# that was deleted leaves only its folder changed.
SITE_SOURCES := $(shell find book course_lib exercises/source _config.yml _toc.yml \
  -name __pycache__ -prune -o -name '*.pyc' -o -print)
_build/site: $(VENV)/installed $(SITE_SOURCES)
	@mkdir -p $(HTML) && touch $@.started
	@$(BIN)/jupyter-book build . --warningiserror --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@mv $@.started $@

site: _build/site ## build the website; warnings are errors
	@test -f $(HTML)/index.html || { rm _build/site; $(MAKE) --no-print-directory _build/site; }
	@echo "The site is built: open $(CURDIR)/$(HTML)/index.html"

serve: site ## build the website and serve it to this machine (PORT=8000)
	@echo "Serving at http://127.0.0.1:$(PORT)/ until Ctrl-C"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(HTML) $(PORT) >/dev/null

$(LAB_DEFAULTS): $(VENV)/installed
	@$(BIN)/jupytext-config --settings-file $@ set-default-viewer markdown myst
	@touch $@

# Neither updates nor extensions are looked for: the lock decides, and a class room may be offline.
lab: $(LAB_DEFAULTS) ## open JupyterLab, where chapters are notebooks (LAB="--no-browser")
	$(BIN)/python -m jupyterlab --LabApp.extension_manager=readonly \
	  --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate $(LAB)

pdf: $(VENV)/installed ## print the book into _build/principles-of-neural-networks.pdf (needs Chromium)
	@$(BIN)/python scripts/make_pdf.py

# Besides Chromium, bubblewrap: a class is graded in its sandbox.
screenshots: site ## photograph the site and a class being graded, for README and book
	@$(BIN)/python scripts/take_screenshots.py
	@$(BIN)/python scripts/make_social_card.py

release-exercises: $(VENV)/installed ## pack one zip per assignment for students, into _build/exercises
	@$(BIN)/python scripts/release_exercises.py

# Tests that share something costly stay in one worker (loadgroup).
test: $(VENV)/installed ## run every test
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: $(VENV)/installed ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/installed ## put the code into the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

oracle: $(VENV)/installed ## add PyTorch, the second opinion of some tests (not in the lock)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0

# Each command renews its own section of benchmarks/results.md; a missed budget is an error.
bench: oracle ## time course_lib, the book's build and the site; results in benchmarks/results.md
	$(BIN)/python -m benchmarks
	@$(MAKE) --no-print-directory bench-build bench-site

bench-site: site ## time every page in Chromium and hold it against the budgets
	$(BIN)/python -m benchmarks.site

bench-build: $(VENV)/installed ## time the book's build, cold and again, and hold it against the budgets
	$(BIN)/python -m benchmarks.building

bench-grading: $(VENV)/installed ## time course-grade against nbgrader; the full banks of attacks and faults
	$(BIN)/python -m benchmarks.bench_grading --thousand
	COURSE_GRADE_FULL=1 $(BIN)/python -m pytest -n0 tests/grading

# make hands WING, SLUG and TITLE to the shell's environment: no quote of a title can break out.
new-chapter: $(VENV)/installed ## make the rooms of a chapter (WING=training SLUG=weight-sharing)
	@$(BIN)/python scripts/new_chapter.py "$$WING" "$$SLUG" "$$TITLE"

versions: $(VENV)/installed ## run the library's tests with its oldest and its newest dependencies
	@$(BIN)/python scripts/check_versions.py

lock: $(VENV)/installed ## renew requirements.txt from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	  --extra demos --extra book --extra exercises --extra cluster --extra test --extra dev \
	  --extra benchmarks --generate-hashes --no-emit-index-url --no-header --quiet --upgrade \
	  --output-file requirements.txt

clean: ## remove what the other targets made, except .venv
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
