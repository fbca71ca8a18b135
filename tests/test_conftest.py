import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from book.execution import cache_path
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import read_myst_markdown_notebook
from nbformat.v4 import new_output

REPOSITORY = Path(__file__).resolve().parents[1]

HEADER = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

# A chapter

Some words.

"""

REFUTED = """\
```{code-cell} ipython3
---
tags: [hide-input]
mystnb:
  image:
    alt: options that come before the code
---
from dlbook import claim

claim("two is odd", measured=2, expected=3, rival=4, tolerance=0.1)  # HERE
```
"""

DEEP = """\
```{code-cell} ipython3
def invert(x):
    assert x is not None
    return 1 / x
```

More words.

```{code-cell} ipython3
:tags: [hide-input]

y = 1
invert(0)  # HERE
```
"""

STDERR = """\
```{code-cell} ipython3
import warnings
```

```{code-cell} ipython3
warnings.warn("this is deprecated")  # HERE
x = 1
```
"""

BLANK = """\
```{code-cell} ipython3
print(file=__import__("sys").stderr)  # HERE
```
"""

INDENTED = """\
  ```{code-cell} ipython3
  x = 0
  1 / x  # HERE
  ```
"""

SLOW = """\
```{code-cell} ipython3
import time
```

```{code-cell} ipython3
time.sleep(300)  # HERE
```
"""

PLAIN = "# Words\n\n```python\n1 / 0\n```\n"


def good(number):
    return f"{HEADER}```{{code-cell}} ipython3\nx = {number}\nassert x == {number}\n```\n"


def write(root, **chapters):
    (root / "chapters").mkdir(exist_ok=True)
    for name, text in chapters.items():
        (root / "chapters" / f"{name}.md").write_text(text)


def book(root, **chapters):
    """Make a small book that is run as this one is."""
    copytree(REPOSITORY / "_ext", root / "_ext")
    for name in ("conftest.py", "pyproject.toml", "requirements.txt"):
        (root / name).write_bytes((REPOSITORY / name).read_bytes())
    write(root, **chapters)
    return root


def run(root, *arguments):
    """Run pytest on a book by itself, and give all that it printed."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rpf", *arguments, "chapters"],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def results(printed):
    found = re.findall(r"^(PASSED|FAILED) chapters/(\S+)\.md::", printed, flags=re.MULTILINE)
    return {name: result for result, name in found}


def line_of(name, text):
    """Match the start of the report of ``name``, whose text marks the line that is to be named."""
    lines = text.splitlines()
    (line,) = [number for number, line in enumerate(lines, 1) if "# HERE" in line]
    return rf"(?m)^chapters/{name}\.md:{line}: "


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return book(
        tmp_path_factory.mktemp("book"),
        refuted=HEADER + REFUTED,
        deep=HEADER + DEEP,
        stderr=HEADER + STDERR,
        blank=HEADER + BLANK,
        same=good(1),
        prose=good(2),
        code=good(3),
        plain=PLAIN,
    )


@pytest.fixture(scope="module")
def first(root):
    old = root / "chapters" / "_build" / "old.md"
    old.parent.mkdir()
    old.write_text(good(0))
    return run(root, "--nbmake", "-n", "2")


@pytest.fixture(scope="module")
def second(root, first):
    """Run again without workers, after edits of prose and of code, and with cells that fail.

    A build has meanwhile kept the outputs of a chapter that it warned of.
    """
    path = root / "chapters" / "stderr.md"
    warned = read_myst_markdown_notebook(path.read_text(), add_source_map=True, path=path)
    warned.cells[-1].outputs = [new_output("stream", name="stderr", text="this is deprecated")]
    cache = get_cache(cache_path(root))
    cache.cache_notebook_bundle(CacheBundleIn(warned, str(path)), check_validity=False)
    write(
        root,
        prose=good(2).replace("Some words", "Other words,\nand more"),
        code=good(4),
        slow=HEADER + SLOW,
        indented=HEADER + INDENTED,
    )
    chosen = "same or prose or code or stderr or slow or indented"
    return run(root, "--nbmake", "--nbmake-timeout=3", "-k", chosen)


def test_myst_notebooks_are_run_and_nothing_else(first):
    assert results(first) == {
        **dict.fromkeys(["same", "prose", "code"], "PASSED"),
        **dict.fromkeys(["refuted", "deep", "stderr", "blank"], "FAILED"),
    }


def test_a_refuted_claim_is_reported_by_file_and_line(first):
    message = r"ClaimRefuted: .*two is odd.*measured 2, expected 3, believed instead 4.*off by 1"
    assert re.search(line_of("refuted", HEADER + REFUTED) + message, first)


def test_an_error_inside_a_function_is_reported_where_the_chapter_calls_it(first):
    assert re.search(line_of("deep", HEADER + DEEP) + "ZeroDivisionError: division by zero", first)


def test_output_on_stderr_is_an_error_of_its_cell(first):
    assert re.search(line_of("stderr", HEADER + STDERR) + "output on stderr: ", first)
    assert "UserWarning: this is deprecated" in first


def test_blank_output_on_stderr_is_an_error_too(first):
    assert re.search(line_of("blank", HEADER + BLANK) + "output on stderr", first)


def test_what_passed_is_not_run_again_and_pytest_says_so(first, second):
    assert results(second).items() >= dict.fromkeys(["same", "prose", "code"], "PASSED").items()
    assert "not run again" not in first
    (said,) = re.findall(r"(?m)^unchanged since they passed, not run again.*: (.*)$", second)
    assert sorted(said.split(", ")) == ["prose.md", "same.md"]  # code.md was edited


def test_what_failed_is_run_again(second):
    assert results(second)["stderr"] == "FAILED"
    assert re.search(line_of("stderr", HEADER + STDERR) + "output on stderr: ", second)


def test_a_cell_that_takes_too_long_is_reported_by_file_and_line(second):
    message = "A cell timed out .* after 3 seconds"
    assert re.search(line_of("slow", HEADER + SLOW) + message, second)


def test_an_error_in_an_indented_cell_is_reported_by_file_and_line(second):
    assert re.search(line_of("indented", HEADER + INDENTED) + "ZeroDivisionError", second)


def test_chapters_are_not_collected_unless_asked_for(root):
    assert "no tests ran" in run(root)
