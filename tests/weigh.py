"""Weigh the site against a default Jupyter Book of the same sources: ``make weigh``.

Both are sent compressed from this machine to a browser with an empty cache, over a slow line (1.6
Mbit/s, 150 ms) to a slow machine (a quarter of this one). Ends with 1 if a page of ours brings more
than a third of the default's bytes, or needs more than a third of its time to mathematics.

The default book would fetch MathJax from another host. Here the same files come from the same
server, which spares it a connection; whatever else it asks of other hosts fails and weighs nothing.
"""

import subprocess
import sys
from pathlib import Path

import yaml
from playwright.sync_api import sync_playwright
from serving import KILOBYTE, ROOT, SITE, Load, launch, load, pages, serve

FOLDER = ROOT / "_build" / "weigh"
MATHJAX = "sphinx-mathjax-offline==0.0.2"  # MathJax 3.2.2, as it is on the default's host
# parts of our extension without which the sources cannot be read
READERS = ["book.execution", "book.ledger", "book.commit"]
SHARE = 1 / 3
RUNS = 3  # other work on this machine only ever delays a page, so the fastest run tells most


def fetch_mathjax() -> Path:
    """Give the folder with the files of MathJax; download them the first time."""
    package = FOLDER / "mathjax"
    if not package.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--target", package, MATHJAX], check=True)
    return package / "sphinx-mathjax-offline" / "static"


def build_default() -> Path:
    """Build the book with nothing but Jupyter Book's defaults, from the cells' cached outputs."""
    ours = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    same = "title", "author", "only_build_toc_files", "exclude_patterns", "parse", "bibtex_bibfiles"
    config = {key: ours[key] for key in same}
    config["execute"] = {"execute_notebooks": "cache", "run_in_temp": True}
    config["sphinx"] = {
        "extra_extensions": ["sphinx_proof", "sphinx_exercise"],
        "local_extensions": {reader: str(ROOT / "_ext") for reader in READERS},
        "config": {
            "html_static_path": [str(fetch_mathjax())],
            "mathjax_path": "mathjax/tex-mml-chtml.js",
            "suppress_warnings": ["mystnb.unknown_mime_type"],  # the JSON form of a claim
        },
    }
    path = FOLDER / "config.yml"
    path.write_text(yaml.safe_dump(config), "utf-8")
    build = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT, "--quiet"]
    build += ["--config", path, "--path-output", FOLDER]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    return FOLDER / "_build" / "html"


def fastest(browser, address: str) -> Load:
    """Load a page several times, and keep the load whose mathematics, or else text, came first."""
    loads = [load(browser, address, slow=True) for _ in range(RUNS)]
    return min(loads, key=lambda page: (seconds(page) or 0, page.paint))


def measure(ours: Path, default: Path, names: list[str]) -> list[tuple[Load, Load]]:
    """Load each page of one site and then of the other, so that a busy machine delays both."""
    with (
        sync_playwright() as playwright,
        launch(playwright) as browser,
        serve(ours) as here,
        serve(default) as there,
    ):
        return [
            tuple(fastest(browser, f"{host}/{name}") for host in (here, there)) for name in names
        ]


def seconds(page: Load) -> float | None:
    """Say how long the mathematics of a page took; None if it has none."""
    if not page.formulas:
        return None
    return float("inf") if page.mathematics is None else page.mathematics / 1000


def say(value: float | None, form: str) -> str:
    """Write a number of the table."""
    if value is None:
        return "n/a"
    return "never" if value == float("inf") else f"{value:{form}}"


def row(name: str, ours: Load, default: Load) -> str:
    """Compare one page in a row of the table."""

    def pair(value, form):
        return [say(value(page), form) for page in (ours, default)]

    cells = [
        name,
        *pair(lambda page: page.total / KILOBYTE, ".0f"),
        say(ours.total / default.total, ".2f"),
        *pair(lambda page: len(page.transfers), "d"),
        *pair(seconds, ".1f"),
        say(wait(ours, default), ".2f"),
        *pair(lambda page: page.paint / 1000, ".1f"),
        *pair(lambda page: page.shift, ".3f"),
    ]
    return f"| {' | '.join(cells)} |"


def wait(ours: Load, default: Load) -> float | None:
    """Give our share of the default's time to mathematics, None if a page has none or never had."""
    if not (ours.formulas and default.formulas) or default.mathematics is None:
        return None
    return seconds(ours) / seconds(default)


def is_light(ours: Load, default: Load) -> bool:
    """Tell whether a page of ours stays within its share of the default's bytes and time."""
    if ours.formulas and ours.mathematics is None:
        return False
    return ours.total <= SHARE * default.total and (wait(ours, default) or 0) <= SHARE


HEAD = """
| page | kB | default | ratio | requests | default | mathematics, s | default | ratio \
| first paint, s | default | CLS | default |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""
FOOT = """
Line of 1.6 Mbit/s and 150 ms, a quarter of this machine's speed, nothing cached; bytes compressed,
the fastest of three runs.
The default's MathJax came from the same server as the page, not from another host, and what it asks
of other hosts counts as nothing: both are in its favour."""


def main() -> int:
    """Print the table, and tell whether every page is light."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    default = build_default()
    names = [name for name in pages(SITE) if name in pages(default) and name != "index.html"]
    loads = dict(zip(names, measure(SITE, default, names), strict=True))
    print(HEAD)
    for name, both in loads.items():
        print(row(name, *both))
    print(FOOT)
    heavy = [name for name, both in loads.items() if not is_light(*both)]
    print(f"\nmore than a third: {', '.join(heavy) or 'none'}")
    return int(bool(heavy))


if __name__ == "__main__":
    sys.exit(main())
