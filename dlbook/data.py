"""Data that ship with the installed libraries; nothing is downloaded."""

import ast
import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Digits(NamedTuple):
    """Handwritten digits: images ``(n, 1, 8, 8)`` in [0, 1], float32; labels ``(n,)``, 0 to 9."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor


def digits() -> Digits:
    """Give the digits of scikit-learn in one fixed split: 1,347 to train on and 450 to test.

    The classes have the same proportions in both. The data are the test half of Alpaydin and
    Kaynak's (1998) optical recognition set, doi:10.24432/C50P49; a writer may be in both parts.
    """
    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    labels = torch.tensor(labels)
    train, test = train_test_split(
        torch.arange(len(labels)), test_size=0.25, stratify=labels, random_state=0
    )
    return Digits(images[train], labels[train], images[test], labels[test])


class Paragraph(NamedTuple):
    """One paragraph of English: the module whose documentation it stands in, and its text."""

    module: str
    text: str


def prose(*libraries: str) -> list[Paragraph]:
    """Read the paragraphs of plain English in the docstrings of installed libraries.

    A paragraph is kept when it is not indented, has at least 80 characters, starts with a capital,
    ends with a full stop and holds nothing but ASCII letters, spaces and ``, ; : . ' ( ) -``.
    Paragraphs come in the order of modules and lines; one that the library repeats comes again.
    The source is read, not imported; tests are left out. Other versions have other texts.

    Raises:
        ValueError: A library is not installed, or it has no such paragraph.
    """
    return [paragraph for library in libraries for paragraph in _paragraphs(library)]


_PLAIN = re.compile(r"[A-Z][A-Za-z ,;:.'()-]{78,}\.")
_UNDERLINED = re.compile(r"^.*\n([-=~])\1{2,}\n", re.MULTILINE)


def _paragraphs(library):
    spec = importlib.util.find_spec(library)
    if spec is None or spec.origin is None:
        raise ValueError(f"{library} is not installed here; pass the name of a package that is.")
    root = Path(spec.origin).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        place = path.relative_to(root.parent).with_suffix("").parts
        if "tests" in place:
            continue
        for docstring in _docstrings(path):
            for block in re.split(r"\n\s*\n", _UNDERLINED.sub("", docstring)):
                text = " ".join(block.split())
                if not re.search(r"^\s", block, re.MULTILINE) and _PLAIN.fullmatch(text):
                    found.append(Paragraph(".".join(place), text))
    if not found:
        raise ValueError(f"{library} has no paragraph of plain English in its sources at {root}.")
    return found


def _docstrings(path):
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    nodes = [n for n in ast.walk(ast.parse(path.read_bytes())) if isinstance(n, documented)]
    nodes.sort(key=lambda node: getattr(node, "lineno", 0))
    return filter(None, map(ast.get_docstring, nodes))
