import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree

import nbformat
import pytest
from book.notebooks import MISSING
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]

FRONT = "---\nfile_format: mystnb\nkernelspec: {name: python3, display_name: Python 3}\n---\n\n"

CONF = """\
extensions = [
    "myst_nb", "sphinx_exercise", "sphinx_proof", "sphinxcontrib.bibtex", "book"
]
exclude_patterns = ["_build"]
html_theme = "sphinx_book_theme"
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
numfig = math_numfig = True
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
exercise_style = "solution_follow_exercise"
nb_execution_mode = "cache"
suppress_warnings = ["mystnb.unknown_mime_type"]
"""

BIB = "@article{shannon, author={Claude Shannon}, title={A theory}, journal={Bell}, year={1948}}\n"

OTHER = "(other-section)=\n# Another page\n\n```{bibliography}\n```\n"

# what a section has in the chapter, and in the notebook
CONSTRUCTS = {
    "text": (
        "An *emphasis*, a **word**, `code`, `` a`b ``,\n"
        "a [link](https://a.org/b_(c)), 2 * 3 * 4, snake_case_\nand a break\\\nhere.",
        "An *emphasis*, a **word**, `code`, `` a`b ``, a [link](https://a.org/b_%28c%29), "
        r"2 \* 3 \* 4, snake\_case\_ and a break<br>here.",
    ),
    "start": (
        "\\- no list\n\n1948\\. No list\n\n\\# no heading",
        "\\- no list\n\n1948\\. No list\n\n\\# no heading",
    ),
    "within": (
        r"Let $a<b$ and $\mu_i > \text{if a<b}$ cost \$5.",
        r"Let $a \lt b$ and $\mu_i \gt \text{if a<b}$ cost \$5.",
    ),
    "display": (
        "$$\na = b % why\n  < c\n$$ (eq-first)\n\n"
        "$$\n\\begin{align*}\na &= b \\\\\nc &= d\n\\end{align*}\n$$",
        "$$ a = b \\lt c \\tag{1.1} $$\n\n"
        r"$$ \begin{aligned} a &= b \\ c &= d \end{aligned} $$",
    ),
    "environment": (
        "\\begin{gather}\na \\\\\nb\n\\end{gather}",
        r"$$ \begin{gathered} a \\ b \end{gathered} \tag{1.2} $$",
    ),
    "theorem": (
        ":::{prf:theorem} Size of $x$\n:label: thm-size\n\nLet\n\n$$\nx > 1 .\n$$\n\nThen so.\n:::",
        "> **Theorem 1.1 (Size of $x$)**\n>\n> Let\n>\n> $$ x \\gt 1 . $$\n>\n> Then so.",
    ),
    "definition": (
        ":::{prf:definition}\n:label: def-x\n:nonumber:\n\nA thing.\n:::",
        "> **Definition**\n>\n> A thing.",
    ),
    "proof": (
        ":::{prf:proof}\nBy words.\n\nAnd more.\n:::",
        "> *Proof.* By words.\n>\n> And more.",
    ),
    "admonitions": (
        ":::{tip}\nTry it.\n:::\n\n:::{admonition} A *title*\nText.\n:::",
        "> **Tip**\n>\n> Try it.\n\n> **A *title***\n>\n> Text.",
    ),
    "references": (
        "See {eq}`eq-first`, {prf:ref}`thm-size`, {numref}`fig-dot`, {ref}`ex-one`, "
        "{numref}`tab-one`, [here](sec-here), [there](other-section), [the page](other.md), "
        "{cite:t}`shannon`.",
        "See (1.1), Theorem 1.1, Fig. 1.1, Exercise 1.1, Table 1.1, here, "
        "[there](https://ada.github.io/their-book/other.html#other-section), "
        "[the page](https://ada.github.io/their-book/other.html), "
        "Shannon [[1948](https://ada.github.io/their-book/other.html#id2)].",
    ),
    "lists": (
        "- one\n- two\n  - deep\n  - deeper\n\n3. three\n4. four\n\n   $$\n   x\n   $$\n\n"
        "term\n: what it\n  means",
        "- one\n\n- two\n\n  - deep\n  - deeper\n\n3. three\n\n4. four\n\n   $$ x $$\n\n"
        "- **term**\n\n  what it means",
    ),
    "quotation": ("> Said *so*.\n>\n> Twice.", "> Said *so*.\n>\n> Twice."),
    "literal": (
        "```python\nx = 1\n\n```\n\n````\na ``` b\n````",
        "```python\nx = 1\n```\n\n````\na ``` b\n````",
    ),
    "table": (
        "| a | b |\n|---|---|\n| $\\|x\\|$ | `p\\|q` |",
        "| a | b |\n| --- | --- |\n| $\\vert x\\vert $ | `p\\|q` |",
    ),
    "list table": (
        "```{list-table} Two\n:name: tab-one\n* - $\\|x\\|$\n  - one\n```",
        "**Table 1.1.** Two\n\n|  |  |\n| --- | --- |\n| $\\Vert x\\Vert $ | one |",
    ),
    "invisible": (
        "% a comment\n\n(sec-here)=\n### Here\n\n```{index} word\n```\n\nText.",
        "### 1.16.1. Here\n\nText.",
    ),
    "statement": (
        ":::{commit} It is $<$ so.\n:label: commit-so\n:verdict: false\n:claim: $2$ is `2`\n\n"
        "It is not.\n:::",
        "**Statement 1.1.** True or false? It is $\\lt$ so.\n\n"
        "<details><summary>Verdict and answer</summary>\n\n"
        "**False.** It is not.\n\nPut to the test by the claim: $2$ is `2`.\n\n</details>",
    ),
}

CELLS = """
## Cells

```{code-cell} ipython3
:tags: [hide-input]
x = "$a$ {ref}"   # kept as it is

```

```{code-cell} ipython3
:tags: [remove-cell]
y = 2
```

```{code-cell} ipython3
---
tags: [raises-exception]
mystnb:
  image: {alt: A dot.}
  figure: {name: fig-dot, caption: A dot at $x < 1$.}
---
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
```

Text.

```{code-cell} ipython3
:tags: [remove-input]
z = 3
```

## Exercises

```{exercise-start} Do *it*
:label: ex-one
```
How?
```{exercise-end}
```

```{solution-start} ex-one
:label: ex-one-solution
:class: dropdown
```
So:

```{code-cell} ipython3
w = 4
```

and done.
```{solution-end}
```

```{exercise} Plain
:label: ex-two
:nonumber:
Why?
```

```{solution} ex-two
:label: ex-two-solution
That is why.
```

## End

The end.

```{code-cell} ipython3
from dlbook import claim
claim("$2$ is `2`", measured=2, expected=2, rival=3, tolerance=0.5)
```

```{code-cell} ipython3
:tags: [remove-cell]
last = 5
```
"""

CHAPTER = (
    FRONT
    + "# The title\n\n"
    + "".join(f"## {name.capitalize()}\n\n{before}\n\n" for name, (before, _) in CONSTRUCTS.items())
    + CELLS
)

BAD = (
    FRONT
    + """\
# Bad

An {abbr}`MLP (perceptron)`.

:::{topic} A topic
Text.
:::

```{code-cell} ipython3
1
```

:::{exercise}
:label: ex
Why?
:::

:::{solution} ex
Because.
:::

% a comment does not matter

This would be folded away.
"""
)


def build(root, pages, **environment):
    """Build a site of some pages; give its folder and what Sphinx warns of."""
    copytree(ROOT / "_ext", root / "_ext")
    names = " ".join(name for name in pages)
    contents = "\n".join(name for name in pages)
    files = {
        "requirements.txt": "",
        "conf.py": CONF,
        "references.bib": BIB,
        "index.md": f"# Contents of {names}\n\n```{{toctree}}\n:numbered:\n{contents}\n```\n",
        **{f"{name}.md": text for name, text in pages.items()},
    }
    for name, text in files.items():
        (root / name).write_text(text, "utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB_")}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-n", ".", "_build/html"],
        cwd=root,
        env={**kept, "PYTHONPATH": "_ext", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return root / "_build" / "html", [x for x in done.stderr.splitlines() if "WARNING" in x]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site of a chapter that has every construct, and of a page without cells."""
    environment = {"GITHUB_REPOSITORY": "Ada/their-book", "GITHUB_SHA": "0123abcd"}
    root = tmp_path_factory.mktemp("site")
    built, warnings = build(root, {"chapter": CHAPTER, "other": OTHER}, **environment)
    assert warnings == []
    return built


@pytest.fixture(scope="module")
def notebook(site):
    """The notebook of the chapter."""
    return nbformat.read(site / "_sources" / "chapter.ipynb", as_version=4)


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """A site of which no repository is known, of a chapter with constructs that have no form."""
    return build(tmp_path_factory.mktemp("bad"), {"bad": BAD})


def section(notebook, name):
    """The text of the section with a title."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = rf"^## 1\.\d+\. {name.capitalize()}\n\n"
    return re.split(r"\n\n## ", re.split(heading, text, maxsplit=1, flags=re.M)[1])[0]


def cell_with(notebook, text):
    (cell,) = [cell for cell in notebook.cells if text in cell.source]
    return cell


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_becomes_plain_markdown(notebook, name):
    assert section(notebook, name) == CONSTRUCTS[name][1]


def test_the_notebook_is_valid_and_has_colabs_metadata(notebook):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.colab.toc_visible
    assert [cell.id for cell in notebook.cells] == [cell.metadata.id for cell in notebook.cells]


def test_the_title_has_the_number_of_the_site(notebook):
    assert notebook.cells[0].source == "# 1. The title"


def test_every_cell_is_there_in_order_without_outputs_as_it_was_written(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][1:]
    written = ['x = "$a$ {ref}"   # kept as it is', "y = 2", "from IPython", "z = 3", "w = 4"]
    assert [cell.source[: len(text)] for cell, text in zip(cells, written, strict=False)] == written
    assert cells[-1].source == "last = 5"
    assert len(cells) == 7
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


@pytest.mark.parametrize("text", ["{ref}", "y = 2", "z = 3", "last = 5"])
def test_a_hidden_or_removed_cell_is_kept_and_folded(notebook, text):
    metadata = dict(cell_with(notebook, text).metadata)
    metadata.pop("id")
    assert metadata == {"cellView": "form", "jupyter": {"source_hidden": True}}


def test_of_other_metadata_only_what_jupyter_understands_travels(notebook):
    assert set(cell_with(notebook, "w = 4").metadata) == {"id"}
    assert cell_with(notebook, "SVG(").metadata["tags"] == ["raises-exception"]
    assert set(cell_with(notebook, "SVG(").metadata) == {"id", "tags"}


def test_the_caption_of_a_figure_follows_its_cell(notebook):
    index = notebook.cells.index(cell_with(notebook, "SVG("))
    assert notebook.cells[index + 1].source == "**Fig. 1.1.** A dot at $x \\lt 1$.\n\nText."


def test_a_solution_is_folded_under_a_heading_of_its_own(notebook):
    cell = cell_with(notebook, "Solution to Exercise 1.1")
    assert cell.source == "#### Solution to Exercise 1.1"
    assert cell.metadata["jp-MarkdownHeadingCollapsed"] is True
    plain = cell_with(notebook, "#### Solution to the exercise")  # one without a number
    assert notebook.metadata.colab.collapsed_sections == [cell.metadata.id, plain.metadata.id]
    assert cell_with(notebook, "How?").source == "### Exercise 1.1 (Do *it*)\n\nHow?"


def test_what_follows_a_solution_begins_with_a_heading_that_ends_the_fold(notebook):
    start = notebook.cells.index(cell_with(notebook, "Solution to Exercise 1.1"))
    sources = [cell.source for cell in notebook.cells[start + 1 : start + 5]]
    assert sources == ["So:", "w = 4", "and done.", "### Exercise (Plain)\n\nWhy?"]


def test_the_first_code_cell_installs_the_commits_package_in_colab_and_nothing_else(notebook):
    code = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert 'if "google.colab" in sys.modules:\n    %pip install --quiet --no-deps ' in code
    assert code.endswith("https://github.com/Ada/their-book/archive/0123abcd.zip latex2mathml")


def test_what_is_installed_besides_is_what_the_package_needs_and_colab_lacks():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = {Requirement(text).name for text in project["dependencies"]}
    lines = (ROOT / "tests" / "colab" / "requirements.txt").read_text("utf-8").splitlines()
    assert needed - {line.partition("==")[0] for line in lines} == set(MISSING.split())


def test_a_second_build_gives_the_same_bytes(site):
    (site.parents[1] / "chapter.md").touch()  # Sphinx reads and writes the page again
    before = (site / "_sources" / "chapter.ipynb").read_bytes()
    (site / "_sources" / "chapter.ipynb").unlink()
    environment = {"GITHUB_REPOSITORY": "Ada/their-book", "GITHUB_SHA": "0123abcd"}
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", ".", "_build/html"],
        cwd=site.parents[1],
        env={**os.environ, "PYTHONPATH": "_ext", **environment},
        check=True,
        timeout=120,
    )
    assert (site / "_sources" / "chapter.ipynb").read_bytes() == before


def test_only_the_page_of_a_chapter_has_a_notebook_and_a_button(site):
    address = "https://colab.research.google.com/github/Ada/their-book/blob/gh-pages/_sources"
    page = (site / "chapter.html").read_text("utf-8")
    assert re.findall(r'href="(https://colab[^"]*)"', page) == [f"{address}/chapter.ipynb"]
    assert "Open in Colab" in page
    other = (site / "other.html").read_text("utf-8")
    assert "colab" not in other
    assert ".ipynb" not in other
    assert [path.name for path in site.rglob("*.ipynb")] == ["chapter.ipynb"]


def test_every_download_on_the_page_is_in_the_site(site):
    page = (site / "chapter.html").read_text("utf-8")
    links = re.findall(r'href="(_sources/[^"]*)"', page)
    assert links == ["_sources/chapter.ipynb", "_sources/chapter.md"]
    assert all((site / link).is_file() for link in links)


def test_a_construct_without_a_form_is_a_warning_at_its_line(bad):
    _, warnings = bad
    for kind, text in ("abbreviation", "An {abbr}"), ("topic", ":::{topic}"):
        (line,) = [warning for warning in warnings if warning.endswith(f"notebook: {kind}")]
        number = BAD[: BAD.index(text)].count("\n") + 1
        assert f"bad.md:{number}:" in line


def test_text_that_would_be_folded_away_with_a_solution_is_a_warning_at_its_line(bad):
    _, warnings = bad
    (line,) = [warning for warning in warnings if "fold this away" in warning]
    number = BAD[: BAD.index("This would")].count("\n") + 1
    assert f"bad.md:{number}:" in line
    assert len(warnings) == 3


def test_without_a_repository_the_download_remains_and_colab_is_told_what_to_do(bad, monkeypatch):
    site, _ = bad
    page = (site / "bad.html").read_text("utf-8")
    assert 'href="_sources/bad.ipynb"' in page
    assert "colab" not in page
    notebook = nbformat.read(site / "_sources" / "bad.ipynb", as_version=4)
    code = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    exec(code, {})  # elsewhere it does nothing
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    with pytest.raises(ImportError, match="Upload the book's source"):
        exec(code, {})
