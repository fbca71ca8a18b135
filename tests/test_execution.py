import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from book.execution import ROOT, cache_path

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def root(tmp_path):
    """A copy of what the key of the cache is made of."""
    copytree(REPOSITORY / "dlbook", tmp_path / "dlbook")
    (tmp_path / "requirements.txt").write_bytes((REPOSITORY / "requirements.txt").read_bytes())
    return tmp_path


def test_the_cache_lies_in_the_build_folder_of_the_repository():
    assert REPOSITORY == ROOT
    assert cache_path().parent == REPOSITORY / "_build" / ".jupyter_cache"


def test_a_copy_of_the_repository_has_the_same_key(root):
    assert cache_path(root).relative_to(root) == cache_path().relative_to(REPOSITORY)


@pytest.mark.parametrize(
    "name", ["requirements.txt", "dlbook/claims.py", "dlbook/claims.html", "dlbook/book.mplstyle"]
)
def test_a_change_starts_a_new_cache_and_taking_it_back_finds_the_old_one(root, name):
    path, before = root / name, cache_path(root)
    text = path.read_bytes()
    path.write_bytes(text + b"\n")
    assert cache_path(root) != before
    path.write_bytes(text)
    assert cache_path(root) == before


def test_a_new_name_or_a_module_more_or_less_starts_a_new_cache(root):
    paths = {cache_path(root)}
    (root / "dlbook" / "extra.py").write_text("")
    paths.add(cache_path(root))
    (root / "dlbook" / "extra.py").rename(root / "dlbook" / "other.py")
    paths.add(cache_path(root))
    (root / "dlbook" / "part").mkdir()
    (root / "dlbook" / "part" / "deep.py").write_text("")
    paths.add(cache_path(root))
    (root / "dlbook" / "train.py").unlink()
    paths.add(cache_path(root))
    assert len(paths) == 5


def test_what_no_chapter_imports_does_not_matter(root):
    before = cache_path(root)
    for name in ("README.md", "chapters/new.md", "tests/test_new.py", "dlbook/__pycache__/a.pyc"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("anything")
    os.utime(root / "requirements.txt", (0, 0))
    assert cache_path(root) == before


def test_kernels_inherit_one_thread_and_no_progress_bars():
    code = (
        "import os; from book.execution import prepare_environment; prepare_environment();"
        "import subprocess, sys;"
        "subprocess.run([sys.executable, '-c', 'import os;"
        'print(os.environ["OMP_NUM_THREADS"], os.environ["TQDM_DISABLE"])\'])'
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "7", "PYTHONPATH": str(REPOSITORY / "_ext")}
    environment.pop("TQDM_DISABLE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1"]
