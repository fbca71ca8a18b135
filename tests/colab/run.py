"""Runs exported notebooks as Google Colab would: python tests/colab/run.py FOLDER.

The Python that runs this has Colab's packages, see requirements.txt, and neither dlbook nor what
Colab lacks. Each notebook has to install these itself, without touching what is there. Only the
address that it installs from is changed, from GitHub to this repository.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

ROOT = Path(__file__).resolve().parents[2]
BROUGHT = ["dlbook", "latex2mathml"]  # what notebooks have to bring
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT / "tests" / "colab" / "runtime"),
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "OMP_NUM_THREADS": "1",  # more of them get in each other's way on a busy machine
    "TQDM_DISABLE": "1",  # bars are no warnings, although they go to stderr
}


def run(notebook: Path) -> None:
    """Run a notebook to its end in an empty folder.

    Raises:
        SystemExit: a cell failed or wrote to stderr, or the packages are not as they should be.
    """
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "uninstall", "--yes", *BROUGHT], check=True, stderr=subprocess.DEVNULL)
    before = installed()
    with TemporaryDirectory() as folder:
        copy = Path(folder, notebook.name)
        copy.write_text(with_local_package(notebook), "utf-8")
        Path(folder, "pytest.ini").write_text("[pytest]\n")  # or pytest would look further up
        command = [sys.executable, "-m", "pytest", "--quiet", "--nbmake", "--nbmake-timeout=600"]
        command += ["-p", "no:cacheprovider", "--overwrite", copy.name]
        if subprocess.run(command, cwd=folder, env=ENVIRONMENT).returncode:
            sys.exit(f"{notebook} does not run in Colab")
        for cell in nbformat.read(copy, as_version=4).cells:
            for output in cell.get("outputs", []):
                if output.get("name") == "stderr":
                    sys.exit(f"{notebook}: output on stderr:\n{output.text}\nof\n{cell.source}")
    after = installed()
    changed = {name for name, _ in before.items() ^ after.items()}
    if changed != set(BROUGHT):
        Path(sys.prefix, "ready").unlink(missing_ok=True)  # make then creates it anew
        sys.exit(f"{notebook} should install {BROUGHT} and change nothing else, but: {changed}")


def with_local_package(notebook: Path) -> str:
    """Give the notebook's text, with this repository for the address that it installs from."""
    text, places = re.subn(
        r"https://github\.com/\S+\.zip", ROOT.as_uri(), notebook.read_text("utf-8")
    )
    if places != 1:
        sys.exit(f"{notebook} has {places} addresses to install from, not 1")
    return text


def installed() -> dict[str, str]:
    """Give the version of every package there is now."""
    return {found.name.lower(): found.version for found in distributions()}


if __name__ == "__main__":
    notebooks = sorted(Path(sys.argv[1]).rglob("*.ipynb"))
    for path in notebooks:
        run(path)
    if not notebooks:
        sys.exit(f"there is no notebook in {sys.argv[1]}")
