# make book         builds the site into _build/html, from the chapters' executed cells
# make test         runs every unit test and every chapter
# make test-colab   runs the exported notebooks with the packages of Google Colab
# make test-site    tests the built site in a browser, which has to be installed: apt-get install chromium
# make weigh        compares the site's weight and speed with a default Jupyter Book of the same sources
# make lint         checks style and spelling
# make clean        forgets every output, so that the next run executes every chapter
#
# Each makes .venv from requirements.txt when it is missing or older than it. PYTHON=... picks the interpreter.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
COLAB := .venv-colab

.PHONY: book test test-colab test-site weigh lint clean
.DELETE_ON_ERROR:

# The chapters run first, so that a claim that fails is reported by chapter and line; the build takes their outputs
# from the cache. A failed build forgets what it read: Sphinx would not repeat the warnings of pages it has read.
book: $(VENV)/ready
	$(PY) -m pytest --nbmake --exitfirst --quiet chapters
	$(VENV)/bin/jupyter-book build . -W -n --keep-going --quiet || { rm -rf _build/.doctrees; exit 1; }

test: $(VENV)/ready
	$(PY) -m pytest --nbmake

# Some repository has to be known, or the notebooks would not know where to install the package from.
test-colab: $(VENV)/ready $(COLAB)/ready
	GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=somebody/book $(VENV)/bin/jupyter-book build . \
		--path-output _build/colab -W -n --keep-going --quiet || { rm -rf _build/colab; exit 1; }
	$(COLAB)/bin/python tests/colab/run.py _build/colab/_build/html/_sources

test-site: book
	$(PY) -m pytest --quiet tests/browser.py

weigh: book
	$(PY) tests/weigh.py

lint: $(VENV)/ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m codespell_lib

clean:
	rm -rf _build

$(VENV)/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("The book needs Python 3.11 or newer, this is %s; say make PYTHON=python3.11" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(COLAB)/ready: tests/colab/requirements.txt
	$(PYTHON) -m venv --clear $(COLAB)
	$(COLAB)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/colab/requirements.txt
	@touch $@
