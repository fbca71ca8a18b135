"""Exports each chapter as a clean notebook: for the download button, and for Google Colab.

The theme's own export would have raw MyST in it, which neither Jupyter nor Colab can show. The
notebook has every cell, and no outputs: whoever runs it sees that the claims hold.
"""

from pathlib import Path

import nbformat
from docutils import nodes
from myst_nb.core.read import create_nb_reader, is_myst_markdown_notebook
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from book.markdown import INVISIBLE, Markdown
from book.outputs import warn

# What dlbook needs and Colab lacks. The rest stays as it is there: replacing torch or numpy would
# take minutes and a restart, so nothing else is installed, not even for the sake of dlbook.
MISSING = "latex2mathml"

INSTALL = """\
# In Google Colab this fetches the book's own package and what else is missing there. Anywhere else
# run the last line by itself, once.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet --no-deps {archive} {missing}"""

# without an address to install from
EXPLAIN = """\
# This copy of the book does not know where its source is published, so it cannot fetch the package.
import importlib.util
import sys

missing = [name for name in ("dlbook", "{missing}") if importlib.util.find_spec(name) is None]
if "google.colab" in sys.modules and missing:
    raise ImportError(
        f"Missing: {{missing}}. Upload the book's source as a zip file (panel Files, at the left), "
        "run %pip install --no-deps FILE.zip {missing} in a new cell, then this cell again."
    )"""

EXERCISES = {"exercise_node", "exercise_enumerable_node"}
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell", "remove_input", "remove_cell"}


class Export:
    """One chapter on its way from the tree of its page to the cells of a notebook."""

    def __init__(self, builder, docname, doctree, sources):
        self.builder = builder
        self.markdown = Markdown(builder, docname)
        self.sources = sources  # the chapter's cells as written, of which the tree lacks some
        self.cells, self.blocks, self.folded = [], [], []
        self._flow(doctree.children, 0)
        self._code(float("inf"))
        self._end_cell()

    def notebook(self) -> nbformat.NotebookNode:
        """Give the notebook, with what Colab wants to know of it."""
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        metadata = {
            "colab": {"collapsed_sections": self.folded, "toc_visible": True},
            "kernelspec": kernel,
            "language_info": {"name": "python"},
        }
        return new_notebook(cells=self.cells, metadata=metadata)

    def _flow(self, children, level):
        """Add what stands in a section of a level, from 1 for the page's."""
        for node in children:
            kind = type(node).__name__
            if kind == "section":
                self._flow(node.children, level + 1)
            elif kind == "title":
                self._heading(level, self._number(node.parent) + self.markdown.text(node.children))
            elif kind in EXERCISES:
                title = self.markdown.label(node) + self.markdown.text(node[0].children)
                self._heading(level + 1, title)
                self._flow(node.children[1:], level + 1)
            elif kind == "solution_node":
                self._solution(node, level + 2)
            elif node.get("nb_element") == "cell_code":
                self._code(node["cell_index"])
                # the figure itself is made by whoever runs the cell
                self.blocks += self.markdown.blocks(node.findall(nodes.caption))
            else:
                self.blocks += self.markdown.blocks([node])

    def _number(self, section):
        numbers = self.builder.secnumbers
        number = numbers.get(f"#{section['ids'][0]}") or numbers.get("") or ()
        return ".".join(map(str, number)) + self.builder.config.html_secnumber_suffix * bool(number)

    def _heading(self, level, text):
        self._end_cell()
        self.blocks.append(f"{'#' * level} {text}")

    def _solution(self, node, level):
        """Add a solution under a heading of its own, folded."""
        env, label = self.builder.env, node["target_label"]
        page = env.sphinx_exercise_registry[label]["docname"]
        numbers = env.toc_fignumbers.get(page, {}).get("exercise", {}).get(label)
        name = f"Exercise {'.'.join(map(str, numbers))}" if numbers else "the exercise"
        self._heading(level, f"Solution to {name}")
        self._end_cell({"jp-MarkdownHeadingCollapsed": True})
        self.folded.append(self.cells[-1].id)
        self._flow(node.children[1:], level)
        _check_what_follows(node)

    def _code(self, index):
        """Add the cells up to one, those before it too that the page does not show."""
        for cell in [cell for i, cell in self.sources if i <= index]:
            self._end_cell()
            if not any(cell.cell_type == "code" for cell in self.cells):
                self._add(new_code_cell(_setup(self.builder.config.book_repository)))
            self._add(new_code_cell(cell.source, metadata=_metadata(cell)))
        self.sources = [(i, cell) for i, cell in self.sources if i > index]

    def _end_cell(self, metadata=None):
        """Make a cell of the text since the last one."""
        if self.blocks:
            self._add(new_markdown_cell("\n\n".join(self.blocks), metadata=metadata or {}))
        self.blocks = []

    def _add(self, cell):
        cell.id = cell.metadata["id"] = f"cell-{len(self.cells)}"  # two builds, the same bytes
        self.cells.append(cell)


def _setup(repository):
    if repository is None:
        return EXPLAIN.format(missing=MISSING)
    return INSTALL.format(archive=repository.archive, missing=MISSING)


def _metadata(cell):
    """Give what a cell's tags mean outside of the book: it may be folded, or expect an error."""
    tags = set(cell.metadata.get("tags", []))
    metadata = {"cellView": "form", "jupyter": {"source_hidden": True}} if tags & HIDDEN else {}
    return {**metadata, "tags": ["raises-exception"]} if "raises-exception" in tags else metadata


def _check_what_follows(solution):
    """Warn of anything but a heading after a solution, since it would be folded away with it."""
    siblings = solution.parent.children[solution.parent.index(solution) + 1 :]
    visible = (node for node in siblings if type(node).__name__ not in INVISIBLE)
    follower = next(visible, solution)
    if type(follower).__name__ not in EXERCISES | {"section", "solution_node"}:
        warn(follower, "a notebook would fold this away with the solution above: no heading begins")


def _is_chapter(app, docname):
    path = Path(app.env.doc2path(docname))
    return path.suffix == ".md" and is_myst_markdown_notebook(path.read_text("utf-8"))


def _sources(env, docname):
    """Read the code cells of a chapter, numbered as in its tree."""
    path = Path(env.doc2path(docname))
    text = path.read_text("utf-8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, text)
    return [(i, c) for i, c in enumerate(reader.read(text).cells) if c.cell_type == "code"]


def announce(app, pagename, templatename, context, doctree):
    """Tell the theme that a chapter has a notebook, for its menu of downloads."""
    if doctree is not None and _is_chapter(app, pagename):
        context["ipynb_source"] = f"{pagename}.ipynb"


def export(app, pagename, templatename, context, doctree):
    """Write the notebook of a chapter to where the theme links, and the button of Colab."""
    if doctree is None or not _is_chapter(app, pagename):
        return
    chapter = Export(app.builder, pagename, doctree, _sources(app.env, pagename))
    notebook = chapter.notebook()
    nbformat.validate(notebook)
    path = Path(app.outdir, "_sources", f"{pagename}.ipynb")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")
    if app.config.book_repository:
        button = {
            "type": "link",
            "url": app.config.book_repository.colab(pagename),
            "text": "Open in Colab",
            "tooltip": "Run this chapter in Google Colab",
            "label": "colab-button",
        }
        context.setdefault("header_buttons", []).insert(0, button)


def setup(app):
    """Write with the pages: what the builder knows of a page's numbers, it knows only then."""

    def connect(app):
        if app.builder.name == "html":
            app.connect("html-page-context", announce)
            app.connect("html-page-context", export, priority=502)  # after the theme's 501

    app.connect("builder-inited", connect)
