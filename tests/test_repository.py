import subprocess

import pytest
from book.repository import Repository, find_repository


@pytest.fixture
def tree(tmp_path):
    """A git work tree with one commit."""
    git(tmp_path, "init", "--quiet")
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    git(tmp_path, *who, "commit", "--quiet", "--allow-empty", "--message=first")
    return tmp_path


def git(folder, *command):
    run = subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout.strip()


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/Ada/their-book",
        "https://github.com/Ada/their-book.git",
        "https://ada:secret@github.com/Ada/their-book.git",
        "https://x-access-token:ghs_1@github.com/Ada/their-book/",
        "git@github.com:Ada/their-book.git",
        "ssh://git@github.com/Ada/their-book.git",
        "ssh://git@github.com:22/Ada/their-book",
    ],
)
def test_the_repository_is_the_remote_called_origin_and_its_commit(tree, address):
    git(tree, "remote", "add", "origin", address)
    assert find_repository(tree, {}) == ("Ada/their-book", git(tree, "rev-parse", "HEAD"))


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.com/Ada/their-book.git",
        "https://github.com.example.org/Ada/their-book.git",
        "https://example.org/github.com/Ada/their-book.git",
        "../their-book",
    ],
)
def test_colab_opens_github_only_so_other_hosts_do_not_count(tree, address):
    git(tree, "remote", "add", "origin", address)
    assert find_repository(tree, {}) is None


def test_a_workflow_of_github_tells_which_fork_and_commit_it_builds(tree):
    git(tree, "remote", "add", "origin", "https://github.com/Ada/their-book")
    environ = {"GITHUB_REPOSITORY": "Bob/fork", "GITHUB_SHA": "0123abcd"}
    assert find_repository(tree, environ) == ("Bob/fork", "0123abcd")


def test_a_workflow_elsewhere_than_on_github_does_not_count(tree):
    environ = {"GITHUB_REPOSITORY": "Bob/fork", "GITHUB_SERVER_URL": "https://git.example.org"}
    assert find_repository(tree, environ) is None
    environ["GITHUB_SERVER_URL"] = "https://github.com"
    assert find_repository(tree, environ).slug == "Bob/fork"


def test_without_a_commit_the_branch_is_named(tmp_path):
    assert find_repository(tmp_path, {"GITHUB_REPOSITORY": "Bob/fork"}).commit == "main"


def test_a_tree_without_a_remote_has_no_repository(tree):
    assert find_repository(tree, {}) is None


def test_a_tree_unpacked_inside_another_repository_is_not_part_of_it(tree):
    git(tree, "remote", "add", "origin", "https://github.com/Ada/their-book")
    (tree / "unpacked").mkdir()
    assert find_repository(tree / "unpacked", {}) is None


def test_a_work_tree_of_its_own_counts_as_a_top(tree, tmp_path_factory):
    git(tree, "remote", "add", "origin", "https://github.com/Ada/their-book")
    other = tmp_path_factory.mktemp("trees") / "other"
    git(tree, "worktree", "add", "--quiet", str(other))
    assert find_repository(other, {}).slug == "Ada/their-book"


def test_without_git_there_is_no_repository(tree, monkeypatch):
    git(tree, "remote", "add", "origin", "https://github.com/Ada/their-book")
    monkeypatch.setenv("PATH", str(tree))
    assert find_repository(tree, {}) is None


def test_addresses_are_those_of_github_and_colab():
    repository = Repository("Ada/their-book", "0123abcd")
    assert repository.site == "https://ada.github.io/their-book/"
    assert repository.archive == "https://github.com/Ada/their-book/archive/0123abcd.zip"
    assert repository.colab("chapters/cnns") == (
        "https://colab.research.google.com/github/Ada/their-book"
        "/blob/gh-pages/_sources/chapters/cnns.ipynb"
    )


def test_the_repository_named_after_its_owners_site_is_its_root():
    assert Repository("Ada/Ada.github.io", "main").site == "https://ada.github.io/"
