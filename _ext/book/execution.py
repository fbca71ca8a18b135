"""How chapters are run and where they are kept; for the build and the tests alike.

jupyter-cache knows a chapter by its code. What the code imports is not in that key, so the folder
of the cache is named by it: a change in ``dlbook`` or in a pinned version starts a new folder, and
taking the change back finds the old one again.
"""

import hashlib
import os
import sys
from pathlib import Path

from jupyter_cache import get_cache
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]

# One thread: the numbers do not depend on the machine, and two kernels do not fight over two cores.
# No progress bars: they would end on the page.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1"}


def prepare_environment() -> None:
    """Set what every kernel started from this process inherits."""
    os.environ.update(ENVIRONMENT)


def cache_path(root: Path = ROOT) -> Path:
    """Give the cache folder that belongs to the present ``dlbook``, pinned versions and Python."""
    digest = hashlib.sha256(sys.version.encode())
    package = sorted(p for p in root.glob("dlbook/**/*") if p.is_file() and p.suffix != ".pyc")
    for path in [*package, root / "requirements.txt"]:
        digest.update(f"\0{path.relative_to(root)}\0".encode() + path.read_bytes())
    return root / "_build" / ".jupyter_cache" / digest.hexdigest()[:12]


def cached(notebook: NotebookNode) -> NotebookNode | None:
    """Find the run of a notebook in the cache; None if it has none, or if a cell of it raised."""
    try:
        return get_cache(cache_path()).merge_match_into_notebook(notebook)[1]
    except KeyError:
        return None


def first_line(text: str, fence: int, code: str) -> int:
    """Find where the code of a cell begins in its chapter: after its fence and its options.

    ``fence`` is the cell's line in the notebook's source map; lines count from 0. A fence may be
    indented.
    """
    lines, wanted = ([line.strip() for line in x.splitlines()] for x in (text, code))
    places = range(fence, len(lines))
    return next((n for n in places if lines[n : n + len(wanted)] == wanted), fence)


def setup(app):
    """Point MyST-NB to the cache before it reads its configuration."""
    prepare_environment()

    def use_cache(app, config):
        config.nb_execution_cache_path = str(cache_path())

    app.connect("config-inited", use_cache, priority=1)
