"""Lets ``pytest --nbmake`` run the chapters from their MyST source.

nbmake itself collects ``.ipynb`` files only. Here MyST-NB's reader, the one of the build, turns a
chapter into a notebook, and nbmake's runner executes it. The outputs go into the cache of the
build, and a chapter whose outputs are there already, under the same code, package and versions, is
not run again.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from book.execution import cache_path, cached, first_line, prepare_environment
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbmake.nb_result import NotebookError, NotebookResult
from nbmake.nb_run import NotebookRun
from nbmake.pytest_items import NotebookFailedException, NotebookItem

prepare_environment()


def pytest_sessionstart(session):
    """Create the cache before workers do, since two at a time would get in each other's way."""
    if not hasattr(session.config, "workerinput"):
        get_cache(cache_path()).list_cache_records()


def pytest_collect_file(file_path, parent):
    """Collect the MyST notebooks among the Markdown files."""
    if not parent.config.option.nbmake or file_path.suffix != ".md" or "_build" in file_path.parts:
        return None
    if not is_myst_markdown_notebook(file_path.read_text("utf-8")):
        return None
    return Chapter.from_parent(parent, path=file_path)


class Chapter(pytest.File):
    """One MyST notebook."""

    def collect(self):
        """Yield the chapter as a single test: its cells depend on those before them."""
        yield ChapterItem.from_parent(self, filename=str(self.path))


class ChapterItem(NotebookItem):
    """The run of one chapter, which fails as its first failing cell does."""

    def runtest(self):
        """Run the chapter, unless the cache has it, and keep its outputs."""
        text = self.path.read_text("utf-8")
        notebook = read_myst_markdown_notebook(text, add_source_map=True, path=self.path)
        run = cached(notebook)
        if run and not _complaint(run):  # a build keeps what it warns of
            self.user_properties.append(("unchanged", self.path.name))
            return
        result = self._execute(notebook)
        error = result.error or _complaint(result.nb)
        if error:
            place = f"{self.path.relative_to(self.config.rootpath)}:{_line(text, notebook, error)}"
            error.summary = f"{place}: {_plain(error.summary)}"
            error.trace = f"{error.trace}\n\n{error.summary}\n"  # pytest cuts its own summary short
            raise NotebookFailedException(NotebookResult(result.nb, error))
        for cell in result.nb.cells:
            cell.metadata.pop("execution", None)  # times would change the key in the cache
        bundle = CacheBundleIn(result.nb, str(self.path))
        cache = get_cache(cache_path())
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)

    def _execute(self, notebook):
        option = self.config.option
        with TemporaryDirectory() as folder:  # a chapter may not rely on its folder
            path = Path(folder, self.path.stem).with_suffix(".ipynb")
            nbformat.write(notebook, path)
            return NotebookRun(
                path,
                option.nbmake_timeout,
                kernel=option.nbmake_kernel,
                find_import_errors=option.nbmake_find_import_errors,
            ).execute()


def pytest_terminal_summary(terminalreporter):
    """Say which chapters were not run again."""
    passed = terminalreporter.stats.get("passed", [])
    names = [
        value for report in passed for key, value in report.user_properties if key == "unchanged"
    ]
    if names:
        terminalreporter.write_line(
            f"unchanged since they passed, not run again (make clean forgets): {', '.join(names)}"
        )


def _complaint(notebook):
    """Report the first cell that shows an error or wrote to stderr: here a warning is an error."""
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                summary = text = f"{output.ename}: {output.evalue}"
            elif output.get("name") == "stderr":
                text = output.text
                summary = f"output on stderr: {text.strip().rpartition(chr(10))[2]}"
            else:
                continue
            return NotebookError(summary, f"{cell.source}\n\n{text}", index)
    return None


def _plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _line(text, notebook, error):
    """Find the line of the source file in which a cell failed."""
    fence = notebook.metadata.source_map[error.failing_cell_index]
    start = first_line(text, fence, notebook.cells[error.failing_cell_index].source)
    within = re.findall(r"Cell In\[\d+\], line (\d+)", _plain(error.trace))
    return start + (int(within[0]) if within else 1)
