"""The rules of CONTRIBUTING.md that a machine can check."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from book.execution import first_line
from myst_nb.core.read import read_myst_markdown_notebook

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted(ROOT.glob("chapters/*.md"))
MOST_LINES = 25

chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def code_cells(path):
    """Yield the line of each cell's start, its options and its code."""
    text = path.read_text("utf-8")
    notebook = read_myst_markdown_notebook(text, add_source_map=True, path=path)
    for line, cell in zip(notebook.metadata.source_map, notebook.cells, strict=True):
        if cell.cell_type == "code":
            yield line, cell.metadata, cell.source


def prose(path):
    text = re.sub(r"(?ms)^```\{code-cell\}.*?^```$", "", path.read_text("utf-8"))
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def labels(kind, text):
    return re.findall(rf"\{{{kind}-start\}}[^\n]*\n:label: ([\w-]+)", text)


def test_every_chapter_is_in_the_table_of_contents_and_no_other():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    listed = [c["file"] for part in contents["parts"] for c in part["chapters"]]
    listed = [ROOT / f"{name}.md" for name in listed]
    assert all(path.exists() for path in listed)
    assert sorted(path for path in listed if path.parent.name == "chapters") == CHAPTERS


@chapters
def test_no_cell_is_longer_than_the_page_bears(path):
    lengths = {line: len([x for x in code.split("\n") if x]) for line, _, code in code_cells(path)}
    assert not {line: n for line, n in lengths.items() if n > MOST_LINES}


@chapters
@pytest.mark.parametrize(
    "forbidden",
    [
        r"^\s*[%!]",  # magics and the shell
        r"figsize|rcParams|set_title|plt\.title|title=",  # the look is in dlbook's style sheet
        r"filterwarnings|simplefilter",
        r"lstsq\((?!.*gels)",  # the last digits of its default driver differ from run to run
        r"from chapters|import chapters",
        r"^\s*print\(f?[\"'](epoch|step)",
    ],
)
def test_no_cell_does_what_a_chapter_may_not(path, forbidden):
    assert not [n for n, _, code in code_cells(path) if re.search(forbidden, code, re.MULTILINE)]


@chapters
def test_a_cell_that_shows_a_figure_describes_it(path):
    for line, options, code in code_cells(path):
        if "plt.show()" in code:
            figure = options.get("mystnb", {})
            assert figure.get("image", {}).get("alt"), line
            assert figure.get("figure", {}).get("caption"), line
            assert f"{{numref}}`{figure['figure']['name']}`" in path.read_text("utf-8"), line


@chapters
def test_every_exercise_has_one_solution(path):
    text = path.read_text("utf-8")
    exercises = labels("exercise", text)
    assert exercises
    assert re.findall(r"\{solution-start\} ([\w-]+)", text) == exercises
    assert labels("solution", text) == [f"{label}-solution" for label in exercises]


@chapters
def test_a_reader_commits_to_two_statements_at_least_with_labels_of_the_chapter(path):
    text = path.read_text("utf-8")
    statements = re.findall(r"(?m)^:::\{commit\} .*\n:label: ([\w-]+)$", text)
    assert len(statements) >= 2
    begin, end = text.index("## Commit before you read"), text.index("## Intuition")
    assert len(re.findall(r"\{commit\}", text[begin:end])) in (2, 3, 4)


@chapters
def test_every_section_of_the_pattern_is_there(path):
    headings = re.findall(r"(?m)^## (.+)$", prose(path))
    wanted = ["Commit before you read", "Exercises", "What we know now"]
    assert [h for h in headings if h in wanted] == wanted
    assert headings[1].startswith("Intuition")


@chapters
def test_the_words_that_hide_a_gap_are_not_used(path):
    words = "clearly|simply|obviously|trivially|note that|as we can see|it is easy to see"
    assert not re.findall(rf"(?i)\b({words})\b", prose(path))


@chapters
def test_every_source_that_is_cited_is_in_the_bibliography(path):
    entries = re.findall(r"@\w+\{(\w+),", (ROOT / "references.bib").read_text("utf-8"))
    cited = re.findall(r"\{cite:\w+\}`([\w, ]+)`", path.read_text("utf-8"))
    cited = {key.strip() for keys in cited for key in keys.split(",")}
    assert cited
    assert cited <= set(entries)


@chapters
def test_the_code_of_a_chapter_passes_the_linter(path):
    text = path.read_text("utf-8")
    lines = [""] * len(text.splitlines())
    for fence, _, code in code_cells(path):  # at the lines where they stand, to report them
        start, code = first_line(text, fence, code), code.splitlines()
        lines[start : start + len(code)] = code
    command = [sys.executable, "-m", "ruff", "check", "--stdin-filename", f"{path.stem}.py"]
    rules = ["--select", "E,F,W,B,UP,SIM,PT", "--ignore", "E302,E303,E305,E402,E741,W391"]
    result = subprocess.run(
        [*command, *rules, "-"], input="\n".join(lines), capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stdout
