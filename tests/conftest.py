import pytest
import sites
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """An IPython shell, as a kernel has one, that keeps nothing in the home directory."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    yield InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    InteractiveShell.clear_instance()


@pytest.fixture(scope="session")
def sites_built(tmp_path_factory):
    """The folder of both small sites, with the pages of every time that one was built."""
    return sites.run(tmp_path_factory.mktemp("sites"))


@pytest.fixture(scope="session")
def good(sites_built):
    """The pages of the good site."""
    return sites_built / "first"


@pytest.fixture(scope="session")
def bad(sites_built):
    """What Sphinx complains of in the bad site."""
    return (sites_built.parent / "bad.log").read_text("utf-8").splitlines()
