import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

CELL = """\
```{{code-cell}} ipython3
---
mystnb:
  image: {{alt: {alt}}}
  figure: {{name: {name}, caption: {caption}}}
---
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
```

"""

PAGE = (
    "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n\n"
    "# Page\n\n"
    + CELL.format(alt="a line", name="fig-good", caption="A line.")
    + CELL.replace("  image: {{alt: {alt}}}\n", "").format(name="fig-blind", caption="A line.")
    + """\
```{code-cell} ipython3
class Broken:
    def _repr_html_(self):
        raise RuntimeError("no picture of me")

display(Broken())
```
"""
)


@pytest.fixture(scope="module")
def warnings(tmp_path_factory):
    """What a strict build says of a page with one good figure, a blind one and an error."""
    root = tmp_path_factory.mktemp("site")
    copytree(REPOSITORY / "_ext", root / "_ext")
    (root / "requirements.txt").write_text("")
    (root / "conf.py").write_text("extensions = ['myst_nb', 'book']\nnb_execution_mode = 'cache'\n")
    (root / "index.md").write_text(PAGE)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", ".", "_build"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": "_ext"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    return [line for line in done.stderr.splitlines() if "WARNING" in line]


def test_a_figure_without_alternative_text_ends_the_build(warnings):
    (line,) = [warning for warning in warnings if "alternative text" in warning]
    number = PAGE[: PAGE.rindex("import matplotlib")].count("\n") + 1
    assert number - 6 <= int(line.split("index.md:")[1].split(":")[0]) <= number


def test_an_error_that_the_kernel_calls_a_success_ends_the_build(warnings):
    assert any("a cell shows an error" in warning for warning in warnings)


def test_a_good_figure_passes(warnings):
    assert len({warning.split(": WARNING:")[0] for warning in warnings}) == 2
