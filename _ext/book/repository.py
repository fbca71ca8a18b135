"""Finds the GitHub repository that the book is built from, so that no address stands in a file.

A fork that builds the book gets its own links. Google Colab opens files of GitHub only, so a book
that is kept elsewhere counts as one without a repository.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

# https with or without credentials, ssh, and the short form of ssh
ADDRESS = r"(?:\w+://)?(?:[^@/]*@)?(?:www\.)?github\.com(?::\d+)?[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"


class Repository(NamedTuple):
    """A repository on GitHub, ``owner/name``, and the commit, or branch, that is built."""

    slug: str
    commit: str

    @property
    def site(self) -> str:
        """The address of the book on GitHub Pages."""
        owner, name = self.slug.lower().split("/")
        root = f"https://{owner}.github.io/"
        return root if name == f"{owner}.github.io" else f"{root}{self.slug.split('/')[1]}/"

    @property
    def archive(self) -> str:
        """The address from which pip installs the commit's package."""
        return f"https://github.com/{self.slug}/archive/{self.commit}.zip"

    def colab(self, docname: str) -> str:
        """Give the address that opens a page's notebook, as published with the site, in Colab."""
        path = f"{self.slug}/blob/gh-pages/_sources/{docname}.ipynb"
        return f"https://colab.research.google.com/github/{path}"


def find_repository(folder: Path, environ: Mapping[str, str] = os.environ) -> Repository | None:
    """Ask the environment of a GitHub workflow, or else git in ``folder``, for its repository."""
    slug = environ.get("GITHUB_REPOSITORY")
    if not slug:
        match = re.fullmatch(ADDRESS, _git(folder, "remote", "get-url", "origin"), re.IGNORECASE)
        slug = match and match[1]
    elif environ.get("GITHUB_SERVER_URL", "https://github.com") != "https://github.com":
        slug = None
    commit = environ.get("GITHUB_SHA") or _git(folder, "rev-parse", "HEAD") or "main"
    return Repository(slug, commit) if slug else None


def _git(folder, *command):
    """Give what git answers in ``folder``, or "" where that is not itself the top of a work tree.

    A source tree unpacked inside another repository must not pass for that one.
    """
    if not (folder / ".git").exists():
        return ""
    try:
        run = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def setup(app):
    """Find the repository once; a change of it writes every page again."""
    app.add_config_value("book_repository", None, "html")

    def find(app, config):
        config.book_repository = find_repository(Path(app.srcdir))

    app.connect("config-inited", find)
