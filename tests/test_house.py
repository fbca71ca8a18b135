"""What holds for the repository as a whole."""

import ast
import doctest
import importlib
import re
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MODULES = sorted(ROOT.glob("dlbook/*.py"))
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"(?m)^([\w.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text()
    )
}


def needs(name):
    """The names of the packages that an installed one brings along, here and without extras."""
    for text in distribution(name).requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def test_requirements_are_exact_versions_and_nothing_else():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    assert lines[0] == "-e ."
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines[1:])  # no local suffix


def test_requirements_are_complete():
    # a GPU build of torch pins what it brings along by itself
    wanted = {need for name in PINS if name != "torch" for need in needs(name)}
    wanted |= {need for need in needs("torch") if not re.match("nvidia|cuda|triton", need)}
    assert wanted - set(PINS) == set()


def test_what_runs_here_is_what_is_pinned():
    here = {name: distribution(name).version.partition("+")[0] for name in PINS}
    assert here == PINS


def test_the_package_states_lower_bounds_only():
    bounds = [
        specifier for text in PROJECT["dependencies"] for specifier in Requirement(text).specifier
    ]
    assert len(bounds) == len(PROJECT["dependencies"])
    assert {bound.operator for bound in bounds} == {">="}


def test_the_package_states_what_it_imports():
    modules = set()
    for node in (n for path in MODULES for n in ast.walk(ast.parse(path.read_text("utf-8")))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
    imported = {module.split(".")[0] for module in modules}
    providers = packages_distributions()
    found = {canonicalize_name(p) for name in imported for p in providers.get(name, [])}
    stated = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert found - {"dlbook"} == stated


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_examples_in_docstrings_are_right(path):
    name = "dlbook" if path.stem == "__init__" else f"dlbook.{path.stem}"
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_readme_fits_one_screen():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 50
