"""Two small sites that show what the parts of the book do: one is good, one has to warn.

Run with a folder, this builds both there, the good one several times, in one process: most of the
time that a build takes goes into imports.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

from bs4 import BeautifulSoup
from sphinx.cmd.build import main

ROOT = Path(__file__).resolve().parents[1]

FRONT = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n\n"

CONF = """\
extensions = ["myst_nb", "sphinx_exercise", "sphinx_proof", "book"]
exclude_patterns = ["_build"]
html_theme = "sphinx_book_theme"
html_title = "A book"
html_static_path = ["assets"]
templates_path = []  # themes would add to a list that all builds of a process share
html_css_files = ["own.css"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
numfig = math_numfig = True
exercise_style = "solution_follow_exercise"
nb_execution_mode = "cache"
suppress_warnings = ["mystnb.unknown_mime_type"]
"""

FIGURE = """\
```{{code-cell}} ipython3
---
mystnb:
  image: {{alt: '{alt}'}}
  figure: {{name: {name}, caption: A line.}}
---
{code}
```

"""

DRAW = """\
fig, ax = plt.subplots()
ax.plot([0, 1], [0, {height}], label="a line")
ax.legend()
plt.show()"""

PAINT = """\
plt.imsave("dots.png", [[0, 1]])
Image("dots.png")"""

# the file of the first chapter is the last in the alphabet
FIRST = (
    FRONT
    + """\
# On *counting*

:::{commit} All of $x < 1$ is so.
:label: commit-first
:verdict: true
:claim: one and one are two

It is, by {eq}`eq-sum`.
:::

:::{commit} The second.
:label: commit-second
:verdict: false
:claim: there are `2` of $x < 3$ here

It is not, and $y$ says why.
:::

After {numref}`commit-second` come cells.

```{code-cell} ipython3
import matplotlib.pyplot as plt
from IPython.display import Image

from dlbook import claim, plot

plot.use_style()
```

```{code-cell} ipython3
claim("one and one are two", measured=1 + 1, expected=2, rival=3, tolerance=0.5)
claim("there are `2` of $x < 3$ here", measured=[10.0, 20.0], expected=[10.1, 20.0],
      rival=[10.0, 21.0], tolerance=0.2)
```

"""
    + FIGURE.format(alt='A "line" & <more>', name="fig-line", code=DRAW.format(height=1))
    + FIGURE.format(alt="A line", name="fig-other", code=DRAW.format(height=2))
    + FIGURE.format(alt="Two dots", name="fig-dots", code=PAINT)
)

SECOND = (
    FRONT
    + """\
# On infinity

```{code-cell} ipython3
from dlbook import claim

claim("3 are fewer than all", measured=3, expected=3, rival=float("inf"), tolerance=1)
claim("4 are fewer than all", measured=True, expected=True, rival=False)
```
"""
)

MATHEMATICS = """\
# Mathematics

Let $a_1 = \\mathbf{b}$.

$$
\\sum_{i=1}^n i = \\frac{n(n+1)}{2}
$$ (eq-sum)

$$
x < y
$$
"""

EXERCISES = """\
# Exercises

A dragon: <i class="fa-solid fa-dragon"></i>

:::{prf:proof}
By words.
:::

:::{prf:proof}
By more words.
:::

```{exercise} Do it
:label: ex-one
Why?
```

```{solution} ex-one
:label: ex-one-solution
:class: dropdown
That is *why*.
```

```{exercise}
:label: ex-two
How?
```

```{solution} ex-two
:label: ex-two-solution
Like $y$ so.
```

## Proof

A section.
"""

TABLE = """\
# Ledger

There are {count}`claims` claims in {count}`chapters` chapters, of which one is
{claim}`4 are fewer than all`, one {claim}``there are `2` of $x < 3$ here``, and one that
{claim}`a sum is $1 + 1$ <one and one are two>`.

```{card} one and one are two
```

```{ledger}
```
"""

INDEX = """\
# Contents

```{toctree}
:numbered:
chapters/zeta
chapters/alpha
mathematics
exercises
```

```{toctree}
ledger
```
"""

GOOD = {
    "index": INDEX,
    "chapters/zeta": FIRST,
    "chapters/alpha": SECOND,
    "mathematics": MATHEMATICS,
    "exercises": EXERCISES,
    "ledger": TABLE,
}

COMMIT = """\
:::{{commit}} Is it so?
:label: commit-{name}
:verdict: true
:claim: it is so

Yes.
:::

"""


def commit(name, without="", **changes):
    """A statement to commit to, with an option changed or without it."""
    lines = COMMIT.format(name=name).splitlines(keepends=True)
    kept = [line for line in lines if not (without and line.startswith(without))]
    for option, value in changes.items():
        kept = [f":{option}: {value}\n" if x.startswith(f":{option}:") else x for x in kept]
    return "".join(kept)


STATEMENTS = {
    "good": commit("good"),
    "no-label": commit("no-label", without=":label:"),
    "no-verdict": commit("no-verdict", without=":verdict:"),
    "no-claim": commit("no-claim", without=":claim:"),
    "no-answer": commit("no-answer", without="Yes."),
    "odd-verdict": commit("odd-verdict", verdict="perhaps"),
    "odd-claim": commit("odd-claim", claim="what no claim says"),
}

BAD_CLAIMS = (
    FRONT
    + """\
# Claims

```{code-cell} ipython3
import matplotlib.pyplot as plt

from dlbook import claim, plot

plot.use_style()
claim("it is so", measured=1, expected=1, rival=2, tolerance=0.5)
```

```{code-cell} ipython3
claim("it is so", measured=2, expected=2, rival=1, tolerance=0.5)  # again
```

```{code-cell} ipython3
:tags: [remove-output]
claim("nobody sees this", measured=1, expected=1, rival=2, tolerance=0.5)
```

```{code-cell} ipython3
plt.plot([0, 1])  # blind
plt.show()
```

There are {count}`lies` lies. We have {claim}`it is so`.

Not so {claim}`something that nobody claimed`.

"""
    + "".join(STATEMENTS.values())
)

BAD_PAGE = """\
# A chapter of words

```{card} nothing at all
```

The formula $\\frac{1}$ is broken, and so is

$$
\\nonsense{x}
$$

while $x = ½$ is not for LaTeX.

:::{note}
:class: dropdown
Folded.
:::
"""

BAD = {
    "index": "# Contents\n\n```{toctree}\nchapters/claims\nchapters/words\n```\n\n"
    "```{ledger}\n```\n",
    "chapters/claims": BAD_CLAIMS,
    "chapters/words": BAD_PAGE,
}


# chapters that have changed places; a label cannot, since Sphinx reads one of them first
SWAPPED = GOOD | {
    "chapters/zeta": SECOND,
    "chapters/alpha": re.sub("(commit|fig)-", r"new-\1-", FIRST),
}


def write(folder: Path, pages: dict[str, str]) -> None:
    """Write those sources of a site that are not there yet."""
    files = {f"{name}.md": text for name, text in pages.items()}
    bell = '.mine:before { content: "\\f0f3"; }\n'
    for name, text in {**files, "conf.py": CONF, "assets/own.css": bell}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def build(root: Path, site: str, pages: dict[str, str], name: str) -> int:
    """Build what is new in a site, and keep its pages and what Sphinx complains of; give status."""
    write(root / site, pages)
    out, log = root / "_build" / site, root / "_build" / f"{name}.log"
    status = main(["-W", "--keep-going", "-q", "-n", f"-w{log}", str(root / site), str(out)])
    copytree(out, root / "_build" / "kept" / name, ignore=ignore_patterns(".doctrees"))
    return status


def build_all(root: Path) -> dict[str, int]:
    """Build all; the last time nothing has changed but a part of the book."""
    statuses = {"bad": build(root, "bad", BAD, "bad")}
    for name, pages in {"first": GOOD, "swapped": SWAPPED, "again": GOOD, "idle": GOOD}.items():
        statuses[name] = build(root, "good", pages, name)
    with (root / "_ext" / "book" / "printing.py").open("a") as part:
        part.write("# a change\n")
    return statuses | {"changed": build(root, "good", GOOD, "changed")}


def run(root: Path) -> Path:
    """Build all in a process of its own; give the folder of what was kept."""
    copytree(ROOT / "_ext", root / "_ext")
    (root / "requirements.txt").write_text("")
    (root / "_build").mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    path = os.pathsep.join([str(root / "_ext"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, __file__, root],
        env={**kept, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return root / "_build" / "kept"


def page(site: Path, name: str) -> BeautifulSoup:
    """Read a page of a site."""
    return BeautifulSoup((site / f"{name}.html").read_text("utf-8"), "html.parser")


def warning(complaints: list[str], text: str) -> str:
    """Find the one complaint with a text in it."""
    (line,) = [line for line in complaints if text in line]
    return line


def place(text: str, words: str) -> int:
    """Give the number of the line on which words stand for the first time."""
    return text[: text.index(words)].count("\n") + 1


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "_build" / "statuses.json").write_text(json.dumps(build_all(folder)))
